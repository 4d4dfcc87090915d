import { utf8, utf8ToText } from '../../primitives/bytes.ts';

/** How a file is taken apart: as one JSON text, as one JSON text per line, or not at all. */
export type FileFormat = 'json' | 'ndjson' | 'opaque';

export interface JudgedFormat {
  readonly format: FileFormat;
  readonly mediaType: string;
}

const enteredByPatient = ';entered-by=patient';

/** Marks what a patient typed themselves, inside the seal. Source: docs/protocol/items.md, rule I-42. */
export function markEnteredByPatient(mediaType: string): string {
  return `${mediaType}${enteredByPatient}`;
}

/** A mark counts only where the author is the owner of the chart: nobody says it for a patient. */
export function isEnteredByPatient(head: {
  readonly mediaType: string;
  readonly author: string;
  readonly account: string;
}): boolean {
  return head.author === head.account && head.mediaType.endsWith(enteredByPatient);
}

/** `text/plain` of `text/plain;entered-by=patient`. */
export function bareMediaType(mediaType: string): string {
  return mediaType.split(';', 1)[0]?.trim() ?? mediaType;
}

/** Enough to see every mark this file looks for. */
export const headBytes = 4096;

const marks: readonly (readonly [mediaType: string, offset: number, mark: Uint8Array])[] = [
  ['application/dicom', 128, utf8('DICM')],
  ['image/png', 0, Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['image/jpeg', 0, Uint8Array.of(0xff, 0xd8, 0xff)],
  ['image/gif', 0, utf8('GIF8')],
  ['image/webp', 8, utf8('WEBP')],
  ['image/tiff', 0, Uint8Array.of(0x49, 0x49, 0x2a, 0x00)],
  ['image/tiff', 0, Uint8Array.of(0x4d, 0x4d, 0x00, 0x2a)],
  ['application/rtf', 0, utf8('{\\rtf')],
  ['application/zip', 0, Uint8Array.of(0x50, 0x4b, 0x03, 0x04)],
  ['application/gzip', 0, Uint8Array.of(0x1f, 0x8b)],
  ['image/heic', 4, utf8('ftypheic')],
  ['image/heic', 4, utf8('ftypheix')],
  ['image/heic', 4, utf8('ftypmif1')],
  ['image/heic', 4, utf8('ftypmsf1')],
];
const hl7v2 = 'x-application/hl7-v2+er7';
const cda = 'application/hl7-cda+xml';
const textTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  md: 'text/markdown',
  htm: 'text/html',
  html: 'text/html',
  xml: 'application/xml',
  cda: cda,
  ccda: cda,
  hl7: hl7v2,
};
const packed = new Set(['application/zip', 'application/gzip']);
/** Text of these kinds may begin with a bracket without being JSON. */
const neverJson = new Set(['csv', 'tsv', 'md', 'txt', 'log', 'htm', 'html', 'xml', 'hl7']);

/**
 * What the first bytes of a file say it is; the name counts only where bytes do not decide. Everything
 * that is named `.json`, or begins like JSON, is judged as JSON, so that a broken bundle is refused and
 * not kept as a riddle. Source: docs/protocol/items.md, rule I-7.
 */
export function judgeFormat(name: string, head: Uint8Array): JudgedFormat {
  const extension = /\.([a-z0-9]+)$/.exec(name.toLowerCase())?.[1] ?? '';
  // What is packed says so by its bytes, whatever it is called.
  const marked = marks.find(([, offset, mark]) => startsWith(head, offset, mark))?.[0];
  if (marked !== undefined && packed.has(marked)) return { format: 'opaque', mediaType: marked };
  if (extension === 'json') return { format: 'json', mediaType: 'application/fhir+json' };
  if (extension === 'ndjson' || extension === 'jsonl') {
    return { format: 'ndjson', mediaType: 'application/fhir+ndjson' };
  }
  if (marked !== undefined) return { format: 'opaque', mediaType: marked };
  if (isPdf(head)) return { format: 'opaque', mediaType: 'application/pdf' };
  if (isBareDicom(head)) return { format: 'opaque', mediaType: 'application/dicom' };
  if (!neverJson.has(extension) && beginsLikeJson(head)) {
    return { format: 'json', mediaType: 'application/fhir+json' };
  }
  return { format: 'opaque', mediaType: textTypeOf(extension, head) };
}

