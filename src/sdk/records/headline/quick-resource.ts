import { utf8ToText } from '../../../primitives/bytes.ts';
import { JsonScanner, token } from '../json-scanner.ts';
import { type JsonTree, parseJsonTree } from '../json-tree.ts';
import { type ReadableResource, textAlong } from './readable-resource.ts';

/** A field that is larger says nothing that fits into one line. */
const maxFieldBytes = 64 * 1024;
/** Contained resources are looked at for the medicine that a prescription names. */
const maxContainedBytes = 1024 * 1024;

/**
 * A FHIR resource of which only where its fields lie is known; a field becomes a tree when it is asked for.
 * So the one line of a record with megabytes inside costs one pass over its bytes.
 */
export class QuickResource implements ReadableResource {
  readonly #bytes: Uint8Array;
  readonly #places: ReadonlyMap<string, readonly [start: number, end: number]>;
  readonly #trees = new Map<string, JsonTree | undefined>();
  readonly isModified: boolean;

  private constructor(
    bytes: Uint8Array,
    places: ReadonlyMap<string, readonly [number, number]>,
    isModified: boolean,
  ) {
    this.#bytes = bytes;
    this.#places = places;
    this.isModified = isModified;
  }

  /** Throws what the scanner throws; undefined: no object. */
  static read(bytes: Uint8Array, from = 0): QuickResource | undefined {
    const scanner = new JsonScanner(bytes, from);
    const read = scanner.next() === token.objectOpen ? readObject(scanner) : undefined;
    if (read === undefined) return undefined;
    if (scanner.next() !== token.end) return undefined;
    return new QuickResource(bytes, read.places, read.isModified);
  }

  get names(): readonly string[] {
    return [...this.#places.keys()];
  }

  /** Undefined: not there, or too large for one line. */
  field(name: string): JsonTree | undefined {
    const place = this.#places.get(name);
    if (place === undefined) return undefined;
    if (this.#trees.has(name)) return this.#trees.get(name);
    const [start, end] = place;
    const limit = name === 'contained' ? maxContainedBytes : maxFieldBytes;
    const bytes = this.#bytes.subarray(start, end);
    const tree = bytes.length <= limit ? treeOf(bytes) : undefined;
    this.#trees.set(name, tree);
    return tree;
  }

  text(...path: readonly [string, ...string[]]): string | undefined {
    const [first, ...rest] = path;
    return textAlong(this.field(first), rest);
  }

  /** Of a Bundle: the resource of its first entry, and how many entries it has; the others stay unread. */
  entries(): { readonly first: QuickResource | undefined; readonly count: number } {
    const place = this.#places.get('entry');
    if (place === undefined) return { first: undefined, count: 0 };
    const scanner = new JsonScanner(this.#bytes.subarray(...place));
    if (scanner.next() !== token.arrayOpen) return { first: undefined, count: 0 };
    let first: QuickResource | undefined;
    let count = 0;
    for (let next = scanner.next(); next !== token.arrayClose; next = scanner.next()) {
      if (next === token.objectOpen && count === 0) first = resourceOfEntry(scanner);
      else if (next === token.objectOpen || next === token.arrayOpen) scanner.skipRest();
      count++;
    }
    return { first, count };
  }
}

/** Of bytes that the scanner accepted: a plain string, as most fields are, needs no second one. */
function treeOf(bytes: Uint8Array): JsonTree {
  if (bytes[0] !== 0x22) return parseJsonTree(bytes);
  const literal = utf8ToText(bytes);
  const text = literal.includes('\\') ? String(JSON.parse(literal)) : literal.slice(1, -1);
  return { kind: 'text', text };
}

/** The scanner stands behind the opening brace of an entry, and is left behind its closing one. */
function resourceOfEntry(scanner: JsonScanner): QuickResource | undefined {
  let resource: QuickResource | undefined;
  while (scanner.next() === token.key) {
    const name = scanner.keyText();
    const [start, end] = scanner.skipValue();
    if (name === 'resource') resource = QuickResource.read(scanner.bytes.subarray(start, end));
  }
  return resource;
}

/** The scanner stands behind the opening brace, and is left behind the closing one. */
function readObject(scanner: JsonScanner) {
  const places = new Map<string, readonly [number, number]>();
  let isModified = false;
  const { depth } = scanner;
  let name = '';
  let start = 0;
  for (let kind = scanner.next(); ; kind = scanner.next()) {
    const isInside = scanner.depth > depth;
    if (kind === token.key) {
      if (!isInside) {
        name = scanner.keyText();
        start = -1;
        isModified ||= name === 'modifierExtension' && startsFilledArray(scanner);
      } else isModified ||= isModifierName(scanner) && startsFilledArray(scanner);
      continue;
    }
    if (start < 0) start = scanner.start;
    if (isInside) continue;
    if (scanner.depth < depth) return { places, isModified };
    places.set(name, [start, scanner.end]);
  }
}

/** Looks at two bytes before it makes a text of every name of a resource. */
function isModifierName(scanner: JsonScanner): boolean {
  const { bytes, start } = scanner;
  return (
    bytes[start + 1] === 0x6d &&
    bytes[start + 9] === 0x45 &&
    scanner.keyText() === 'modifierExtension'
  );
}

/** Whether the value behind the name that was read last is an array with something in it. */
function startsFilledArray({ bytes, end }: JsonScanner): boolean {
  let at = end;
  let sawBracket = false;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) continue;
    if (byte !== 0x5b || sawBracket) break;
    sawBracket = true;
  }
  return sawBracket && bytes[at] !== 0x5d;
}
