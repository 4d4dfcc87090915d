import { labelledHash } from '../../../../crypto/hash.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { vitalsNames } from '../../names.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { binderParts, type PageHead, type ServerNumber } from './page-head.ts';
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
export const truncateShare = (arithmetic: PageArithmetic, opened: OpenedShare): KeptShare =>
  keptOf(arithmetic.truncate(opened.share), opened);

/** `elements`: 20 + 160. */
export const keptOf = (
  elements: Uint8Array,
  { clinical, salt }: Pick<KeptShare, 'clinical' | 'salt'>,
): KeptShare => ({
  roll: elements.subarray(0, 8 * rollLength),
  histogram: elements.subarray(8 * rollLength),
  ...{ clinical, salt },
});

interface HashedShare {
  readonly server: ServerNumber;
  readonly head: PageHead;
  readonly hash: Uint8Array;
}

/** What a server keeps, once it has the hash of the manifest. Throws SHARE_HASH_MISMATCH. */
export function keepShare(
  arithmetic: PageArithmetic,
  of: HashedShare & { readonly opened: OpenedShare },
): KeptShare {
  const kept = truncateShare(arithmetic, of.opened);
  requireHash(kept, of);
  return kept;
}

/** Throws SHARE_HASH_MISMATCH. */
function requireHash(kept: KeptShare, { server, head, hash }: HashedShare): void {
  if (!equalBytes(keptHash(server, head, kept), hash))
    throw new CodedError('SHARE_HASH_MISMATCH', { server });
}

/**
 * The hash of what a server keeps, as the manifest and the batch have it. The salt is 256 bits that nobody else knows:
 * two servers know the page less one share, and would try values against an unsalted hash. Rule VP-15.
 */
export function keptHash(server: ServerNumber, head: PageHead, kept: KeptShare): Uint8Array {
  const { roll, histogram, clinical, salt } = kept;
  const { pageKept } = vitalsNames.labels;
  const of = [Uint8Array.of(server), ...binderParts(head)];
  return labelledHash(pageKept, ...of, roll, histogram, clinical, salt);
}