function textTypeOf(extension: string, head: Uint8Array): string {
  const charset = charsetOf(head);
  if (charset === undefined) return 'application/octet-stream';
  const text = decoded(head, charset).trimStart();
  let mediaType = textTypes[extension] ?? 'text/plain';
  // `trimStart` takes the 0x0B of a frame with it.
  if (text.startsWith('MSH|^~\\&')) mediaType = hl7v2;
  else if (/<(?:[\w-]+:)?ClinicalDocument[\s>]/.test(text)) mediaType = cda;
  else if (fhirRoot.test(text)) mediaType = 'application/fhir+xml';
  else if (text.startsWith('<?xml')) mediaType = 'application/xml';
  return charset === 'utf-8' ? mediaType : `${mediaType};charset=${charset}`;
}

/** The first element, of the one namespace that FHIR has; before it instructions and comments of up to the head's length. */
const fhirRoot =
  /^(?:<\?[^>]*>\s*|<!--[^>]*-->\s*)*<(?:[\w-]+:)?[A-Z]\w*[^<>]*\sxmlns(?::[\w-]+)?\s*=\s*["']http:\/\/hl7\.org\/fhir["']/;

/** ISO 32000 allows a kilobyte of anything before the mark. */
function isPdf(head: Uint8Array): boolean {
  const mark = utf8('%PDF-');
  for (let at = 0; at < Math.min(1024, head.length); at++) {
    if (startsWith(head, at, mark)) return true;
  }
  return false;
}

/** DICOM without its preamble: explicit data elements of group 2 or 8 from the first byte on. */
function isBareDicom(head: Uint8Array): boolean {
  const group = head[0] ?? 0;
  if ((group !== 2 && group !== 8) || head[1] !== 0 || head[3] !== 0) return false;
  return /^(?:UL|UI|CS|OB|SH|LO|DA|TM)$/.test(String.fromCharCode(head[4] ?? 0, head[5] ?? 0));
}

export const isXml = (mediaType: string): boolean => /[/+]xml$/.test(bareMediaType(mediaType));

/** The text of a file, by the `charset` in its media type; what is no text in it becomes U+FFFD. */
export function textOf(bytes: Uint8Array, mediaType: string): string {
  return decoded(bytes, charsetIn(mediaType));
}

/** The same for who shows it. Undefined: it is no text of that charset. */
export function soundTextOf(bytes: Uint8Array, mediaType: string): string | undefined {
  try {
    return new TextDecoder(charsetIn(mediaType), { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const charsetIn = (mediaType: string): string =>
  /;charset=([a-z0-9-]+)/.exec(mediaType)?.[1] ?? 'utf-8';

const decoded = (bytes: Uint8Array, charset: string): string =>
  new TextDecoder(charset).decode(bytes);

function startsWith(head: Uint8Array, offset: number, mark: Uint8Array): boolean {
  return head.length >= offset + mark.length && mark.every((byte, i) => head[offset + i] === byte);
}

/** The byte order mark that some programs put before UTF-8: kept in the file, no part of the JSON. */
export function lengthOfByteOrderMark(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

function beginsLikeJson(head: Uint8Array): boolean {
  let at = lengthOfByteOrderMark(head);
  while (at < head.length && [0x20, 0x09, 0x0a, 0x0d].includes(head[at] ?? 0)) at++;
  return head[at] === 0x7b || head[at] === 0x5b;
}

/** Undefined: these bytes are no text. A file of another charset than UTF-8 is named as what it is. */
export function charsetOf(
  head: Uint8Array,
): 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return wideText(head, 0) ? 'utf-16le' : undefined;
  if (head[0] === 0xfe && head[1] === 0xff) return wideText(head, 1) ? 'utf-16be' : undefined;
  // HL7 v2 between systems is framed by 0x0B and 0x1C.
  if (head.some((byte) => byte < 0x20 && !textControls.has(byte))) return undefined;
  // The head may end within a character of up to four bytes.
  for (let cut = 0; cut < (head.length < headBytes ? 1 : 4); cut++) {
    try {
      utf8ToText(head.subarray(0, head.length - cut));
      return 'utf-8';
    } catch {}
  }
  return isWestern(head) ? 'windows-1252' : undefined;
}

const textControls: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1a, 0x1c]);

/** UTF-16 of most text has zeros or small numbers in every second byte, and few controls. */
function wideText(head: Uint8Array, low: 0 | 1): boolean {
  if (head.length < 4) return false;
  for (let at = 2; at + 1 < head.length; at += 2) {
    const unit = (head[at + 1 - low] ?? 0) * 256 + (head[at + low] ?? 0);
    if (unit < 0x20 && !textControls.has(unit)) return false;
  }
  return true;
}

/** Mostly plain letters, and none of the five bytes that the charset leaves open. */
function isWestern(head: Uint8Array): boolean {
  const high = head.filter((byte) => byte >= 0x80);
  return (
    high.length * 4 <= head.length &&
    !high.some((it) => [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(it))
  );
}
