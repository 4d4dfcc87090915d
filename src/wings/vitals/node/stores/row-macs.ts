import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import {
  deriveKey,
  hmacSha256,
  labelledInfo,
  sha256,
  sha256Into,
} from '../../../../crypto/hash.ts';
import { vitalsNames } from '../../names.ts';

/** As a column holds it. */
export type Value = null | number | bigint | string | Uint8Array;

const tags = { nothing: 0, whole: 1, text: 2, bytes: 3 } as const;
const text = new TextEncoder();
const headBytes = 5;

function tagOf(value: Value): number {
  if (value === null) return tags.nothing;
  if (typeof value === 'string') return tags.text;
  return value instanceof Uint8Array ? tags.bytes : tags.whole;
}

/** Used again: memory of its own for each row costs as much as its hashes. Nothing waits in between. */
let scratch = new Uint8Array(4_096);
let view = new DataView(scratch.buffer);

/** Room for so many bytes from a place on; what stands before it stays. */
function roomFor(at: number, bytes: number): void {
  if (at + bytes <= scratch.length) return;
  const wider = new Uint8Array(2 * (at + bytes));
  wider.set(scratch.subarray(0, at));
  scratch = wider;
  view = new DataView(scratch.buffer);
}

/** Tag, length of 32 bits and bytes of a value, at a place of `scratch`; returns where it ends. */
function writeAt(at: number, value: Value): number {
  const start = at + headBytes;
  let length = 0;
  if (value instanceof Uint8Array) {
    length = value.length;
    roomFor(start, length);
    scratch.set(value, start);
  } else {
    // Whole numbers as they are written: decimal digits. Text takes three bytes a unit at most.
    const shown = value === null ? '' : String(value);
    roomFor(start, 3 * shown.length);
    length = textAt(start, shown);
  }
  scratch[at] = tagOf(value);
  view.setUint32(at + 1, length);
  return start + length;
}

/** Returns its length in UTF-8. */
function textAt(start: number, shown: string): number {
  for (let at = 0; at < shown.length; at++) {
    const unit = shown.charCodeAt(at);
    if (unit >= 128) return text.encodeInto(shown, scratch.subarray(start)).written;
    scratch[start + at] = unit;
  }
  return shown.length;
}

const block = 64;
/** A key of HMAC-SHA-256 as its two hashes begin: rows are many and short. */
interface MacKey {
  readonly inner: Uint8Array;
  readonly outer: Uint8Array;
}
function macKeyOf(key: Uint8Array): MacKey {
  const padded = (by: number) => {
    const bytes = new Uint8Array(block).fill(by);
    for (const [at, byte] of key.entries()) bytes[at] = byte ^ by;
    return bytes;
  };
  return { inner: padded(0x36), outer: padded(0x5c) };
}

const outer = new Uint8Array(block + 32);
const nonce = new Uint8Array(12);

/** HMAC-SHA-256 over tag, length and bytes of each: two rows that differ are never the same bytes. */
function macOf(key: MacKey, table: string, values: readonly Value[]): Uint8Array {
  let end = writeAt(block, table);
  for (const value of values) end = writeAt(end, value);
  scratch.set(key.inner);
  outer.set(key.outer);
  sha256Into(outer, block, scratch.subarray(0, end));
  return sha256(outer);
}

/**
 * MACs of a data server's rows, under a key that is in no database: HMAC-SHA-256 over the table and all values in their order.
 * Source: docs/protocol/vitals-tampering.md, rule VT-6.
 */
export class RowMacs {
  readonly #key: MacKey;
  readonly #countKey: MacKey;
  readonly #partKey: KeyObject;

  /** `key`: 32 bytes, of one server alone. */
  constructor(key: Uint8Array) {
    const { rowMac, rowCount, rowPart } = vitalsNames.labels;
    this.#key = macKeyOf(hmacSha256(key, labelledInfo(rowMac, [])));
    this.#countKey = macKeyOf(hmacSha256(key, labelledInfo(rowCount, [])));
    this.#partKey = createSecretKey(hmacSha256(key, labelledInfo(rowPart, [])));
  }

  /** 32 bytes. */
  mac(table: string, values: readonly Value[]): Uint8Array {
    return macOf(this.#key, table, values);
  }

  /** 32 bytes for a large column: what GMAC makes of it is not shown, so one nonce does for all. Rule VT-6a. */
  ofPart(column: Uint8Array): Uint8Array {
    const gmac = createCipheriv('aes-256-gcm', this.#partKey, nonce);
    gmac.setAAD(column).final();
    return this.mac('part', [gmac.getAuthTag()]);
  }

  /** What a row gives to the count of its table; nobody without the key knows it from the row or its MAC. */
  part(table: string, mac: Uint8Array): Uint8Array {
    return macOf(this.#countKey, table, [mac]);
  }

  /** Hides the sum of these parts, each count another way. */
  pad(table: string, change: number): Uint8Array {
    return macOf(this.#countKey, 'pad', [table, change]);
  }
}

/** Each byte of one with that of the other. */
export function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  const sum = one.slice();
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) ^ (other[at] ?? 0);
  return sum;
}

/** Of one data server, from its root secret. Rule VT-6. */
export const rowMacsOf = (rootSecret: Uint8Array): RowMacs =>
  new RowMacs(deriveKey(rootSecret, vitalsNames.labels.rowKey, []));
