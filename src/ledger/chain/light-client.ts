import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { verifyStateAnswer } from '../state-proof.ts';
import { type Commit, commitSignBytes, voteAbsent, voteForBlock, voteForNil } from './commit.ts';
import { type Header, headerHashBytes } from './header.ts';
import { isAfter, msOfTimestamp } from './timestamp.ts';
import { totalPower, type Validator, validatorAddress, validatorsHash } from './validators.ts';

/**
 * How a patient's device judges a header without trusting the server that handed it over: who signed it,
 * and how those signers follow from the ones already trusted.
 * Source: docs/protocol/receipts.md, rules; CometBFT spec, light-client/verification.
 */
export interface SignedHeaderParts {
  readonly header: Header;
  readonly commit: Commit;
  /** The set of the header's own height, in the order of its votes. */
  readonly validators: readonly Validator[];
}

/** ZIP-215 Ed25519; offered by crypto/signature.ts, which the ledger may not import. */
export type VerifyVote = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

export interface SignedBy {
  readonly headerHash: Uint8Array;
  readonly signed: number;
  readonly of: number;
}

/** Power beyond this leaves the range in which sums and thirds are exact. */
const maxTotalPower = 2 ** 50;

/**
 * More than two thirds of `validators` signed exactly this header, and the header names exactly this set.
 *
 * Every vote in the commit is checked, not only enough of them, so that "m of n" is a count of proven votes.
 * Throws HEADER_INVALID.
 */
export async function verifySigned(
  { header, commit, validators }: SignedHeaderParts,
  chainId: string,
  verifyVote: VerifyVote,
): Promise<SignedBy> {
  const headerHash = checkParts({ header, commit, validators }, chainId);
  let signed = 0;
  let power = 0;
  for (const [index, vote] of commit.signatures.entries()) {
    const validator = validators[index];
    if (validator === undefined || vote.flag === voteAbsent) continue;
    if (vote.flag !== voteForBlock && vote.flag !== voteForNil) {
      throw invalid('vote-flag', header.height);
    }
    if (!equalBytes(vote.address, validatorAddress(validator.publicKey))) {
      throw invalid('vote-order', header.height);
    }
    const message = commitSignBytes(chainId, commit, vote);
    if (!(await verifyVote(validator.publicKey, message, vote.signature))) {
      throw invalid('signature', header.height);
    }
    if (vote.flag !== voteForBlock) continue;
    signed += 1;
    power += validator.power;
  }
  if (power * 3 <= totalPower(validators) * 2) throw invalid('power', header.height);
  return { headerHash, signed, of: validators.length };
}

/** Everything about a signed header that needs no signature; returns the header's hash. */
function checkParts(
  { header, commit, validators }: SignedHeaderParts,
  chainId: string,
): Uint8Array {
  if (header.chainId !== chainId) throw invalid('chain', header.height);
  const headerHash = headerHashBytes(header);
  if (commit.height !== header.height) throw invalid('height', header.height);
  if (!equalBytes(commit.blockId.hash, headerHash)) throw invalid('block-id', header.height);
  if (validators.length === 0 || commit.signatures.length !== validators.length) {
    throw invalid('votes', header.height);
  }
  if (
    totalPower(validators) > maxTotalPower ||
    !equalBytes(validatorsHash(validators), header.validatorsHash)
  ) {
    throw invalid('validators', header.height);
  }
  return headerHash;
}

/** What a device keeps between visits: its newest verified header and the set that signs the next one. */
export interface TrustedHeader {
  readonly header: Header;
  /** The set that `header.nextValidatorsHash` names; needed only to skip heights. */
  readonly nextValidators: readonly Validator[];
}

export interface ClockRule {
  readonly nowMs: number;
  /** A header older than this is no longer a reason to trust: its keys may have been retired. */
  readonly trustingPeriodMs: number;
  /** How far a header may lie in this device's future. */
  readonly maxDriftMs: number;
}

/**
 * Accepts `next` on the word of `trusted`: the following height by its validators hash, a later one when
 * more than a third of the trusted set's power signed it.
 *
 * Throws HEADER_INVALID, HEADER_EXPIRED, and HEADER_NEEDS_STEPS when headers between are needed (bisect).
 */
export async function verifyNext(
  trusted: TrustedHeader,
  next: SignedHeaderParts,
  clock: ClockRule,
  verifyVote: VerifyVote,
): Promise<SignedBy> {
  const known = trusted.header;
  const { header } = next;
  if (msOfTimestamp(known.time) + clock.trustingPeriodMs <= clock.nowMs) {
    throw new CodedError('HEADER_EXPIRED', { height: known.height });
  }
  checkParts(next, known.chainId);
  if (header.height <= known.height) throw invalid('height', header.height);
  if (!isAfter(header.time, known.time)) throw invalid('time', header.height);
  if (msOfTimestamp(header.time) >= clock.nowMs + clock.maxDriftMs) {
    throw invalid('future', header.height);
  }
  if (header.height === known.height + 1) {
    if (!equalBytes(header.validatorsHash, known.nextValidatorsHash)) {
      throw invalid('validators', header.height);
    }
  } else {
    await requireThird(trusted, next, verifyVote);
  }
  return verifySigned(next, known.chainId, verifyVote);
}

/** Throws HEADER_NEEDS_STEPS unless more than a third of the trusted power signed the header. */
async function requireThird(
  { header: known, nextValidators }: TrustedHeader,
  { header, commit }: SignedHeaderParts,
  verifyVote: VerifyVote,
): Promise<void> {
  if (!equalBytes(validatorsHash(nextValidators), known.nextValidatorsHash)) {
    throw invalid('trusted-validators', known.height);
  }
  const seen = new Set<Validator>();
  let power = 0;
  for (const vote of commit.signatures) {
    if (vote.flag !== voteForBlock) continue;
    const validator = nextValidators.find((one) =>
      equalBytes(validatorAddress(one.publicKey), vote.address),
    );
    if (validator === undefined) continue;
    if (seen.has(validator)) throw invalid('vote-twice', header.height);
    seen.add(validator);
    const message = commitSignBytes(known.chainId, commit, vote);
    if (!(await verifyVote(validator.publicKey, message, vote.signature))) {
      throw invalid('signature', header.height);
    }
    power += validator.power;
  }
  if (power * 3 <= totalPower(nextValidators)) {
    throw new CodedError('HEADER_NEEDS_STEPS', { from: known.height, to: header.height });
  }
}

/**
 * A row of the state, or its absence, as of a verified header. The header may be the one after the answer's
 * height or, when nothing changed since, any later one that still carries the same app hash.
 *
 * Returns when the row was so: after height `asOfHeight`, signed at `asOfMs`; how old is too old is the
 * caller's question. Throws PROOF_INVALID.
 */
export function verifyState(
  header: Header,
  row: { readonly table: string; readonly id: string | Uint8Array },
  answer: { readonly value: Uint8Array | undefined; readonly proof: Uint8Array | undefined },
): { readonly asOfHeight: number; readonly asOfMs: number } {
  if (answer.proof === undefined) throw new CodedError('PROOF_INVALID', { table: row.table });
  verifyStateAnswer(header.appHash, row, answer.value, answer.proof);
  return { asOfHeight: header.height - 1, asOfMs: msOfTimestamp(header.time) };
}

function invalid(reason: string, height: number): CodedError {
  return new CodedError('HEADER_INVALID', { reason, height });
}
