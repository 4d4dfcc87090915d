import { labelledHash } from '../../../crypto/hash.ts';
import { concatBytes, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { vitalsNames } from '../names.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { binderOf, type PageHead, type ServerNumber } from './page-head.ts';
import { rollLength } from './page-layout.ts';
import type { OpenedShare } from './page-open.ts';

/** What a server keeps of an accepted page: a linear part of its share. The digits are gone. Rule VP-15. */
export interface KeptShare {
  /** 5 sums of codes, 15 sums of products: 20 elements. */
  readonly roll: Uint8Array;
  /** 5 x 32 counters: 160 elements. */
  readonly histogram: Uint8Array;
  /** n x k numbers of 16 bits. */
  readonly clinical: Uint8Array;
  readonly salt: Uint8Array;
}

/** Without its hash compared: for devices, which make the hash. */
export function truncateShare(arithmetic: PageArithmetic, opened: OpenedShare): KeptShare {
  const kept = arithmetic.truncate(opened.share);
  return {
    roll: kept.subarray(0, 8 * rollLength),
    histogram: kept.subarray(8 * rollLength),
    ...{ clinical: opened.clinical, salt: opened.salt },
  };
}

/** What a server keeps, once it has the hash of the manifest. Throws SHARE_HASH_MISMATCH. */
export function keepShare(
  arithmetic: PageArithmetic,
  of: {
    readonly server: ServerNumber;
    readonly head: PageHead;
    readonly opened: OpenedShare;
    readonly hash: Uint8Array;
  },
): KeptShare {
  const kept = truncateShare(arithmetic, of.opened);
  if (!equalBytes(keptHash(of.server, of.head, kept), of.hash)) {
    throw new CodedError('SHARE_HASH_MISMATCH', { server: of.server });
  }
  return kept;
}

/**
 * The hash of what a server keeps, as the manifest and the batch have it. The salt is 256 bits that nobody else knows:
 * two servers know the page less one share, and would try values against an unsalted hash. Rule VP-15.
 */
export const keptHash = (server: ServerNumber, head: PageHead, kept: KeptShare): Uint8Array =>
  keptHashUnder(server, binderOf(head), kept);

/** The same where the binder is at hand. */
export function keptHashUnder(
  server: ServerNumber,
  binder: Uint8Array,
  kept: KeptShare,
): Uint8Array {
  return labelledHash(
    vitalsNames.labels.pageKept,
    concatBytes(
      ...[Uint8Array.of(server), binder, kept.roll, kept.histogram, kept.clinical, kept.salt],
    ),
  );
}
