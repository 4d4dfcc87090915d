import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type ConsentId, parseRecordId, type RecordId } from '../../primitives/ids.ts';
import {
  type GivenBefore,
  type ListedGrant,
  ordinaryClasses,
  parsePurpose,
  parseRecordClass,
  type RecordClass,
  type WalletAccount,
} from '../../sdk/index.ts';
import { type Acting, actingAccount, findPerson, openActing, pickId, work } from '../acting.ts';
import { table, when } from '../format.ts';
import { named } from '../harmless.ts';
import { during } from '../output.ts';
import { parseMoment, proposedEndMs } from '../time-flags.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { gather } from './options.ts';

interface GrantFlags {
  readonly class?: readonly string[];
  readonly record?: readonly string[];
  readonly writeClass?: readonly string[];
  readonly restricted?: boolean;
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
      `may read; several times: ${ordinaryClasses.join(', ')}, or "all"`,
      gather,
    )
    .option('--restricted', 'may read everything marked restricted too, whatever its class')
    .option('--record <id>', 'only these records of the classes; several times', gather)
    .option('--write-class <class>', 'may write; several times', gather)
    .option('--purpose <purpose>', 'TREAT (default), FAMRQT, HRESCH, ...; several times', gather)
    .option('--until <time>', '+7d, 2026-12-24 or an ISO 8601 time (default: a week)')
    .option('--from <time>', 'not before this time (default: now)')
    .option('--history <how far>', '"all", "none", or from a time on', 'all')
    .action((who: string, flags: GrantFlags) => grant(context, who, flags));
  program
    .command('grants')
    .description('what this person granted, and what the ledger says about it')
    .option('--live', 'only those that live now')
    .action((flags: { live?: boolean }) => list(context, flags.live === true));
  program
    .command('revoke <who>')
    .description('take a grant back: by its id, or all of somebody by name')
    .action((who: string) => revoke(context, who));
};

/** What is private is granted by its own word. */
function readClassesOf(flags: GrantFlags): readonly RecordClass[] {
  const classes = classesOf(flags.class);
  return flags.restricted === true ? [...new Set<RecordClass>([...classes, 'private'])] : classes;
}

function classesOf(texts: readonly string[] | undefined): readonly RecordClass[] {
  if (texts?.includes('all') === true) return ordinaryClasses;
  return (texts ?? []).map(parseRecordClass);
}

