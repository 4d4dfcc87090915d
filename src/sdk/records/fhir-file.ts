import { CodedError } from '../../primitives/errors.ts';
import { BundleEntries } from './bundle-entries.ts';
import { JsonScanner, token } from './json-scanner.ts';
import { recordLimits } from './limits.ts';
import { headBytes, type JudgedFormat, judgeFormat, lengthOfByteOrderMark } from './media-type.ts';
import { type ResourceFacts, readResource } from './resource-facts.ts';

/**
 * - `bundle`: a FHIR Bundle, one item per resource · `resource`: one FHIR resource · `ndjson`: one item per line
 * - `document`: a FHIR document Bundle or a PDF, kept whole as one item · `other`: any other file, one item
 */
export type FileKind = 'bundle' | 'resource' | 'ndjson' | 'document' | 'other';

/** The exact bytes of one item within its file. `facts` is absent when the item is not FHIR. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
  readonly mediaType: string;
  readonly facts: ResourceFacts | undefined;
}

export interface CutFile {
  readonly kind: FileKind;
  readonly mediaType: string;
  readonly byteLength: number;
  readonly bundleType: string | undefined;
  /** In the order of the file, without overlap. */
  readonly parts: readonly FilePart[];
}

const resourceMediaType = 'application/fhir+json';

/**
 * Judges a file by its name, size and first bytes, before the rest is read. A file of format `opaque` may
 * then be streamed: it is one item.
 *
 * Throws: FILE_EMPTY, FILE_TOO_LARGE, BUNDLE_TOO_LARGE (JSON above 64 MiB).
 */
export function judgeFile(name: string, head: Uint8Array, byteLength: number): JudgedFormat {
  if (byteLength === 0) throw new CodedError('FILE_EMPTY');
  if (byteLength > recordLimits.maxFileBytes)
    throw new CodedError('FILE_TOO_LARGE', { byteLength });
  const judged = judgeFormat(name, head.subarray(0, headBytes));
  if (judged.format !== 'opaque' && byteLength > recordLimits.maxBundleBytes) {
    throw new CodedError('BUNDLE_TOO_LARGE', { byteLength, limit: recordLimits.maxBundleBytes });
  }
  return judged;
}

/**
 * Says what a file is and where its items lie; nothing is decoded beyond what that takes.
 *
 * Throws: what `judgeFile` throws, JSON_INVALID, JSON_DUPLICATE_KEY, RESOURCE_TYPE, RESOURCE_INVALID,
 * BUNDLE_TOO_DEEP, BUNDLE_TOO_MANY, BUNDLE_DUPLICATE_ID; those about a place carry `offset`, `line`, `column`.
 * Source: docs/protocol/items.md, rules I-5 to I-10.
 */
export function cutFile(name: string, bytes: Uint8Array): CutFile {
  const { format, mediaType } = judgeFile(name, bytes, bytes.length);
  if (format === 'json') return cutJson(name, bytes);
  if (format === 'ndjson') return cutLines(bytes);
  return cutOpaque(mediaType, bytes.length);
}

/** The cut of a file that is one item whatever it holds; for files that are streamed. */
export function cutOpaque(mediaType: string, byteLength: number): CutFile {
  return {
    kind: mediaType === 'application/pdf' ? 'document' : 'other',
    mediaType,
    byteLength,
    bundleType: undefined,
    parts: [{ offset: 0, length: byteLength, mediaType, facts: undefined }],
  };
}

function cutJson(name: string, bytes: Uint8Array): CutFile {
  const scanner = new JsonScanner(bytes, lengthOfByteOrderMark(bytes));
  const entries = new BundleEntries(scanner);
  const first = scanner.next();
  if (first !== token.objectOpen) {
    if (first === token.arrayOpen) scanner.skipRest();
    scanner.next();
    scanner.fail(0, 'RESOURCE_TYPE');
  }
  const facts = readResource(scanner, () => entries.read());
  if (!name.toLowerCase().endsWith('.json') && goesOnInNextLine(bytes, scanner.end)) {
    return cutLines(bytes);
  }
  scanner.next();
  const whole = { mediaType: resourceMediaType, byteLength: bytes.length };
  if (facts.resourceType !== 'Bundle') {
    return { ...whole, kind: 'resource', bundleType: undefined, parts: [partOf(facts)] };
  }
  const { bundleType } = facts;
  entries.check(bundleType, facts.offset);
  const { resources } = entries;
  if (bundleType !== 'document') {
    return { ...whole, kind: 'bundle', bundleType, parts: resources.map(partOf) };
  }
  // A document is called what its first resource, the Composition, is called.
  const title = resources[0]?.title ?? facts.title;
  return { ...whole, kind: 'document', bundleType, parts: [partOf({ ...facts, title })] };
}

function partOf(facts: ResourceFacts): FilePart {
  const { offset, length } = facts;
  return { offset, length, mediaType: resourceMediaType, facts };
}

/** Only then can the text be NDJSON: JSON itself ends with its one value. */
function goesOnInNextLine(bytes: Uint8Array, end: number): boolean {
  let sawLineFeed = false;
  for (let at = end; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === 0x0a) sawLineFeed = true;
    else if (byte !== 0x0d && byte !== 0x20 && byte !== 0x09) return sawLineFeed && byte === 0x7b;
  }
  return false;
}

function cutLines(bytes: Uint8Array): CutFile {
  const parts: FilePart[] = [];
  let from = lengthOfByteOrderMark(bytes);
  while (from < bytes.length) {
    const lineFeed = bytes.indexOf(0x0a, from);
    const to = lineFeed < 0 ? bytes.length : lineFeed;
    const facts = readLine(bytes, from, to);
    from = to + 1;
    if (facts === undefined) continue;
    if (parts.length === recordLimits.maxItemsPerFile) {
      throw new CodedError('BUNDLE_TOO_MANY', { limit: recordLimits.maxItemsPerFile });
    }
    parts.push(partOf(facts));
  }
  if (parts.length === 0) throw new CodedError('FILE_EMPTY');
  const mediaType = 'application/fhir+ndjson';
  return { kind: 'ndjson', mediaType, byteLength: bytes.length, bundleType: undefined, parts };
}

/** Undefined for a blank line. */
function readLine(bytes: Uint8Array, from: number, to: number): ResourceFacts | undefined {
  let at = from;
  while (at < to && [0x20, 0x09, 0x0d].includes(bytes[at] ?? 0)) at++;
  if (at === to) return undefined;
  const scanner = new JsonScanner(bytes, at, to);
  const first = scanner.next();
  if (first !== token.objectOpen) {
    if (first === token.arrayOpen) scanner.skipRest();
    scanner.next();
    scanner.fail(at, 'RESOURCE_TYPE');
  }
  const facts = readResource(scanner);
  scanner.next();
  return facts;
}
