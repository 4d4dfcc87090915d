import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, utf8ToText } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  bareMediaType,
  type Content,
  checkHealthCards,
  contentOf,
  type ItemToShow,
  isEnteredByPatient,
  type OpenedRecord,
  openAttachment,
  showItem,
  type TextOfItem,
  textOfItem,
} from '../../sdk/index.ts';
import { cardFacts, issuerKeysOf } from '../card-lines.ts';
import { amount, sizeOf, table, when } from '../format.ts';
import { type FromDevice, fromDeviceFacts, fromDeviceText } from '../from-device.ts';
import { named } from '../harmless.ts';
import type { NameBook } from '../name-book.ts';
import { authorWords, openedFacts, originFacts, titleWords } from '../origin.ts';
import { writeOut } from '../write-out.ts';
import type { CommandContext } from './command.ts';

/** An opened record, and what is known of it beside what it holds. */
export interface Opened
  extends Pick<OpenedRecord, 'head' | 'bytes' | 'carried' | 'notVersionOf' | 'problems'> {
  /** Whose chart it is in, as the reader knows them: a printed page names them. */
  readonly patientName: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;
  /** No hospital answered: it is what this device had. */
  readonly fromDevice?: FromDevice;
}

export interface ShowFlags {
  readonly out?: string;
  readonly html?: boolean;
  readonly raw?: boolean;
  readonly attachment?: number;
  readonly issuerKeys?: readonly string[];
}

/** How one record is shown: in words, as a page, as its bytes, or one of the documents inside it. */
export async function showOpened(
  context: CommandContext,
  opened: Opened,
  flags: ShowFlags,
  names: NameBook,
): Promise<void> {
  const content = contentOf(opened);
  // Whatever is printed or written: a page and bytes have no place of their own for it.
  if (opened.fromDevice !== undefined) context.output.note(fromDeviceText(opened.fromDevice));
  const issuerKeys = issuerKeysOf(flags.issuerKeys);
  if (flags.attachment !== undefined)
    return giveAttachment(context, opened, flags.attachment, flags);
  const { head, bytes } = content;
  const by = names.nameOf(head.author);
  const origin = authorWords(opened, (account) => names.nameOf(account));
  const healthCards = await checkHealthCards({ ...head, bytes }, { issuerKeys, nowMs: Date.now() });
  const { patientName } = opened;
  const page =
    flags.html === true
      ? pageOf(content, { authorName: origin, patientName, healthCards })
      : undefined;
  const target = flags.out ?? (flags.raw === true && !context.output.json ? '-' : undefined);
  const file = target === undefined ? undefined : await writeOut(target, page ?? bytes, context);
  const shown = textOfItem({ ...head, bytes, healthCards });
  const text = file === undefined && page === undefined ? rawText(content) : undefined;
  const title = titleWords(content, shown.title);
  const { clinicalDate, value, unit, flag, marks } = shown.headline;
  const result = {
    recordId: head.recordId,
    class: head.recordClass,
    ...opened.facts,
    ...fromDeviceFacts(opened.fromDevice),
    ...openedFacts(opened),
    ...originFacts(opened),
    title,
    date: clinicalDate,
    value,
    unit,
    flag,
    marks,
    account: head.account,
    by,
    sha256: bytesToHex(sha256(bytes)),
    ...(healthCards !== undefined && { healthCards: healthCards.cards.map(cardFacts) }),
    ...(shown.attachments.length > 0 && { attachments: shown.attachments }),
    ...(file !== undefined && { file }),
    ...(file === undefined && page !== undefined && { html: page }),
    ...(text !== undefined && { text }),
  };
  context.output.result(result, () => {
    if (file === undefined && page !== undefined) return page;
    const writer = isEnteredByPatient(head) ? `${by}, entered by the patient` : origin;
    return describe(content, shown, { title, writer, file, problems: opened.problems });
  });
}

function describe(
  { head, bytes }: Content,
  shown: TextOfItem,
  said: {
    readonly title: string;
    readonly writer: string;
    readonly file: string | undefined;
    readonly problems: OpenedRecord['problems'];
  },
): string {
  const { file } = said;
  const about = [
    ['record', head.recordId],
    ['class', head.recordClass],
    ['form', bareMediaType(head.mediaType)],
    ['size', sizeOf(bytes.length)],
    ['written by', said.writer],
    ['written', when(head.writtenMs)],
  ];
  const kind = shown.kind === '' ? '' : `  (${shown.kind})`;
  const problems = said.problems.map((code) => `${new CodedError(code).sentence} (${code})`);
  const title = [`${named(said.title)}${kind}`, ...problems].join('\n');
  const says = [
    ...(shown.rows.length > 0 ? [table(shown.rows)] : []),
    ...shown.paragraphs,
    ...shown.attachments.map(
      (it) =>
        `Document ${it.number}: ${named(it.fileName)}, ${named(it.contentType)}, ${amount(it.bytes, 'byte')}: --attachment ${it.number} --out FILE`,
    ),
  ];
  if (file !== undefined) return [title, table(about), `written to ${file}`].join('\n\n');
  const nothing = 'This is not text: --out FILE writes it, --html shows it.';
  return [title, ...(says.length > 0 ? says : [nothing]), table(about)].join('\n\n');
}

async function giveAttachment(
  context: CommandContext,
  opened: Opened,
  number: number,
  { out }: ShowFlags,
): Promise<void> {
  const { head, bytes: record } = contentOf(opened);
  const { attachment, bytes } = openAttachment(record, number);
  const file = await writeOut(out ?? attachment.fileName, bytes, context);
  const { contentType } = attachment;
  const facts = {
    ...{ recordId: head.recordId, attachment: number, contentType },
    ...fromDeviceFacts(opened.fromDevice),
  };
  const digest = bytesToHex(sha256(bytes));
  context.output.result(
    { ...facts, bytes: bytes.length, sha256: digest, file },
    () =>
      `${named(contentType)}, ${amount(bytes.length, 'byte')}, SHA-256 ${digest}\nwritten to ${file}`,
  );
}

const maxShownBytes = 1024 * 1024;

/** For programs: undefined for what is not text, and for what is too long to print. */
function rawText({ head, bytes }: Content): string | undefined {
  const mediaType = bareMediaType(head.mediaType);
  const isText = mediaType.startsWith('text/') || /[/+](json|xml)$/.test(mediaType);
  if (!isText || bytes.length > maxShownBytes) return undefined;
  try {
    return utf8ToText(bytes);
  } catch {
    return undefined;
  }
}

function pageOf(
  content: Content,
  {
    authorName,
    patientName,
    healthCards,
  }: Pick<ItemToShow, 'authorName' | 'patientName' | 'healthCards'>,
): string {
  const { mediaType, recordClass, writtenMs } = content.head;
  const enteredByPatient = isEnteredByPatient(content.head);
  const about = { mediaType, recordClass, writtenMs, authorName, enteredByPatient };
  return showItem({
    ...about,
    name: titleWords(content),
    patientName,
    bytes: content.bytes,
    healthCards,
  });
}
