import type { Command } from 'commander';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { parseRecordId } from '../../primitives/ids.ts';
import { deriveHeadline, parsePurpose } from '../../sdk/index.ts';
import {
  type Acting,
  findReceived,
  findRecord,
  NameBook,
  openActing,
  pickId,
  work,
} from '../acting.ts';
import { short, sizeOf, table, when } from '../format.ts';
import { listedAt } from '../last-list.ts';
import { during } from '../output.ts';
import { recordByName } from '../record-by-name.ts';
import type { CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';
import { openedFacts } from './record-list.ts';
import { type Opened, type ShowFlags, showOpened } from './record-shown.ts';

interface OpenFlags extends ShowFlags {
  readonly consent?: string;
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
    .option('--purpose <purpose>', 'of this look; default: the first that was granted')
    .action((id: string, flags: OpenFlags) => open(context, id, flags));
  record
    .command('history <id>')
    .description('the versions of a record, newest first')
    .action((id: string) => history(context, id));
}

async function open(context: CommandContext, id: string, flags: OpenFlags): Promise<void> {
  const acting = await openActing(context);
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  const opened =
    flags.consent !== undefined || !isOwn
      ? await openShared(context, acting, id, flags)
      : await openOwn(context, acting, id);
  const names = new NameBook(context, acting);
  await names.learn([opened.head.author]);
  await showOpened(context, opened, flags, names.nameOf(opened.head.author));
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
    const rows = await acting.person.listRecords(work(context, account));
    const live = rows.filter((it) => it.state === 'live').map((it) => it.recordId);
    const opened = await acting.person.openRecords(live, work(context, account));
    const records = opened.map(({ head, bytes }) => ({
      recordId: head.recordId,
      headline: deriveHeadline({ ...head, bytes }),
    }));
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
    const { grant, account } = await findReceived(context, acting, {
      who: flags.consent,
      fits: (it) => it.terms.readClasses.length > 0,
    });
    const options = { ...work(context, account, progress), purpose };
    const { person } = acting;
    let recordId = listedAt(acting, id) ?? tryRecordId(id);
    if (recordId === undefined) {
      const listed = await person.listShared(grant.consent, options);
      const known = listed.rows.map(({ row }) => row.recordId);
      recordId = pickId(known, id);
    }
    if (recordId === undefined) throw new CodedError('RECORD_UNKNOWN');
    const read = await person.readShared(grant.consent, { ...options, recordIds: [recordId] });
    const [record] = read.records;
    if (record === undefined) {
      throw new CodedError(read.erased.length > 0 ? 'RECORD_ERASED' : 'RECORD_UNKNOWN', {
        recordId,
      });
    }
    const { height, timeMs, epoch, txId } = record.row;
    const looks = read.accesses.map((it) => ({ txId: it.txId, height: it.height }));
    const { consent, patient, patientName } = grant;
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

async function history(context: CommandContext, id: string): Promise<void> {
  const acting = await openActing(context);
  const versions = await during(context.output, 'Opening', async (progress) => {
    const { recordId, account } = await findRecord(context, acting, id);
    return acting.person.history(recordId, work(context, account, progress));
  });
  const names = new NameBook(context, acting);
  await names.learn(versions.map((it) => it.head.author));
  const facts = versions.map((it) => ({
    recordId: it.head.recordId,
    class: it.head.recordClass,
    height: it.height,
    timeMs: it.timeMs,
    txId: it.txId,
    ...openedFacts(it),
    by: names.nameOf(it.head.author),
    sha256: bytesToHex(sha256(it.bytes)),
  }));
  context.output.result({ versions: facts, count: facts.length }, () =>
    table([
      ['record', 'when', 'size', 'by', 'name'],
      ...versions.map((it) => [
        short(it.head.recordId),
        when(it.timeMs),
        sizeOf(it.bytes.length),
        names.nameOf(it.head.author),
        it.head.name,
      ]),
    ]),
  );
}