async function grant(context: CommandContext, who: string, flags: GrantFlags): Promise<void> {
  const nowMs = Date.now();
  const readClasses = readClassesOf(flags);
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

const inWords = (recordClass: string): string =>
  recordClass === 'private' ? 'and everything marked restricted' : recordClass;

function mayText(terms: {
  readonly readClasses: readonly string[];
  readonly writeClasses: readonly string[];
  readonly records: readonly string[];
}): string {
  const { readClasses, writeClasses, records } = terms;
  const what = records.length > 0 ? `${records.length} named records of ` : '';
  return [
    ...(readClasses.length > 0 ? [`read ${what}${readClasses.map(inWords).join(', ')}`] : []),
    ...(writeClasses.length > 0 ? [`write ${writeClasses.join(', ')}`] : []),
  ].join(' and ');
}

async function list(context: CommandContext, onlyLive: boolean): Promise<void> {
  const acting = await openActing(context);
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  const all: { grant: ListedGrant; account: WalletAccount }[] = [];
  for (const account of acting.accounts) {
    for (const it of await acting.person.grants(work(context, account))) {
      if (!onlyLive || it.state === 'live') all.push({ grant: it, account });
    }
  }
  const grants = all.map(({ grant: it, account }) => ({
    consent: it.consent,
    granteeName: it.granteeName,
    grantee: it.terms.grantee,
    account: account.account,
    state: it.state,
    readClasses: it.terms.readClasses,
    writeClasses: it.terms.writeClasses,
    records: it.terms.recordIds,
    purposes: it.terms.purposes,
    fromMs: it.terms.fromMs,
    notBeforeMs: it.notBeforeMs,
    notAfterMs: it.notAfterMs,
    looks: it.looks,
    grantedHeight: it.grantedHeight,
    revokedHeight: it.revokedHeight,
  }));
  context.output.result({ grants, count: grants.length }, () =>
    grants.length === 0
      ? 'Nothing is granted to anybody.'
      : table([
          ['grant', 'to', 'state', 'may', 'until', 'looks'],
          ...grants.map((it) => [
            it.consent,
            it.granteeName,
            it.state,
            mayText(it),
            when(it.notAfterMs),
            String(it.looks),
          ]),
        ]),
  );
}

async function revoke(context: CommandContext, who: string): Promise<void> {
  const acting = await openActing(context, { takeBack: false });
  const ends = await grantsToEnd(context, acting, who);
  const revoked: { consent: ConsentId; granteeName: string; txId: string; height: number }[] = [];
  const failed: unknown[] = [];
  await during(context.output, 'Revoking', async (progress) => {
    for (const { consent, granteeName, account } of ends) {
      try {
        const options = work(context, { account }, progress);
        const { txId, height } = await acting.person.revoke(consent, options);
        revoked.push({ consent, granteeName, txId, height });
      } catch (error) {
        // One that ran out meanwhile keeps nobody from ending the others.
        if (isCoded(error, 'INTERRUPTED')) throw error;
        failed.push(error);
      }
    }
  });
  const [worst = undefined] = failed.filter((it) => !isCoded(it, 'CONSENT_ENDED'));
  if (worst !== undefined) {
    if (acting.person.isTakingBack) {
      context.output.note(
        'It is written down: the next command of this wallet, or a running watch, takes it back.',
      );
    }
    throw worst;
  }
  if (revoked.length === 0) throw failed[0] ?? new CodedError('CONSENT_UNKNOWN');
  const [first] = revoked;
  const one = revoked.length === 1 && first !== undefined ? first : {};
  const owesKeys = acting.person.owesKeys;
  context.output.result({ ...one, revoked, ...(owesKeys && { owesKeys }) }, () =>
    [
      ...revoked.map(
        (it) => `Grant ${it.consent} of ${named(it.granteeName)} has ended, height ${it.height}.`,
      ),
      'What was read until now stays with who read it; what is written from now on has new keys.',
      ...(owesKeys ? ['New keys could not be made yet: nothing is written before they are.'] : []),
    ].join('\n'),
  );
}

/** So long after its end a grant is still tried: this device's clock may be a day wrong. */
const clockMs = 86_400_000;

/**
 * Found in the wallet alone: no answer of a hospital is needed to take back. By id also one that has ended: then the
 * refusal says so. Throws CONSENT_UNKNOWN, PERSON_UNKNOWN, USAGE.
 */
async function grantsToEnd(
  context: CommandContext,
  acting: Acting,
  who: string,
): Promise<readonly GivenBefore[]> {
  const accounts = new Set(acting.accounts.map(({ account }) => account));
  const own = acting.person.givenGrants.filter(({ account }) => accounts.has(account));
  const consent = pickId(
    own.map((it) => it.consent),
    who,
  );
  if (consent !== undefined) return own.filter((it) => it.consent === consent);
  if (/^[0-9a-f]{32}$/.test(who)) throw new CodedError('CONSENT_UNKNOWN', { consent: who });
  const [known, another] = new Set(
    own.filter((it) => it.granteeName === who).map((it) => it.grantee),
  );
  const isOne = known !== undefined && another === undefined;
  const grantee = isOne ? known : await findPerson(context, acting, who);
  const open = own.filter(
    (it) => it.grantee === grantee && !it.ended && it.notAfterMs > Date.now() - clockMs,
  );
  if (open.length === 0) throw new CodedError('CONSENT_UNKNOWN');
  return open;
}
