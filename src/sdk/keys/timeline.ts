import type { StoredKeySet } from '../../ledger/tables/keysets.ts';
import type { BlobId } from '../../primitives/ids.ts';

/** An epoch that began, with what its keys derive from and where its envelopes lie. */
export interface BegunEpoch {
  readonly epoch: number;
  readonly fromMs: number;
  /** When the next one began; undefined: it is the newest that began. */
  readonly toMs: number | undefined;
  /** `after` of its KeySet. */
  readonly keySet: number;
  readonly salt: Uint8Array;
  readonly keySetBlob: BlobId;
  readonly envelopeSetBlob: BlobId;
}

type KeySetRow = StoredKeySet & { readonly after: number };

/**
 * Which epochs of an account ran, and when: a KeySet replaces all epochs that have not begun when its
 * block is made. `keySets` oldest first.
 *
 * Source: docs/protocol/keys.md, rule K-4.
 */
export function timelineOf(keySets: readonly KeySetRow[], nowMs: number): readonly BegunEpoch[] {
  const begun: BegunEpoch[] = [];
  keySets.forEach((keySet, place) => {
    const endMs = keySets[place + 1]?.timeMs ?? nowMs;
    for (const { epoch, validFromMs } of keySet.schedule) {
      if (validFromMs > endMs) break;
      const before = begun.at(-1);
      if (before !== undefined) begun[begun.length - 1] = { ...before, toMs: validFromMs };
      const { after, salt, keySetBlob, envelopeSetBlob } = keySet;
      const made = { keySet: after, salt, keySetBlob, envelopeSetBlob };
      begun.push({ epoch, fromMs: validFromMs, toMs: undefined, ...made });
    }
  });
  return begun;
}
