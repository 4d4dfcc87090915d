import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import {
  bareMediaType,
  isEnteredByPatient,
  type ListedRecord,
  type OpenedRecord,
  parsePurpose,
  parseRecordClass,
  type SharedRecord,
  skeletonMediaType,
  type WalletAccount,
} from '../../sdk/index.ts';
import { type Acting, findReceived, NameBook, openActing, work } from '../acting.ts';
import { amount, short, sizeOf, table, when } from '../format.ts';
import { named } from '../harmless.ts';
import { keepList } from '../last-list.ts';
import { during } from '../output.ts';
import type { CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

/** So many are opened to show their names without being asked. */
const namesUnasked = 500;

interface ListFlags {
  readonly consent?: string;
  readonly class?: string;
  readonly since?: number;
  readonly names?: boolean;
  readonly purpose?: string;
}

/** `salus record list`. */
export function addRecordList(record: Command, context: CommandContext): void {
  record
    .command('list')
    .description(
      "one's own records; as somebody who was granted access: what there is under a grant",
    )
    .option('--class <class>', 'only this class')
    .option('--since <height>', 'only what was anchored above this height', wholeNumber(0, 2 ** 52))
    .option('--names', 'open every record to show what it is')
    .option('--no-names', 'open nothing')
    .option('--consent <id>', "under this grant (or a patient's name); not needed for the only one")
    .option('--purpose <purpose>', 'of this look; default: the first that was granted')
    .addHelpText('after', help)
    .action((flags: ListFlags) => list(context, flags));
}

const help = `
Listing one's own records is nobody's look. Listing under a grant is a look: it stands on the ledger, and
the patient sees it, with or without --names.`;

async function list(context: CommandContext, flags: ListFlags): Promise<void> {
  const acting = await openActing(context);
  if (flags.class !== undefined) parseRecordClass(flags.class);
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  if (flags.consent !== undefined || !isOwn) await listShared(context, acting, flags);
  else await listOwn(context, acting, flags);
}

interface Shown {
  readonly listed: ListedRecord;
  readonly account: WalletAccount;
  readonly opened: OpenedRecord | undefined;
}

async function listOwn(context: CommandContext, acting: Acting, flags: ListFlags): Promise<void> {
  const { person, accounts } = acting;
  const { output } = context;
  const shown = await during(output, 'Listing', async (progress) => {
    const all: Shown[] = [];
    for (const account of accounts) {
      const options = work(context, account, progress);
      const since = flags.since === undefined ? {} : { since: flags.since };
      const listed = (await person.listRecords({ ...options, ...since })).filter(
        (it) => flags.class === undefined || it.recordClass === flags.class,
      );
      const live = listed.filter((it) => it.state === 'live').map((it) => it.recordId);
      const opens = flags.names ?? live.length <= namesUnasked;
      if (!opens) output.note(`${live.length} records are listed unopened; --names opens them.`);
      const opened = opens ? await person.openRecords(live, options) : [];
      const byId = new Map(opened.map((it) => [it.head.recordId, it]));
      for (const it of listed) all.push({ listed: it, account, opened: byId.get(it.recordId) });
    }
    return all;
  });
  const names = new NameBook(context, acting);
  const writer = await writers(acting, context);
  const records = shown.map((it) => ownFacts(it, names, writer));
  const ids = shown.map((it) => it.listed.recordId);
  keepList(acting, ids);
  output.result({ records, count: records.length }, () =>
    records.length === 0
      ? 'No records yet: salus record add FILE'
      : [
          table([
            ['record', 'class', 'when', 'size', 'what', 'by'],
            ...shown.map((it) => ownRow(it, names, writer)),
          ]),
          '',
          `${amount(records.length, 'record')}; open one: salus record open RECORD`,
        ].join('\n'),
  );
}

/** Whose grant it was under which somebody else wrote. */
async function writers(
  acting: Acting,
  context: CommandContext,
): Promise<(consent: ConsentId) => string | undefined> {
  const byConsent = new Map<string, string>();
  for (const account of acting.accounts) {
    for (const it of await acting.person.grants(work(context, account))) {
      byConsent.set(it.consent, it.granteeName);
    }
  }
  return (consent) => byConsent.get(consent);
}

type Writer = (consent: ConsentId) => string | undefined;

function authorOf({ listed, opened }: Shown, names: NameBook, writer: Writer): string {
  if (opened !== undefined) return names.nameOf(opened.head.author);
  if (listed.consent === undefined) return listed.state === 'erased' ? '' : 'the owner';
  return writer(listed.consent) ?? 'under a grant';
}

function ownFacts(it: Shown, names: NameBook, writer: Writer): Record<string, unknown> {
  const { listed, account, opened } = it;
  const { recordId, state, recordClass, paddedSize, height, timeMs, epoch, consent, txId } = listed;
  return {
    recordId,
    state,
    class: recordClass,
    paddedSize,
    height,
    timeMs,
    txId,
    epoch,
    consent,
    account: account.account,
    by: authorOf(it, names, writer),
    ...(opened !== undefined && openedFacts(opened)),
  };
}

/** What only who opens an item knows about it. */
export function openedFacts(opened: Pick<OpenedRecord, 'head'>): Record<string, unknown> {
  const { name, mediaType, byteLength, previous, author, writtenMs } = opened.head;
  return {
    name,
    mediaType: bareMediaType(mediaType),
    bytes: byteLength,
    author,
    writtenMs,
    ...(previous !== undefined && { previous }),
    ...(isEnteredByPatient(opened.head) && { enteredBy: 'patient' }),
    ...(mediaType === skeletonMediaType && { import: true }),
  };
}

function ownRow(it: Shown, names: NameBook, writer: Writer): string[] {
  const { listed, opened } = it;
  return [
    listed.recordId,
    listed.recordClass ?? 'erased',
    when(listed.timeMs),
    opened === undefined ? sizeOf(listed.paddedSize) : sizeOf(opened.head.byteLength),
    opened === undefined ? '' : whatIs(opened),
    authorOf(it, names, writer),
  ];
}

function whatIs({ head }: Pick<OpenedRecord, 'head'>): string {
  const name = head.name.length > 60 ? `${head.name.slice(0, 59)}…` : head.name;
  if (head.mediaType === skeletonMediaType) return `${name} (imported file)`;
  return isEnteredByPatient(head) ? `${name} (entered by the patient)` : name;
}

async function listShared(
  context: CommandContext,
  acting: Acting,
  flags: ListFlags,
): Promise<void> {
  const { output } = context;
  const { grant, account } = await findReceived(context, acting, {
    who: flags.consent,
    fits: (it) => it.terms.readClasses.length > 0,
  });
  const names = new NameBook(context, acting);
  const purpose = flags.purpose === undefined ? undefined : parsePurpose(flags.purpose);
  const { rows, erased, accesses } = await during(output, 'Looking', async (progress) => {
    const options = { ...work(context, account, progress), since: flags.since, purpose };
    if (flags.names !== true) {
      const listed = await acting.person.listShared(grant.consent, options);
      const rows = listed.rows.map(({ row }) => ({ row, opened: undefined }));
      return { ...listed, rows };
    }
    const read = await acting.person.readShared(grant.consent, options);
    await names.learn(read.records.map((it) => it.head.author));
    return { ...read, rows: read.records.map((opened) => ({ row: opened.row, opened })) };
  });
  const only = rows.filter(
    ({ row }) => flags.class === undefined || row.recordClass === flags.class,
  );
  const records = only.map(({ row, opened }) => ({
    recordId: row.recordId,
    state: 'live',
    class: row.recordClass,
    paddedSize: row.paddedSize,
    height: row.height,
    timeMs: row.timeMs,
    txId: row.txId,
    ...(opened !== undefined && { ...openedFacts(opened), by: names.nameOf(opened.head.author) }),
  }));
  const ids = only.map(({ row }) => row.recordId);
  keepList(acting, ids);
  const looks = accesses.map(({ txId, height }) => ({ txId, height }));
  const { consent, patient, patientName } = grant;
  const facts = { consent, patient, patientName, records, count: records.length };
  output.result({ ...facts, erased: erased.map((it) => it.recordId), looks }, () =>
    [
      `${named(patientName || short(patient))}, under grant ${consent}`,
      '',
      table([
        ['record', 'class', 'when', 'size', 'what', 'by'],
        ...only.map(({ row, opened }) => sharedRow(row, opened, names)),
      ]),
      '',
      `${amount(records.length, 'record')}; this look stands on the ledger: ${looks.map((it) => `height ${it.height}`).join(', ')}`,
    ].join('\n'),
  );
}

function sharedRow(
  row: SharedRecord['row'],
  opened: SharedRecord | undefined,
  names: NameBook,
): string[] {
  return [
    row.recordId,
    row.recordClass,
    when(row.timeMs),
    opened === undefined ? sizeOf(row.paddedSize) : sizeOf(opened.head.byteLength),
    opened === undefined ? '' : whatIs(opened),
    opened === undefined ? '' : names.nameOf(opened.head.author),
  ];
}
