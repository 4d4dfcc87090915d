import { CodedError, isCoded } from '../../primitives/errors.ts';
import { isHttp } from './address.ts';
import { hidesClass, type ReadValue, readList, readValue, takeLine } from './bundle-entries.ts';
import type { ClassFacts } from './class-of.ts';
import { foreignJson, foreignTypeName, isTypeName } from './foreign-json.ts';
import { type Deletion, type FileNote, type Found, nothingFound, put } from './found.ts';
import { JsonScanner, token } from './json-scanner.ts';
import { recordLimits } from './limits.ts';
import { headBytes, type JudgedFormat, judgeFormat, lengthOfByteOrderMark } from './media-type.ts';
import type { ResourceFacts } from './resource-facts.ts';
import { resourceTypes } from './resource-types.ts';

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
  /** Of what is no FHIR and says by itself that it is restricted. */
  readonly labels?: readonly string[];
  /** Of what is no JSON and still FHIR: by what its class is judged. */
  readonly judgedAs?: Pick<ClassFacts, 'resourceType' | 'categories' | 'bundleType'>;
  /** It holds records of several classes whole: none but its owner opens it by a class. */
  readonly ownersOnly?: true;
  /** Of what is no FHIR: what it is called, where that is not the name of its file. */
  readonly title?: string | undefined;
  /** What names this Binary as its document, in the same file: a list for each of its addresses. */
  readonly namers?: readonly (readonly ResourceFacts[])[];
  /** Of what lies packed in the file: its own bytes, which are no range of it, and its name. */
  readonly unpacked?: { readonly bytes: Uint8Array; readonly name: string };
}

export interface CutFile {
  readonly kind: FileKind;
  readonly mediaType: string;
  readonly byteLength: number;
  readonly bundleType: string | undefined;
  /** In the order of the file, without overlap. */
  readonly parts: readonly FilePart[];
  /** What else is to be told about the file. */
  readonly notes: readonly FileNote[];
  /** What the source says that it deleted. */
  readonly deletions: readonly Deletion[];
  /** The Patients inside a document, which is no part of its own. */
  readonly persons: readonly ResourceFacts[];
}

const nothingBeside = { notes: [], deletions: [], persons: [] } as const;

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
 * Says what a file is and where its items lie; nothing is decoded beyond what that takes. What is JSON and no
 * resource of R4 is an item all the same, and `notes` tells what it is; `strict` refuses it.
 *
 * Throws: what `judgeFile` throws, JSON_INVALID, JSON_DUPLICATE_KEY, BUNDLE_TOO_DEEP, BUNDLE_TOO_MANY; strict
 * also RESOURCE_TYPE, RESOURCE_INVALID, BUNDLE_DUPLICATE_ID. Those about a place carry `offset`, `line`, `column`.
 * Source: docs/protocol/items.md, rules I-5 to I-10.
 */
export function cutFile(
  name: string,
  bytes: Uint8Array,
  { strict = false }: { readonly strict?: boolean | undefined } = {},
): CutFile {
  const { format, mediaType } = judgeFile(name, bytes, bytes.length);
  if (format === 'json') return cutJson(name, bytes, strict);
  if (format === 'ndjson') return cutLines(bytes, strict);
  return cutOpaque(mediaType, bytes.length);
}

/** The cut of a file that is one item whatever it holds; for files that are streamed. */
export function cutOpaque(mediaType: string, byteLength: number): CutFile {
  return {
    ...nothingBeside,
    kind: mediaType === 'application/pdf' ? 'document' : 'other',
    mediaType,
    byteLength,
    bundleType: undefined,
    parts: [{ offset: 0, length: byteLength, mediaType, facts: undefined }],
  };
}

function cutJson(name: string, bytes: Uint8Array, strict: boolean): CutFile {
  const scanner = new JsonScanner(bytes, lengthOfByteOrderMark(bytes), withoutTail(bytes));
  const first = scanner.next();
  if (first !== token.objectOpen) {
    if (first === token.arrayOpen) return cutArray(scanner, strict);
    scanner.next();
    if (strict) scanner.fail(0, 'RESOURCE_TYPE');
    return cutForeign(bytes, { form: 'JSON', mediaType: 'application/json' });
  }
  const value = readValue(scanner);
  const mayBeLines = !strict || !name.toLowerCase().endsWith('.json');
  if (mayBeLines && goesOnInNextLine(bytes, scanner.end)) {
    return cutLines(bytes, strict);
  }
  scanner.next();
  return cutValue(scanner, value, strict);
}

function cutValue(scanner: JsonScanner, value: ReadValue, strict: boolean): CutFile {
  const { facts, inside, isWrapper } = value;
  const { bytes } = scanner;
  const isKnown = resourceTypes.has(facts.resourceType);
  if (strict && !isKnown) scanner.fail(facts.offset, 'RESOURCE_TYPE');
  if (strict) refuseFlaws(scanner, value);
  else if (hidesClass(facts)) scanner.fail(facts.flaw?.at ?? 0, 'RESOURCE_INVALID');
  if (facts.resourceType === '' || (!isKnown && !isTypeName(facts.resourceType))) {
    return cutForeign(bytes, foreignJson(value.fields));
  }
  const whole = { ...nothingBeside, mediaType: resourceMediaType, byteLength: bytes.length };
  const { bundleType } = facts;
  if (isWrapper) {
    return { ...whole, ...inside, kind: 'bundle', bundleType, parts: inside.resources.map(partOf) };
  }
  if (facts.resourceType !== 'Bundle') {
    const type = foreignTypeName(facts.resourceType);
    const notes: FileNote[] = isKnown
      ? []
      : [{ kind: 'foreign', id: facts.id, type, at: facts.offset }];
    const kind = isKnown ? 'resource' : 'other';
    return { ...whole, notes, kind, bundleType: undefined, parts: [partOf(facts)] };
  }
  // A document is called what its first resource, the Composition, is called.
  const title = inside.resources[0]?.title ?? facts.title;
  const persons = inside.resources.filter((it) => it.resourceType === 'Patient');
  return { ...whole, persons, kind: 'document', bundleType, parts: [partOf({ ...facts, title })] };
}

