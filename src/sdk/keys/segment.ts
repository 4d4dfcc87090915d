import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { type AccountId, idBytes } from '../../primitives/ids.ts';

/** One class of one account in one epoch. */
export interface Segment {
  readonly account: AccountId;
  readonly class: string;
  readonly epoch: number;
  /** 16 random bytes of the KeySet that scheduled the epoch, fresh for every KeySet that is built. */
  readonly salt: Uint8Array;
}

/** SEK: opens every record of a segment. Held by the owner (from the root) and by whom he granted it. */
export function segmentKey(rootSecret: Uint8Array, segment: Segment): Uint8Array {
  return deriveKey(rootSecret, labels.segmentKey, [
    idBytes(segment.account),
    segment.class,
    segment.epoch,
    segment.salt,
  ]);
}

/**
 * The 32-byte seed of the segment's X-Wing pair: whoever reads a segment also opens what was sealed to
 * its public half; who only writes has the public half and can read nothing.
 */
export function segmentWriteSeed(sek: Uint8Array): Uint8Array {
  return deriveKey(sek, labels.segmentWrite, []);
}
