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
  ['application/pdf', 0, utf8('%PDF-')],
  ['image/png', 0, Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['image/jpeg', 0, Uint8Array.of(0xff, 0xd8, 0xff)],
  ['image/gif', 0, utf8('GIF8')],
  ['image/webp', 8, utf8('WEBP')],
  ['image/tiff', 0, Uint8Array.of(0x49, 0x49, 0x2a, 0x00)],
  ['image/tiff', 0, Uint8Array.of(0x4d, 0x4d, 0x00, 0x2a)],
  ['application/rtf', 0, utf8('{\\rtf')],
  ['application/zip', 0, Uint8Array.of(0x50, 0x4b, 0x03, 0x04)],
  ['application/gzip', 0, Uint8Array.of(0x1f, 0x8b)],
  ['application/xml', 0, utf8('<?xml')],
];
const textTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  md: 'text/markdown',
  htm: 'text/html',
  html: 'text/html',
  xml: 'application/xml',
};
/** Text of these kinds may begin with a bracket without being JSON. */
const neverJson = new Set(['csv', 'tsv', 'md', 'txt', 'log', 'htm', 'html', 'xml']);

/**
 * What the first bytes of a file say it is; the name counts only where bytes do not decide. Everything
 * that is named `.json`, or begins like JSON, is judged as JSON, so that a broken bundle is refused and
 * not kept as a riddle. Source: docs/protocol/items.md, rule I-7.
 */
export function judgeFormat(name: string, head: Uint8Array): JudgedFormat {
  const extension = /\.([a-z0-9]+)$/.exec(name.toLowerCase())?.[1] ?? '';
  if (extension === 'json') return { format: 'json', mediaType: 'application/fhir+json' };
  if (extension === 'ndjson' || extension === 'jsonl') {
    return { format: 'ndjson', mediaType: 'application/fhir+ndjson' };
  }
  for (const [mediaType, offset, mark] of marks) {
    if (startsWith(head, offset, mark)) return { format: 'opaque', mediaType };
  }
  if (!neverJson.has(extension) && beginsLikeJson(head)) {
    return { format: 'json', mediaType: 'application/fhir+json' };
  }
  const mediaType = isText(head)
    ? (textTypes[extension] ?? 'text/plain')
    : 'application/octet-stream';
  return { format: 'opaque', mediaType };
}

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

function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(byte))) return false;
  // The head may end within a character of up to four bytes.
  for (let cut = 0; cut < (head.length < headBytes ? 1 : 4); cut++) {
    try {
      utf8ToText(head.subarray(0, head.length - cut));
      return true;
    } catch {}
  }
  return false;
}
