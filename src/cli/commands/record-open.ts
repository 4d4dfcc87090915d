import type { Command } from 'commander';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { parseRecordId } from '../../primitives/ids.ts';
import { contentOf, parsePurpose } from '../../sdk/index.ts';
import { type Acting, openActing, work } from '../acting.ts';
import { findRecord, pickId } from '../finding.ts';
import { listedAt } from '../last-list.ts';
import { NameBook } from '../name-book.ts';
import { during } from '../output.ts';
import { covers, findReceived, listUnder, readUnder } from '../received.ts';
import { recordByName } from '../record-by-name.ts';
import type { CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';
import { type Opened, type ShowFlags, showOpened } from './record-shown.ts';

interface OpenFlags extends ShowFlags {
  readonly consent?: string;
  readonly patient?: string;
  readonly purpose?: string;
}

/** One record, opened: to read it, to keep its bytes, or as a page. */
export function addRecordOpen(record: Command, context: CommandContext): void {
  record
    .command('open <id>')
    .description('open one record: by its id, its number in the last list, or its name')
    .option('--out <file>', 'write its bytes (with --html: the page) to a file; - is stdout')
    .option('--html', 'as a page that a person can read and print')
    .option('--raw', 'its bytes as they are, numbers as they are spelled')
    .option('--attachment <number>', 'a document inside it, with --out', wholeNumber(1, 10_000))
    .option('--consent <id>', "under this grant (or a patient's name); not needed for the only one")
    .option('--patient <name>', 'of this patient, by all live grants')
    .option('--purpose <purpose>', 'of this look; default: the first that was granted')
    .action((id: string, flags: OpenFlags) => open(context, id, flags));
}

async function open(context: CommandContext, id: string, flags: OpenFlags): Promise<void> {
  const acting = await openActing(context);
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  const opened =
    flags.consent !== undefined || flags.patient !== undefined || !isOwn
      ? await openShared(context, acting, id, flags)
      : await openOwn(context, acting, id);
  const names = new NameBook(context, acting);
  await names.learn([contentOf(opened).head.author]);
  await showOpened(context, opened, flags, names);
}

async function openOwn(context: CommandContext, acting: Acting, id: string): Promise<Opened> {
  return during(context.output, 'Opening', async (progress) => {
    const { recordId, account } = await findOwn(context, acting, id);
    const opened = await acting.person.openRecord(recordId, work(context, account, progress));
    const { height, timeMs, epoch, txId, consent } = opened;
    const facts = { height, timeMs, epoch, txId, consent };
    return { ...opened, patientName: acting.person.name, facts };
  });
}

/** By the number of the last list, by id or its beginning, by name. Throws RECORD_UNKNOWN, USAGE (several fit). */
async function findOwn(context: CommandContext, acting: Acting, id: string) {
  const listed = listedAt(acting, id);
  try {
    return await findRecord(context, acting, listed ?? id);
  } catch (error) {
    if (!isCoded(error, 'RECORD_UNKNOWN') || /^[0-9a-f]{6,}$/.test(id)) throw error;
  }
  for (const account of acting.accounts) {
    const lines = await acting.person.recordLines(work(context, account));
    const records = lines.flatMap(({ recordId, headline, isOlder }) =>
      headline === undefined || isOlder ? [] : [{ recordId, headline }],
    );
    const recordId = recordByName(records, id, context.output.note);
    if (recordId !== undefined) return { recordId, account };
  }
  throw new CodedError('RECORD_UNKNOWN');
}

async function openShared(
  context: CommandContext,
  acting: Acting,
  id: string,
  flags: OpenFlags,
): Promise<Opened> {
  const purpose = flags.purpose === undefined ? undefined : parsePurpose(flags.purpose);
  return during(context.output, 'Opening', async (progress) => {
    const { grant, grants, account } = await findReceived(context, acting, {
      who: flags.patient ?? flags.consent,
      fits: (it) => it.terms.readClasses.length > 0,
    });
    const options = { ...work(context, account, progress), purpose };
    const { person } = acting;
    let recordId = listedAt(acting, id) ?? tryRecordId(id);
    let opening = grants;
    // By which of several grants it opens, its row says: one that does not cover it would be refused.
    if (recordId === undefined || grants.length > 1) {
      const { rows } = await listUnder(person, grants, options);
      const known = rows.map(({ row }) => row);
      recordId ??= pickId(
        known.map((it) => it.recordId),
        id,
      );
      const row = known.find((it) => it.recordId === recordId);
      if (row !== undefined) opening = grants.filter((it) => covers(it, row));
    }
    if (recordId === undefined) throw new CodedError('RECORD_UNKNOWN');
    const read = await readUnder(person, opening, { ...options, recordIds: [recordId] });
    const [record] = read.records;
    const [gone] = read.missing;
    if (record === undefined && gone !== undefined) throw new CodedError(gone.code, { recordId });
    if (record === undefined) {
      throw new CodedError(read.erased.length > 0 ? 'RECORD_ERASED' : 'RECORD_UNKNOWN', {
        recordId,
      });
    }
    const { height, timeMs, epoch, txId } = record.row;
    const looks = read.accesses.map((it) => ({ txId: it.txId, height: it.height }));
    const { consent, patient, patientName } = opening[0] ?? grant;
    const facts = { height, timeMs, epoch, txId, consent, patient, looks };
    return { ...record, patientName, facts };
  });
}

function tryRecordId(text: string) {
  try {
    return parseRecordId(text);
  } catch (error) {
    if (isCoded(error, 'ID_FORMAT')) return undefined;
    throw error;
  }
}
