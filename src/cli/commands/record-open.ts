import type { Command } from 'commander';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, utf8ToText } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { parseRecordId } from '../../primitives/ids.ts';
import {
  bareMediaType,
  isEnteredByPatient,
  type OpenedRecord,
  parsePurpose,
  showItem,
} from '../../sdk/index.ts';
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
import { during } from '../output.ts';
import { writeOut } from '../write-out.ts';
import type { CommandContext } from './command.ts';
import { openedFacts } from './record-list.ts';

interface OpenFlags {
  readonly consent?: string;
  readonly out?: string;
  readonly html?: boolean;
  readonly purpose?: string;
}

/** One record, opened: to read it, to keep its bytes, or as a page. */
export function addRecordOpen(record: Command, context: CommandContext): void {
  record
    .command('open <id>')
    .description('open one record')
    .option('--out <file>', 'write its bytes (with --html: the page) to a file')
    .option('--html', 'as a page that a person can read and print')
    .option('--consent <id>', "under this grant (or a patient's name); not needed for the only one")
    .option('--purpose <purpose>', 'of this look; default: the first that was granted')
    .action((id: string, flags: OpenFlags) => open(context, id, flags));
  record
    .command('history <id>')
    .description('the versions of a record, newest first')
    .action((id: string) => history(context, id));
}

type Opened = Pick<OpenedRecord, 'head' | 'bytes'> & { readonly facts: Record<string, unknown> };

async function open(context: CommandContext, id: string, flags: OpenFlags): Promise<void> {
  const acting = await openActing(context);
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  const opened =
    flags.consent !== undefined || !isOwn
      ? await openShared(context, acting, id, flags)
      : await openOwn(context, acting, id);
  const names = new NameBook(context, acting);
  await names.learn([opened.head.author]);
  await show(context, opened, flags, names);
}

async function openOwn(context: CommandContext, acting: Acting, id: string): Promise<Opened> {
  return during(context.output, 'Opening', async (progress) => {
    const { recordId, account } = await findRecord(context, acting, id);
    const opened = await acting.person.openRecord(recordId, work(context, account, progress));
    const { height, timeMs, epoch, txId, consent } = opened;
    return { ...opened, facts: { height, timeMs, epoch, txId, consent } };
  });
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
    let recordId = tryRecordId(id);
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
    const { consent, patient } = grant;
    return { ...record, facts: { height, timeMs, epoch, txId, consent, patient, looks } };
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

async function show(
  context: CommandContext,
  opened: Opened,
  flags: OpenFlags,
  names: NameBook,
): Promise<void> {
  const { head, bytes, facts } = opened;
  const by = names.nameOf(head.author);
  const page = flags.html === true ? pageOf(opened, by) : undefined;
  const file =
    flags.out === undefined ? undefined : await writeOut(flags.out, page ?? bytes, context);
  const text = file === undefined && page === undefined ? textOf(opened) : undefined;
  const result = {
    recordId: head.recordId,
    class: head.recordClass,
    ...facts,
    ...openedFacts(opened),
    account: head.account,
    by,
    sha256: bytesToHex(sha256(bytes)),
    ...(file !== undefined && { file }),
    ...(file === undefined && page !== undefined && { html: page }),
    ...(text !== undefined && { text }),
  };
  context.output.result(result, () => {
    if (file === undefined && page !== undefined) return page;
    const about = [
      ['record', head.recordId],
      ['name', head.name],
      ['class', head.recordClass],
      ['form', bareMediaType(head.mediaType)],
      ['size', sizeOf(bytes.length)],
      ['written by', isEnteredByPatient(head) ? `${by}, entered by the patient` : by],
      ['written', when(head.writtenMs)],
    ];
    const end =
      file !== undefined
        ? `written to ${file}`
        : (text ?? 'Not text: --out FILE writes it, --html shows it.');
    return `${table(about)}\n\n${end}`;
  });
}

const maxShownBytes = 1024 * 1024;

/** Undefined for what is not text, and for what is too long to print. */
function textOf({ head, bytes }: Opened): string | undefined {
  const mediaType = bareMediaType(head.mediaType);
  const isText = mediaType.startsWith('text/') || /[/+](json|xml)$/.test(mediaType);
  if (!isText || bytes.length > maxShownBytes) return undefined;
  try {
    return utf8ToText(bytes);
  } catch {
    return undefined;
  }
}

function pageOf({ head, bytes }: Opened, authorName: string): string {
  const { name, mediaType, recordClass, writtenMs } = head;
  const enteredByPatient = isEnteredByPatient(head);
  return showItem({ name, mediaType, recordClass, writtenMs, authorName, enteredByPatient, bytes });
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
