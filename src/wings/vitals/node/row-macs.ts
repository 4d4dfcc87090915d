import { deriveKey, hmacSha256, labelledInfo } from '../../../crypto/hash.ts';
import { concatBytes, u32be, utf8 } from '../../../primitives/bytes.ts';
import { vitalsNames } from '../names.ts';

/** As a column holds it. */
export type Value = null | number | bigint | string | Uint8Array;

const none = new Uint8Array(0);
const tags = { nothing: 0, whole: 1, text: 2, bytes: 3 } as const;

/** Tag, length and bytes: two rows that differ are never the same bytes. */
function written(value: Value): readonly Uint8Array[] {
  const [tag, bytes] = told(value);
  return [Uint8Array.of(tag), u32be(bytes.length), bytes];
}

function told(value: Value): readonly [tag: number, bytes: Uint8Array] {
  if (value === null) return [tags.nothing, none];
  if (typeof value === 'string') return [tags.text, utf8(value)];
  return value instanceof Uint8Array ? [tags.bytes, value] : [tags.whole, utf8(value.toString())];
}

/**
 * MACs of a data server's rows, under a key that is in no database: HMAC-SHA-256 over the table and all values in their order.
 * Source: docs/protocol/vitals-tampering.md, rule VT-6.
 */
export class RowMacs {
  readonly #key: Uint8Array;
  readonly #countKey: Uint8Array;
  readonly #heads = new Map<string, Uint8Array>();

  /** `key`: 32 bytes, of one server alone. */
  constructor(key: Uint8Array) {
    this.#key = hmacSha256(key, labelledInfo(vitalsNames.labels.rowMac, []));
    this.#countKey = hmacSha256(key, labelledInfo(vitalsNames.labels.rowCount, []));
  }

  /** 32 bytes. */
  mac(table: string, values: readonly Value[]): Uint8Array {
    let head = this.#heads.get(table);
    if (head === undefined) {
      head = concatBytes(...written(table));
      this.#heads.set(table, head);
    }
    return hmacSha256(this.#key, head, ...values.flatMap(written));
  }

  /** What a row gives to the count of its table; nobody without the key knows it from the row or its MAC. */
  part(table: string, mac: Uint8Array): Uint8Array {
    return hmacSha256(this.#countKey, ...written(table), mac);
  }

  /** Hides the sum of these parts, each count another way. */
  pad(table: string, change: number): Uint8Array {
    return hmacSha256(this.#countKey, ...written('pad'), ...written(table), ...written(change));
  }
}

/** Each byte of one with that of the other. */
export function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, at) => byte ^ (other[at] ?? 0));
}

/** Of one data server, from its root secret. Rule VT-6. */
export const rowMacsOf = (rootSecret: Uint8Array): RowMacs =>
  new RowMacs(deriveKey(rootSecret, vitalsNames.labels.rowKey, []));
