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

/** Whole numbers as they are written: decimal digits. */
const shown = (value: Value): Uint8Array | string =>
  value === null || value instanceof Uint8Array || typeof value === 'string'
    ? (value ?? '')
    : value.toString();

function tagOf(value: Value): number {
  if (value === null) return tags.nothing;
  if (typeof value === 'string') return tags.text;
  return value instanceof Uint8Array ? tags.bytes : tags.whole;
}

/** Tag, length of 32 bits and bytes of each, after `from` bytes that are free: two rows that differ are never the same bytes. */
function written(values: readonly Value[], from = 0): Uint8Array {
  const parts = values.map(shown);
  // Text takes three bytes a unit at most.
  const most = parts.reduce(
    (sum, it) => sum + headBytes + (typeof it === 'string' ? 3 * it.length : it.length),
    from,
  );
  const bytes = new Uint8Array(most);
  const view = new DataView(bytes.buffer);
  let at = from;
  for (const [index, part] of parts.entries()) {
    bytes[at] = tagOf(values[index] ?? null);
    const start = at + headBytes;
    let length = part.length;
    if (typeof part === 'string') length = text.encodeInto(part, bytes.subarray(start)).written;
    else bytes.set(part, start);
    view.setUint32(at + 1, length);
    at = start + length;
  }
  return bytes.subarray(0, at);
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

/** HMAC-SHA-256 over these values. */
function macOf({ inner, outer }: MacKey, values: readonly Value[]): Uint8Array {
  const bytes = written(values, block);
  bytes.set(inner);
  const last = new Uint8Array(block + 32);
  last.set(outer);
  sha256Into(last, block, bytes);
  return sha256(last);
}

/**
 * MACs of a data server's rows, under a key that is in no database: HMAC-SHA-256 over the table and all values in their order.
 * Source: docs/protocol/vitals-tampering.md, rule VT-6.
 */
export class RowMacs {
  readonly #key: MacKey;
  readonly #countKey: MacKey;

  /** `key`: 32 bytes, of one server alone. */
  constructor(key: Uint8Array) {
    const { rowMac, rowCount } = vitalsNames.labels;
    this.#key = macKeyOf(hmacSha256(key, labelledInfo(rowMac, [])));
    this.#countKey = macKeyOf(hmacSha256(key, labelledInfo(rowCount, [])));
  }

  /** 32 bytes. */
  mac(table: string, values: readonly Value[]): Uint8Array {
    return macOf(this.#key, [table, ...values]);
  }

  /** What a row gives to the count of its table; nobody without the key knows it from the row or its MAC. */
  part(table: string, mac: Uint8Array): Uint8Array {
    return macOf(this.#countKey, [table, mac]);
  }

  /** Hides the sum of these parts, each count another way. */
  pad(table: string, change: number): Uint8Array {
    return macOf(this.#countKey, ['pad', table, change]);
  }
}

/** Each byte of one with that of the other. */
export function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, at) => byte ^ (other[at] ?? 0));
}

/** Of one data server, from its root secret. Rule VT-6. */
export const rowMacsOf = (rootSecret: Uint8Array): RowMacs =>
  new RowMacs(deriveKey(rootSecret, vitalsNames.labels.rowKey, []));
