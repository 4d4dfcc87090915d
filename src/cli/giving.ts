import type { Command } from 'commander';
import { CodedError } from '../primitives/errors.ts';
import { parseRecordId, type RecordId } from '../primitives/ids.ts';
import {
  type GrantRequest,
  ordinaryClasses,
  type RecordClass,
  type WalletAccount,
} from '../sdk/index.ts';
import { type Acting, actingAccount, caughtUp, openActing, work } from './acting.ts';
import type { CommandContext } from './commands/command.ts';
import { gather } from './commands/options.ts';
import { pickId } from './finding.ts';
import { when } from './format.ts';
import { mayText } from './grant-text.ts';
import { named } from './harmless.ts';
import { deviceClock, ledgerClock } from './ledger-clock.ts';
import { during } from './output.ts';
import { type Clock, isRelative, parseMoment } from './time-flags.ts';

/** The flags by which a grant is said, given or changed. */
export interface GrantFlags {
  readonly class?: readonly string[];
  readonly record?: readonly string[];
  readonly writeClass?: readonly string[];
  readonly purpose?: readonly string[];
  readonly until?: string;
  readonly from?: string;
  readonly history?: string;
  readonly restricted?: boolean;
}

export const timeHelp = `
Times: +30min, +12h, +7d, +2w, +3mo, +1y, or a date or time of the calendar here. What is counted in days and
more ends on a whole hour.`;

/** The flags by which a grant is said. */
export function withTerms(command: Command): Command {
  return command
    .option(
      '--class <class>',
      `may read; several, or with commas: ${ordinaryClasses.join(', ')}, or "all"`,
      gather,
    )
    .option('--restricted', 'may also read all that is marked as restricted (class private)')
    .option('--record <id>', 'only these records of the classes; several times', gather)
    .option('--write-class <class>', 'may write; several, or with commas', gather)
    .option('--purpose <purpose>', 'what for (default: TREAT, treatment); several', gather)
    .option('--until <time>', '+7d, +3mo, 2026-12-24, ... (default: a week)')
    .option('--history <how far>', '"all" (default), "none", or from a time on');
}

/** Who gives or changes a grant, with the copy fetched, and from when relative times count. */
export interface Granting {
  readonly acting: Acting;
  readonly account: WalletAccount;
  readonly clock: Clock;
}

/** What is no time at all is said before anything is opened. Throws as `openActing`, `checkTimes` and `actingAccount`. */
export async function openGranting(context: CommandContext, flags: GrantFlags): Promise<Granting> {
  checkTimes(flags, deviceClock(context));
  const acting = await openActing(context);
  const account = actingAccount(acting);
  await caughtUp(context, acting);
  return { acting, account, clock: await ledgerClock(context, acting, account) };
}

/** Gives it; what a command prints about it. */
export async function granted(
  context: CommandContext,
  { acting, account }: Granting,
  request: GrantRequest,
) {
  const given = await during(context.output, 'Granting', (progress) =>
    acting.person.grant(request, work(context, account, progress)),
  );
  const { consent, confirmed, grant } = given;
  return {
    consent,
    grantee: grant.grantee,
    granteeName: grant.granteeName,
    readClasses: request.readClasses,
    writeClasses: request.writeClasses ?? [],
    records: request.recordIds ?? [],
    purposes: request.purposes,
    fromMs: request.fromMs ?? 0,
    notBeforeMs: grant.notBeforeMs,
    notAfterMs: grant.notAfterMs,
    txId: confirmed.txId,
    height: confirmed.height,
  };
}

type GrantedFacts = Awaited<ReturnType<typeof granted>>;

export function grantLines(facts: GrantedFacts): string[] {
  const { consent, granteeName, notAfterMs, purposes, height, readClasses } = facts;
  return [
    `${named(granteeName)} may now ${mayText({ ...facts, recordIds: facts.records })}`,
    `until ${when(notAfterMs)}, for ${purposes.join(', ')}.`,
    ...(readClasses.includes('genetic')
      ? ['Genetic data never changes, and tells of relatives too.']
      : []),
    ...(readClasses.includes('private') && facts.records.length === 0
      ? ['That includes everything that is marked as restricted, now and later.']
      : []),
    `Grant ${consent}, height ${height}. To take it back: salus revoke ${consent}`,
  ];
}

/** What somebody was granted before and still holds, or will. */
export async function liveGrantsOf(
  context: CommandContext,
  { acting, account }: Granting,
  grantee: string,
) {
  const all = await acting.person.grants(work(context, account));
  return all.filter(
    (it) => it.terms.grantee === grantee && (it.state === 'live' || it.state === 'not yet'),
  );
}

const dayMs = 86_400_000;

/** This device's clock may be wrong: of ends, those that passed days ago. Throws NOT_AFTER_PASSED, USAGE. */
function checkTimes(flags: GrantFlags, clock: Clock): void {
  const { until, from, history = 'all' } = flags;
  if (from !== undefined) parseMoment('--from', from, clock);
  historyFrom(history, clock);
  if (until === undefined) return;
  const notAfterMs = parseMoment('--until', until, clock);
  const hasPassed = !isRelative(until) && notAfterMs <= clock.nowMs - 2 * dayMs;
  if (hasPassed) throw new CodedError('NOT_AFTER_PASSED', { notAfterMs });
}

/** 0: all of it. */
export function historyFrom(history: string, clock: Clock): number {
  if (history === 'all') return 0;
  return history === 'none' ? clock.nowMs : parseMoment('--history', history, clock);
}

/** Named records bring their classes with them where none is said. */
export async function recordsOf(
  context: CommandContext,
  { acting, account }: Granting,
  texts: readonly string[],
): Promise<{ readonly recordIds: readonly RecordId[]; readonly classes: readonly RecordClass[] }> {
  if (texts.length === 0) return { recordIds: [], classes: [] };
  const listed = await acting.person.listRecords(work(context, account));
  const recordIds = texts.map((text) => {
    const known = pickId(
      listed.map((it) => it.recordId),
      text,
    );
    return known ?? parseRecordId(text);
  });
  const classes = new Set<RecordClass>();
  for (const recordId of recordIds) {
    const row = listed.find((it) => it.recordId === recordId);
    if (row === undefined) throw new CodedError('RECORD_UNKNOWN', { recordId });
    if (row.recordClass !== undefined) classes.add(row.recordClass);
  }
  return { recordIds, classes: [...classes] };
}
