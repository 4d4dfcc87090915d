import type { Code } from '../../codes/index.ts';
import { equalBytes, utf8, utf8ToText, wellFormed } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';

/** What stands at a place of a JSON text. `end` comes once, after the one value. */
export const token = {
  end: 0,
  objectOpen: 1,
  objectClose: 2,
  arrayOpen: 3,
  arrayClose: 4,
  key: 5,
  string: 6,
  number: 7,
  literal: 8,
} as const;
export type Token = (typeof token)[keyof typeof token];

/** JSON is nested 128 deep at most; an object of FHIR never comes near 4,096 fields. */
export const jsonLimits = { maxDepth: 128, maxFields: 4096 } as const;

const quote = 0x22;
const backslash = 0x5c;
/** Beyond so many fields, or at the first escaped name, names are compared as text in a set. */
const fieldsComparedByBytes = 32;

const afterValue = 0;
const needValue = 1;
const valueOrClose = 2;
const needKey = 3;
const keyOrClose = 4;

/** 1 for the bytes that stand for themselves inside a string: ASCII without `"`, `\` and controls. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== quote && byte !== backslash ? 1 : 0,
);
const literals: readonly Uint8Array[] = [utf8('true'), utf8('false'), utf8('null')];

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/**
 * Reads strict JSON (RFC 8259) token by token and says where each token lies, so that a part of a file
 * can be taken out byte for byte. It never turns a number into a number.
 *
 * UTF-8 is checked, names of one object are unique after unescaping, and nothing recurses. Half of an escaped
 * surrogate pair becomes U+FFFD in a text. `start` and `end` are offsets into `bytes`; those of strings include the quotes.
 * It is long because it is one machine: every part of it moves the same place in the bytes.
 *
 * Throws: JSON_INVALID, JSON_DUPLICATE_KEY, BUNDLE_TOO_DEEP, RESOURCE_INVALID (too many fields), each
 * with `offset` (from 0), `line` and `column` (from 1, in characters) of the place.
 * Source: docs/protocol/items.md, rules I-1 to I-4.
 */
export class JsonScanner {
  readonly bytes: Uint8Array;
  readonly limit: number;
  start: number;
  end: number;
  depth = 0;
  readonly #line: { readonly number: number; readonly at: number };
  #state: number = needValue;
  #escaped = false;
  readonly #isObject = new Uint8Array(jsonLimits.maxDepth + 1);
  /** Start and end of the names of all open objects, and where those of each depth begin. */
  readonly #names: number[] = [];
  readonly #firstName: number[] = [];
  readonly #nameSets: (Set<string> | undefined)[] = [];

  /** `line` is the one that `from` lies in, and where it begins: errors need not look for it. */
  constructor(bytes: Uint8Array, from = 0, limit = bytes.length, line = { number: 1, at: 0 }) {
    this.bytes = bytes;
    this.limit = limit;
    this.#line = line;
    this.start = from;
    this.end = from;
  }

  next(): Token {
    let at = this.#skipBlank(this.end);
    if (this.#state === afterValue) {
      if (this.depth === 0) {
        if (at < this.limit) this.fail(at);
        this.start = at;
        this.end = at;
        return token.end;
      }
      const inObject = this.#isObject[this.depth] === 1;
      if (this.#byte(at) !== 0x2c) return this.#close(at);
      at = this.#skipBlank(at + 1);
      this.#state = inObject ? needKey : needValue;
    }
    const byte = this.#byte(at);
    if (this.#state === needKey || this.#state === keyOrClose) {
      if (byte === quote) return this.#key(at);
      if (this.#state === needKey) this.fail(at);
      return this.#close(at);
    }
    if (byte === 0x5d && this.#state === valueOrClose) return this.#close(at);
    return this.#value(at, byte);
  }

  /** After a token that opens an object or array: moves to the token that closes it. */
  skipRest(): void {
    for (const outside = this.depth - 1; this.depth > outside; ) this.next();
  }

  /** Skips the value that follows and answers where it lies. */
  skipValue(): readonly [start: number, end: number] {
    const kind = this.next();
    const { start } = this;
    if (kind === token.objectOpen || kind === token.arrayOpen) this.skipRest();
    return [start, this.end];
  }

  /** The text of the string or name that was read last. */
  text(): string {
    return this.#escaped
      ? unescaped(this.bytes.subarray(this.start, this.end))
      : utf8ToText(this.bytes.subarray(this.start + 1, this.end - 1));
  }

  fail(at: number, code: Code = 'JSON_INVALID'): never {
    throw new CodedError(code, this.#placeOf(Math.min(at, this.limit)));
  }

  /** Line and column of a byte, from 1, for a person who looks for what is wrong. */
  #placeOf(offset: number): Place {
    let line = this.#line.number;
    let column = 1;
    for (let at = this.#line.at; at < offset; at++) {
      const byte = this.bytes[at] ?? 0;
      if (byte === 0x0a) {
        line++;
        column = 1;
      } else if ((byte & 0xc0) !== 0x80) column++;
    }
    return { offset, line, column };
  }

  #byte(at: number): number {
    return at < this.limit ? (this.bytes[at] ?? -1) : -1;
  }

  #skipBlank(from: number): number {
    const { bytes, limit } = this;
    let at = from;
    for (; at < limit; at++) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    }
    return at;
  }

