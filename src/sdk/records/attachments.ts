import { CodedError } from '../../primitives/errors.ts';
import { base64ToBytes } from './base64.ts';
import { attribute, parseXml, type XmlElement } from './cda/xml.ts';
import { fhirTreeOf } from './fhir-xml.ts';
import { fileNameOf } from './file-name.ts';
import { fieldOf, type JsonTree, parseJsonTree, textOf } from './json-tree.ts';
import { textOfHtml } from './text-of-html.ts';

/** A document that lies inside a record. */
export interface Attachment {
  /** From 1, in the order of the record. */
  readonly number: number;
  readonly contentType: string;
  /** What its record calls it, as the name of a file. */
  readonly fileName: string;
  /** Base64 as it stands in the record; several times as large when it is decoded at once for all. */
  readonly data: string;
}

/** Objects of FHIR with `data` in them that are no documents: a curve, a signature. */
const otherFields = new Set(['origin', 'period', 'interval', 'when', 'who', 'sigFormat']);
const endings: Readonly<Record<string, string>> = {
  'application/pdf': '.pdf',
  'application/rtf': '.rtf',
  'text/rtf': '.rtf',
  'text/html': '.html',
  'text/plain': '.txt',
  'text/xml': '.xml',
  'application/xml': '.xml',
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/tiff': '.tif',
  'application/dicom': '.dcm',
};

/** The documents inside a record, by the object that holds each. */
export function attachmentsIn(record: JsonTree): ReadonlyMap<JsonTree, Attachment> {
  const found = new Map<JsonTree, Attachment>();
  collect(record, found);
  return found;
}

function collect(tree: JsonTree, found: Map<JsonTree, Attachment>): void {
  if (tree.kind === 'array') for (const item of tree.items) collect(item, found);
  if (tree.kind !== 'object') return;
  const data = dataOf(tree);
  if (data !== undefined) {
    const contentType = textOf(fieldOf(tree, 'contentType')) ?? 'application/octet-stream';
    const number = found.size + 1;
    const ending = endingOf(contentType);
    const title = textOf(fieldOf(tree, 'title')) ?? '';
    const fileName = fileNameOf(title, { ending }) ?? `attachment-${number}${ending}`;
    found.set(tree, { number, contentType, fileName, data });
  }
  for (const field of tree.fields.values()) collect(field, found);
}

function dataOf(tree: Extract<JsonTree, { kind: 'object' }>): string | undefined {
  const isBinary = textOf(fieldOf(tree, 'resourceType')) === 'Binary';
  // A Binary of DSTU2 has `content`.
  const data = fieldOf(tree, 'data') ?? (isBinary ? fieldOf(tree, 'content') : undefined);
  if (data?.kind !== 'text' || data.text === '') return undefined;
  return [...tree.fields.keys()].some((name) => otherFields.has(name)) ? undefined : data.text;
}

/** About how many bytes it has, without decoding it. */
export function sizeOfAttachment({ data }: Attachment): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  return Math.floor((data.length * 3) / 4) - padding;
}

/** Undefined: it is no base64. */
export function bytesOfAttachment({ data }: Attachment): Uint8Array | undefined {
  return base64ToBytes(data);
}

/**
 * The bytes of one document inside a record, exactly as they were put in.
 * Throws: ATTACHMENT_UNKNOWN (with how many there are), ATTACHMENT_DAMAGED.
 */
export function openAttachment(
  record: Uint8Array,
  number: number,
): { readonly attachment: Attachment; readonly bytes: Uint8Array } {
  const all = listAttachments(record);
  const attachment = all.find((it) => it.number === number);
  if (attachment === undefined) throw new CodedError('ATTACHMENT_UNKNOWN', { count: all.length });
  const bytes = bytesOfAttachment(attachment);
  if (bytes === undefined) throw new CodedError('ATTACHMENT_DAMAGED', { number });
  return { attachment, bytes };
}

/** The documents inside a record of JSON, or inside a clinical document; none in anything else. */
export function listAttachments(record: Uint8Array): readonly Attachment[] {
  try {
    return [...attachmentsIn(parseJsonTree(record)).values()];
  } catch {
    return attachmentsInXml(record);
  }
}

/** A clinical document may hold one as its whole body, and pictures in its sections. */
function attachmentsInXml(record: Uint8Array): readonly Attachment[] {
  const root = parseXml(record);
  const found: Attachment[] = [];
  const look = (element: XmlElement): void => {
    if (attribute(element, 'representation') === 'B64') {
      const contentType = attribute(element, 'mediaType') ?? 'application/octet-stream';
      const data = element.children
        .filter((it) => typeof it === 'string')
        .join('')
        .trim();
      const number = found.length + 1;
      found.push({
        number,
        contentType,
        fileName: `attachment-${number}${endingOf(contentType)}`,
        data,
      });
    }
    for (const child of element.children) if (typeof child !== 'string') look(child);
  };
  if (root?.name === 'ClinicalDocument') look(root);
  const fhir = fhirTreeOf(root);
  return fhir === undefined ? found : [...attachmentsIn(fhir).values()];
}

function endingOf(contentType: string): string {
  return endings[contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''] ?? '';
}

/** What a text or an HTML note says; undefined for any other document, and for what no known encoding reads. */
export function textOfAttachment(
  { contentType }: Attachment,
  bytes: Uint8Array,
): string | undefined {
  const type = contentType.toLowerCase();
  const isHtml = type.startsWith('text/html') || type.startsWith('application/xhtml');
  if (!isHtml && !/^text\/(plain|markdown|csv|tab-separated-values)/.test(type)) return undefined;
  const text = decoded(bytes, /charset\s*=\s*"?([\w.-]+)/.exec(type)?.[1]);
  return text === undefined || !isHtml ? text : textOfHtml(text);
}

/** In the encoding it names; else UTF-8, else Windows-1252, in which anything is text. */
function decoded(bytes: Uint8Array, charset: string | undefined): string | undefined {
  for (const encoding of [charset, 'utf-8', 'windows-1252']) {
    if (encoding === undefined) continue;
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {}
  }
  return undefined;
}
