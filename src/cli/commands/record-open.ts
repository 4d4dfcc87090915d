import type { Command } from 'commander';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, utf8ToText } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { parseRecordId } from '../../primitives/ids.ts';
import {
  bareMediaType,
  type Content,
  contentOf,
  isEnteredByPatient,
  type OpenedRecord,
  parsePurpose,
  showItem,
} from '../../sdk/index.ts';
import { type Acting, openActing, work } from '../acting.ts';
import { writeOut } from '../files.ts';
import { findRecord, pickId } from '../finding.ts';
import { sizeOf, table, when } from '../format.ts';
import { NameBook } from '../name-book.ts';
import { authorWords, originFacts, titleWords } from '../origin.ts';
import { during } from '../output.ts';
import { covers, findReceived, listUnder, readUnder } from '../received.ts';
import type { CommandContext } from './command.ts';
import { openedFacts } from './record-list.ts';

interface OpenFlags {
  readonly consent?: string;
  readonly patient?: string;
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
    .option('--patient <name>', 'of this patient, by all live grants')
    .option('--purpose <purpose>', 'of this look; default: the first that was granted')
    .action((id: string, flags: OpenFlags) => open(context, id, flags));
}

type Opened = Pick<OpenedRecord, 'head' | 'bytes' | 'carried' | 'notVersionOf' | 'problems'> & {
  readonly facts: Record<string, unknown>;
};

async function open(context: CommandContext, id: string, flags: OpenFlags): Promise<void> {
  const acting = await openActing(context);
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  const opened =
    flags.consent !== undefined || flags.patient !== undefined || !isOwn
      ? await openShared(context, acting, id, flags)
      : await openOwn(context, acting, id);
  const names = new NameBook(context, acting);
  await names.learn([contentOf(opened).head.author]);
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
    const { grant, grants, account } = await findReceived(context, acting, {
      who: flags.patient ?? flags.consent,
      fits: (it) => it.terms.readClasses.length > 0,
    });
    const options = { ...work(context, account, progress), purpose };
    const { person } = acting;
    let recordId = tryRecordId(id);
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
    const { consent, patient } = opening[0] ?? grant;
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
  const { facts } = opened;
  const content = contentOf(opened);
  const { head, bytes } = content;
  const by = names.nameOf(head.author);
  const origin = authorWords(opened, (account) => names.nameOf(account));
  const page = flags.html === true ? pageOf(content, origin) : undefined;
  const file = flags.out === undefined ? undefined : await writeOut(flags.out, page ?? bytes);
  const text = file === undefined && page === undefined ? textOf(content) : undefined;
  const result = {
    recordId: head.recordId,
    class: head.recordClass,
    ...facts,
    ...openedFacts(opened),
    ...originFacts(opened),
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
      ['name', titleWords(content)],
      ['class', head.recordClass],
      ['form', bareMediaType(head.mediaType)],
      ['size', sizeOf(bytes.length)],
      ['written by', isEnteredByPatient(head) ? `${by}, entered by the patient` : origin],
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
function textOf({ head, bytes }: Content): string | undefined {
  const mediaType = bareMediaType(head.mediaType);
  const isText = mediaType.startsWith('text/') || /[/+](json|xml)$/.test(mediaType);
  if (!isText || bytes.length > maxShownBytes) return undefined;
  try {
    return utf8ToText(bytes);
  } catch {
    return undefined;
  }
}

function pageOf({ head, bytes }: Content, authorName: string): string {
  const { mediaType, recordClass, writtenMs } = head;
  const name = titleWords({ head });
  const enteredByPatient = isEnteredByPatient(head);
  return showItem({ name, mediaType, recordClass, writtenMs, authorName, enteredByPatient, bytes });
}