  #value(at: number, byte: number): Token {
    this.start = at;
    if (byte === quote) {
      this.end = this.#stringEnd(at);
      this.#state = afterValue;
      return token.string;
    }
    if (byte === 0x7b || byte === 0x5b) return this.#open(at, byte === 0x7b);
    this.#state = afterValue;
    if (byte === 0x2d || isDigit(byte)) {
      this.end = this.#numberEnd(at);
      return token.number;
    }
    for (const word of literals) {
      const end = at + word.length;
      if (word[0] !== byte || end > this.limit) continue;
      if (!equalBytes(word, this.bytes.subarray(at, end))) continue;
      this.end = end;
      return token.literal;
    }
    return this.fail(at);
  }

  #open(at: number, isObject: boolean): Token {
    if (this.depth === jsonLimits.maxDepth) this.fail(at, 'BUNDLE_TOO_DEEP');
    this.depth++;
    this.#isObject[this.depth] = isObject ? 1 : 0;
    this.#firstName[this.depth] = this.#names.length;
    this.#nameSets[this.depth] = undefined;
    this.end = at + 1;
    this.#state = isObject ? keyOrClose : valueOrClose;
    return isObject ? token.objectOpen : token.arrayOpen;
  }

  #close(at: number): Token {
    const isObject = this.#isObject[this.depth] === 1;
    if (this.#byte(at) !== (isObject ? 0x7d : 0x5d)) this.fail(at);
    this.#names.length = this.#firstName[this.depth] ?? 0;
    this.depth--;
    this.start = at;
    this.end = at + 1;
    this.#state = afterValue;
    return isObject ? token.objectClose : token.arrayClose;
  }

  #key(at: number): Token {
    this.start = at;
    const end = this.#stringEnd(at);
    this.end = end;
    this.#claimName(at, end);
    const colon = this.#skipBlank(end);
    if (this.#byte(colon) !== 0x3a) this.fail(colon);
    // The scanner stands behind the colon; `end` must still be that of the name.
    this.#state = needValue;
    this.end = colon + 1;
    this.#keyEnd = end;
    return token.key;
  }
  #keyEnd = 0;

  /** The name that was read last; `end` already lies behind its colon. */
  keyText(): string {
    return this.#nameText(this.start, this.#keyEnd);
  }

  #nameText(start: number, end: number): string {
    const { bytes } = this;
    for (let at = start + 1; at < end - 1; at++) {
      if (plain[bytes[at] ?? 0] === 0) return unescaped(bytes.subarray(start, end));
    }
    let text = '';
    for (let at = start + 1; at < end - 1; at++) text += String.fromCharCode(bytes[at] ?? 0);
    return text;
  }

  #claimName(start: number, end: number): void {
    const first = this.#firstName[this.depth] ?? 0;
    const names = this.#names;
    const set = this.#nameSets[this.depth];
    if (set === undefined && !this.#escaped && names.length - first < 2 * fieldsComparedByBytes) {
      for (let i = first; i < names.length; i += 2) {
        if (this.#sameName(names[i] ?? 0, names[i + 1] ?? 0, start, end)) {
          this.fail(start, 'JSON_DUPLICATE_KEY');
        }
      }
    } else {
      this.#claimText(start, end, set ?? this.#nameSetOf(first));
    }
    names.push(start, end);
  }

  #claimText(start: number, end: number, set: Set<string>): void {
    if (set.size === jsonLimits.maxFields) this.fail(start, 'RESOURCE_INVALID');
    const text = this.#nameText(start, end);
    if (set.has(text)) this.fail(start, 'JSON_DUPLICATE_KEY');
    set.add(text);
  }

  #nameSetOf(first: number): Set<string> {
    const set = new Set<string>();
    for (let i = first; i < this.#names.length; i += 2) {
      set.add(this.#nameText(this.#names[i] ?? 0, this.#names[i + 1] ?? 0));
    }
    this.#nameSets[this.depth] = set;
    return set;
  }

  #sameName(start: number, end: number, otherStart: number, otherEnd: number): boolean {
    if (end - start !== otherEnd - otherStart) return false;
    const { bytes } = this;
    for (let i = end - start - 2; i > 0; i--) {
      if (bytes[start + i] !== bytes[otherStart + i]) return false;
    }
    return true;
  }

  /** `at` is the opening quote; answers the offset behind the closing one. */
  #stringEnd(opening: number): number {
    const { bytes, limit } = this;
    this.#escaped = false;
    let at = opening + 1;
    while (at < limit) {
      const byte = bytes[at] ?? 0;
      if (plain[byte] === 1) at++;
      else if (byte === quote) return at + 1;
      else if (byte === backslash) {
        this.#escaped = true;
        at = this.#escapeEnd(at);
      } else if (byte < 0x20) this.fail(at);
      else at = this.#characterEnd(at, byte);
    }
    return this.fail(at);
  }

  #escapeEnd(at: number): number {
    const letter = this.#byte(at + 1);
    // " \ / b f n r t
    if (
      letter === quote ||
      letter === backslash ||
      letter === 0x2f ||
      letter === 0x62 ||
      letter === 0x66 ||
      letter === 0x6e ||
      letter === 0x72 ||
      letter === 0x74
    ) {
      return at + 2;
    }
    if (letter !== 0x75) this.fail(at);
    // Half of a pair too: programs that cut a text at a length leave one, and the rest of it is good.
    this.#hexUnit(at + 2);
    return at + 6;
  }

  #hexUnit(at: number): number {
    let unit = 0;
    for (let i = at; i < at + 4; i++) {
      const byte = this.#byte(i);
      const lower = byte | 0x20;
      if (isDigit(byte)) unit = unit * 16 + byte - 0x30;
      else if (lower >= 0x61 && lower <= 0x66) unit = unit * 16 + lower - 0x57;
      else this.fail(i);
    }
    return unit;
  }

  /** A character of two to four bytes: no overlong form, no surrogate, nothing above U+10FFFF. */
  #characterEnd(at: number, byte: number): number {
    const more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    if (byte < 0xc2 || byte > 0xf4) this.fail(at);
    const second = this.#byte(at + 1);
    const lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    const highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) this.fail(at);
    for (let i = 2; i <= more; i++) {
      const next = this.#byte(at + i);
      if (next < 0x80 || next > 0xbf) this.fail(at);
    }
    return at + 1 + more;
  }

  #numberEnd(start: number): number {
    let at = this.#byte(start) === 0x2d ? start + 1 : start;
    if (this.#byte(at) === 0x30) at++;
    else at = this.#digitsEnd(at);
    if (this.#byte(at) === 0x2e) at = this.#digitsEnd(at + 1);
    if ((this.#byte(at) | 0x20) === 0x65) {
      const sign = this.#byte(at + 1);
      at = this.#digitsEnd(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
    }
    return at;
  }

  #digitsEnd(start: number): number {
    let at = start;
    while (isDigit(this.#byte(at))) at++;
    if (at === start) this.fail(at);
    return at;
  }
}

/** A string literal that the scanner accepted. Only strings go this way: JSON.parse changes numbers. */
function unescaped(literal: Uint8Array): string {
  return wellFormed(String(JSON.parse(utf8ToText(literal))));
}

interface Place extends Readonly<Record<string, number>> {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}
