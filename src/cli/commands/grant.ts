import { CodedError } from '../../primitives/errors.ts';
import { parseRecordId, type RecordId } from '../../primitives/ids.ts';
import {
  parsePurpose,
  parseRecordClass,
  type RecordClass,
  recordClasses,
  type WalletAccount,
} from '../../sdk/index.ts';
import { type Acting, actingAccount, findPerson, openActing, pickId, work } from '../acting.ts';
import { when } from '../format.ts';
import { mayText } from '../grant-text.ts';
import { named } from '../harmless.ts';
import { during } from '../output.ts';
import { parseMoment, proposedEndMs } from '../time-flags.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { gather } from './options.ts';

interface GrantFlags {
  readonly class?: readonly string[];
  readonly record?: readonly string[];
  readonly writeClass?: readonly string[];
  readonly purpose?: readonly string[];
  readonly until?: string;
  readonly from?: string;
  readonly history: string;
}

/** What a patient lets others do: given, listed, taken back. */
export const addGrant: AddCommand = (program, context) => {
  program
    .command('grant <who>')
    .description('let somebody read, or write, until a time')
    .option(
      '--class <class>',
      `may read; several times: ${recordClasses.join(', ')}, or "all"`,
      gather,
    )
    .option('--record <id>', 'only these records of the classes; several times', gather)
    .option('--write-class <class>', 'may write; several times', gather)
    .option('--purpose <purpose>', 'TREAT (default), FAMRQT, HRESCH, ...; several times', gather)
    .option('--until <time>', '+7d, 2026-12-24 or an ISO 8601 time (default: a week)')
    .option('--from <time>', 'not before this time (default: now)')
    .option('--history <how far>', '"all", "none", or from a time on', 'all')
    .action((who: string, flags: GrantFlags) => grant(context, who, flags));
};

function classesOf(texts: readonly string[] | undefined): readonly RecordClass[] {
  if (texts?.includes('all') === true) return recordClasses;
  return (texts ?? []).map(parseRecordClass);
}

async function grant(context: CommandContext, who: string, flags: GrantFlags): Promise<void> {
  const nowMs = Date.now();
  const readClasses = classesOf(flags.class);
  const writeClasses = classesOf(flags.writeClass);
  if (readClasses.length === 0 && writeClasses.length === 0 && flags.record === undefined) {
    throw new CodedError('USAGE', { problem: 'say what: --class, --record or --write-class' });
  }
  const purposes = (flags.purpose ?? ['TREAT']).map(parsePurpose);
  const { notBeforeMs, notAfterMs } = spanOf(flags, nowMs);
  const acting = await openActing(context);
  const account = actingAccount(acting);
  const fromMs = historyFrom(flags.history, nowMs);
  const grantee = await findPerson(context, acting, who);
  const records = await recordsOf(context, acting, account, flags.record ?? []);
  const given = await during(context.output, 'Granting', (progress) =>
    acting.person.grant(
      {
        grantee: calledHere(acting, grantee, who),
        readClasses: readClasses.length === 0 ? records.classes : readClasses,
        recordIds: records.recordIds,
        writeClasses,
        purposes,
        fromMs,
        notBeforeMs,
        notAfterMs,
      },
      work(context, account, progress),
    ),
  );
  const { consent, confirmed } = given;
  const facts = {
    consent,
    grantee,
    granteeName: given.grant.granteeName,
    readClasses: readClasses.length === 0 ? records.classes : readClasses,
    writeClasses,
    records: records.recordIds,
    purposes,
    fromMs,
    notBeforeMs: given.grant.notBeforeMs,
    notAfterMs,
    txId: confirmed.txId,
    height: confirmed.height,
  };
  context.output.result(facts, () =>
    [
      `${named(given.grant.granteeName)} may now ${mayText(facts)}`,
      `until ${when(notAfterMs)}, for ${purposes.join(', ')}.`,
      `Grant ${consent}, height ${confirmed.height}. To take it back: salus revoke ${consent}`,
    ].join('\n'),
  );
}

/** From when until when the grant holds. Throws NOT_AFTER_PASSED, USAGE. */
function spanOf({ from, until }: GrantFlags, nowMs: number) {
  const notAfterMs =
    until === undefined ? proposedEndMs(nowMs) : parseMoment('--until', until, nowMs);
  const notBeforeMs = from === undefined ? undefined : parseMoment('--from', from, nowMs);
  if (notAfterMs <= nowMs) throw new CodedError('NOT_AFTER_PASSED', { notAfterMs });
  return { notBeforeMs, notAfterMs };
}

/** 0: all of it. */
function historyFrom(history: string, nowMs: number): number {
  if (history === 'all') return 0;
  return history === 'none' ? nowMs : parseMoment('--history', history, nowMs);
}

/** The nickname where the wallet has one: that is what its list of grants shows later. */
function calledHere(acting: Acting, account: string, who: string): string {
  const card = acting.person.cards.find((it) => it.card.account === account);
  return card?.nickname ?? (who === account ? who : account);
}

/** Named records bring their classes with them where none is said. */
async function recordsOf(
  context: CommandContext,
  acting: Acting,
  account: WalletAccount,
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