/** What a strict reading refuses: `--strict`, for who would rather have nothing than a part. */
function refuseFlaws(scanner: JsonScanner, { inside, flawAt, facts }: ReadValue): void {
  if (facts.flaw !== undefined) scanner.fail(facts.flaw.at, 'RESOURCE_INVALID');
  const foreign = inside.notes.find((it) => it.kind === 'foreign');
  if (foreign?.kind === 'foreign') scanner.fail(foreign.at, 'RESOURCE_TYPE');
  if (flawAt !== undefined) scanner.fail(flawAt, 'RESOURCE_INVALID');
  // A history lists the versions of one resource: there the same id is the point.
  if (facts.bundleType === 'history') return;
  const seen = new Set<string>();
  for (const { resourceType, id, versionId = '', fullUrl, offset } of inside.resources) {
    if (id === undefined) continue;
    const name = `${resourceType}/${id}/${versionId} ${isHttp(fullUrl) ? fullUrl : ''}`;
    if (seen.has(name)) scanner.fail(offset, 'BUNDLE_DUPLICATE_ID');
    seen.add(name);
  }
}

/** A list of resources; any other list is kept as the JSON it is. The opening bracket was read last. */
function cutArray(scanner: JsonScanner, strict: boolean): CutFile {
  const { bytes } = scanner;
  const { found, isTyped } = readList(scanner);
  scanner.next();
  if (strict) scanner.fail(0, 'RESOURCE_TYPE');
  if (!isTyped) return cutForeign(bytes, { form: 'JSON', mediaType: 'application/json' });
  const whole = { ...nothingBeside, mediaType: resourceMediaType, byteLength: bytes.length };
  const parts = found.resources.map(partOf);
  return { ...whole, ...found, kind: 'bundle', bundleType: undefined, parts };
}

function cutForeign(
  bytes: Uint8Array,
  { form, mediaType }: { readonly form: string; readonly mediaType: string },
): CutFile {
  const notes: readonly FileNote[] = [{ kind: 'foreign', type: form, at: 0 }];
  return { ...cutOpaque(mediaType, bytes.length), notes };
}

/** Where the text ends before what some programs put behind it: zeros, and the end mark of DOS. */
function withoutTail(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x00 || bytes[end - 1] === 0x1a)) end--;
  return end;
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

function cutLines(bytes: Uint8Array, strict: boolean): CutFile {
  const found = nothingFound();
  let firstError: unknown;
  let number = 0;
  const end = withoutTail(bytes);
  for (let from = 0; from < end; ) {
    const lineFeed = bytes.indexOf(0x0a, from);
    const to = lineFeed < 0 || lineFeed > end ? end : lineFeed;
    number += 1;
    try {
      readLine({ bytes, from, to, number, strict }, found);
    } catch (error) {
      if (strict || !isCoded(error) || error.code === 'BUNDLE_TOO_MANY') throw error;
      firstError ??= error;
      const reason = 'it is no whole JSON';
      put(found.notes, { kind: 'unreadable', entry: number, reason, at: from });
    }
    from = to + 1;
  }
  const { resources, notes, deletions } = found;
  if (resources.length === 0 && firstError !== undefined) throw firstError;
  if (resources.length === 0 && notes.length + deletions.length === 0) {
    throw new CodedError('FILE_EMPTY');
  }
  const mediaType = 'application/fhir+ndjson';
  const parts = resources.map(partOf);
  const whole = { ...nothingBeside, kind: 'ndjson', mediaType, byteLength: bytes.length } as const;
  return { ...whole, notes, deletions, bundleType: undefined, parts };
}

interface Line {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly number: number;
  readonly strict: boolean;
}

/** Puts what the line holds into `found`; a blank line holds nothing. */
function readLine({ bytes, from, to, number, strict }: Line, found: Found): void {
  // Files that were joined have a byte order mark in the middle.
  let at = from + lengthOfByteOrderMark(bytes.subarray(from, to));
  while (at < to && [0x20, 0x09, 0x0d].includes(bytes[at] ?? 0)) at++;
  if (at === to) return;
  const scanner = new JsonScanner(bytes, at, to, { number, at: from });
  const first = scanner.next();
  if (first !== token.objectOpen) {
    if (first === token.arrayOpen) scanner.skipRest();
    scanner.next();
    scanner.fail(at, 'RESOURCE_TYPE');
  }
  const value = readValue(scanner);
  scanner.next();
  const { facts } = value;
  if (strict && !resourceTypes.has(facts.resourceType)) {
    scanner.fail(facts.offset, 'RESOURCE_TYPE');
  }
  if (strict) refuseFlaws(scanner, value);
  takeLine(scanner, value, number, found);
}
