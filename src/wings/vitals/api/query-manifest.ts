import { labelledHash } from '../../../crypto/hash.ts';
import { suite } from '../../../ledger/object-types.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import {
  accountId,
  bytes,
  decodeAs,
  encodeAs,
  hexId,
  type Of,
  struct,
  text,
  typed,
  uint,
  uintTo,
} from '../../../primitives/shape.ts';
import { purposeWord } from '../ledger/purposes.ts';
import { vitalsNames } from '../names.ts';
import { cohort } from './cohort.ts';
import { vitalsObjects } from './object-types.ts';
import { questionShape } from './question.ts';

/** Hours since 1970. */
const hour = uintTo(0xffffffff);

const manifest = typed(suite, vitalsObjects.queryManifest, {
  chainId: text(50),
  researcher: accountId,
  permit: hexId(16),
  dataset: hexId(16),
  purpose: purposeWord,
  asOfBatch: uint,
  question: questionShape,
  cohort,
  fromHour: hour,
  /** Not included. */
  untilHour: hour,
  microRho: uint,
  issuedMs: uint,
  expiresMs: uint,
  /** Random: else a question could be guessed from its hash. */
  nonce: bytes(16),
});
/**
 * A question as it travels; what stands of it on the ledger is its hash. Every patient of the dataset may read it.
 * Source: docs/protocol/vitals-statistics.md, rule VQ-1.
 */
export type QueryManifest = Of<typeof manifest>;

/** A manifest is good for a day at most. */
export const mostManifestMs = 86_400_000;
const clockToleranceMs = 60_000;

export const encodeManifest = (value: QueryManifest): Uint8Array => encodeAs(manifest, value);

const askedGroup = struct({ asOfBatch: uint, cohort, fromHour: hour, untilHour: hour });

/** Whom a question is about, as it says it: whatever is asked of them. Rule VQ-33a. */
export const encodeAskedGroup = (value: Of<typeof askedGroup>): Uint8Array =>
  encodeAs(askedGroup, value);

/**
 * Throws MANIFEST_MALFORMED, COHORT_GRAMMAR, QUESTION_IMPOSSIBLE, and EXACT_REFUSED where it asks for an answer without
 * noise.
 */
export function readManifest(encoded: Uint8Array): QueryManifest {
  const read = decoded(encoded);
  if (read.microRho === 0) throw new CodedError('EXACT_REFUSED');
  const { fromHour, untilHour, issuedMs, expiresMs } = read;
  const isOrdered = fromHour < untilHour && issuedMs < expiresMs;
  if (!isOrdered || expiresMs > issuedMs + mostManifestMs)
    throw new CodedError('MANIFEST_MALFORMED');
  return read;
}

const ownCodes = ['COHORT_GRAMMAR', 'QUESTION_IMPOSSIBLE', 'MANIFEST_MALFORMED'] as const;

function decoded(encoded: Uint8Array): QueryManifest {
  try {
    return decodeAs(manifest, encoded, 'manifest');
  } catch (cause) {
    if (ownCodes.some((code) => isCoded(cause, code))) throw cause;
    throw new CodedError('MANIFEST_MALFORMED', {}, cause);
  }
}

/** The id of a question, hex: what a StatQuery names. */
export const queryIdOf = (encoded: Uint8Array): string =>
  bytesToHex(labelledHash(vitalsNames.labels.asked, encoded));

/** Throws QUERY_EXPIRED: too old, or of the future. Not asked of a query that was answered before. */
export function requireInTime(
  { issuedMs, expiresMs }: Pick<QueryManifest, 'issuedMs' | 'expiresMs'>,
  nowMs: number,
): void {
  if (issuedMs > nowMs + clockToleranceMs || nowMs >= expiresMs)
    throw new CodedError('QUERY_EXPIRED');
}

/** What pays for a question: the act of the ledger that its manifest is debited by. Source: vitals-ledger.md, rule VL-14. */
export const debitOf = (
  { permit, dataset, purpose, asOfBatch, microRho }: QueryManifest,
  query: string,
) => ({ kind: 'StatQuery', permit, dataset, purpose, query, asOfBatch, microRho }) as const;
