import { sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { bytesToHex, concatBytes, equalBytes, hexToBytes, utf8 } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type HeaderHash, headerHashOf, type TxId, txIdOf } from '../../primitives/ids.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  list,
  mapped,
  type Of,
  type Shape,
  struct,
  typed,
  uint,
} from '../../primitives/shape.ts';
import type { Commitment } from '../act.ts';
import { isIncluded } from '../merkle.ts';
import { ledgerObjects, suite } from '../object-types.ts';
import { resultLeaf, txLeaf } from './block-leaves.ts';
import {
  type Claim,
  claimHolds,
  claimTargets,
  decodeClaim,
  encodeClaim,
  merklePath,
} from './claim.ts';
import { type Commit, decodeCommit, encodeCommit, maxValidators } from './commit.ts';
import { decodeHeader, encodeHeader, type Header, headerHashBytes } from './header.ts';
import { type SignedHeaderParts, type VerifyVote, verifySigned } from './light-client.ts';
import { msOfTimestamp } from './timestamp.ts';
import type { TrustRoot } from './trust-root.ts';
import { type Validator, validator } from './validators.ts';

/**
 * The proof a person keeps that a transaction was committed and what the ledger answered: one CBOR file that
 * is checked offline, for years, against a trust root and nothing else.
 *
 * The chain, from what she did up to what she trusts; each arrow is a hash, a Merkle path or a signature:
 *
 *     tx ──SHA-256──▶ tx id ──txPath──▶ header H.dataHash
 *     result ──────────────resultPath─────────────────────▶ header H+1.lastResultsHash
 *                                       header H ──hash──▶ header H+1.lastBlockId
 *     header H+1 ◀──votes of more than two thirds── nextValidators ◀──hash── H+1.validatorsHash
 *     H+1.validatorsHash = the trust root's, or the next set of the last of `changes`, each of which is a
 *                          header signed by the set before it; the first set is the trust root's
 *
 * Why header H+1: a result is known only after the block that it belongs to, so the next header has its
 * hash. Header H+1 names header H too: the votes on H+1 vouch for all of it.
 *
 * Who learns what: whoever is shown the receipt sees the transaction, so times, consent ids and hashes. What
 * stands behind a hash he sees only if the holder attached a claim. A ledger of one operator proves that the
 * operator signed; that it told everybody the same is what witnesses add.
 * Source: docs/protocol/receipts.md, rules.
 */

/** A transaction, its result, a claim and the headers of a large validator set fit with room to spare. */
export const maxReceiptBytes = 4 * 1024 * 1024;
const maxChanges = 1000;

const headerBytes = mapped(bytes(), encodeHeader, decodeHeader);

const signedHeader: Shape<SignedHeaderParts> = struct({
  header: headerBytes,
  commit: mapped(bytes(), encodeCommit, decodeCommit),
  validators: list(validator, { most: maxValidators }),
});

const witnessSignature = struct({ publicKey: bytes(32), signature: bytes(64) });
export type WitnessSignature = Of<typeof witnessSignature>;

const claimBytes = mapped(bytes(), encodeClaim, decodeClaim);
const optionalClaim: Shape<Claim | undefined> = {
  encode: (claim) => (claim === undefined ? null : claimBytes.encode(claim)),
  decode: (value, field) => (value === null ? undefined : claimBytes.decode(value, field)),
};

const receiptShape = typed(suite, ledgerObjects.receipt, {
  tx: bytes(),
  height: uint,
  /** Place in the block, and how many transactions the block has. */
  index: uint,
  count: uint,
  result: struct({ code: uint, data: bytes() }),
  txPath: merklePath,
  resultPath: merklePath,
  header: headerBytes,
  next: signedHeader,
  witnesses: list(witnessSignature, { most: maxChanges }),
  /** The last header of every earlier validator set, oldest first; empty for a fixed set. */
  changes: list(signedHeader, { most: maxChanges }),
  claim: optionalClaim,
});

/** As `receiptShape`; header H + 1, its votes and its set stand beside each other. */
export type Receipt = Omit<Of<typeof receiptShape>, 'next'> & {
  readonly nextHeader: Header;
  readonly nextCommit: Commit;
  readonly nextValidators: readonly Validator[];
};

export interface ReceiptVerdict {
  readonly chain: string;
  readonly height: number;
  readonly timeMs: number;
  readonly txId: TxId;
  readonly tx: Uint8Array;
  /** 0 accepted; otherwise the number of the refusal. */
  readonly code: number;
  readonly data: Uint8Array;
  readonly headerHash: HeaderHash;
  /** 'operator', 'operator + k witnesses' or 'm of n validators'. */
  readonly vouchedBy: string;
  readonly validatorsSigned: number;
  readonly validatorsTotal: number;
  readonly witnesses: number;
  readonly claim: Claim | undefined;
}

/** As the file holds it. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { nextHeader: header, nextCommit: commit, nextValidators: validators } = receipt;
  return encodeAs(receiptShape, { ...receipt, next: { header, commit, validators } });
}

/** Throws RECEIPT_INVALID (reason encoding, cause: what exactly). */
export function decodeReceipt(encoded: Uint8Array): Receipt {
  if (encoded.length > maxReceiptBytes) throw invalid('size');
  try {
    const { next, ...receipt } = decodeAs(receiptShape, encoded, 'receipt');
    const { header: nextHeader, commit: nextCommit, validators: nextValidators } = next;
    return { ...receipt, nextHeader, nextCommit, nextValidators };
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('RECEIPT_INVALID', { reason: 'encoding' }, cause);
  }
}

/** The same receipt with an opening added; whether it fits is `verifyReceipt`'s question. */
export function attachClaim(receipt: Uint8Array, claim: Claim): Uint8Array {
  return encodeReceipt({ ...decodeReceipt(receipt), claim });
}

/** The same receipt with a witness's signature of header H + 1 added, once a key; `verifyReceipt` says whether it holds. */
export function attachWitness(receipt: Uint8Array, signature: WitnessSignature): Uint8Array {
  return attachWitnesses(receipt, [signature]);
}

/** The same of several keys, each of which is there once. */
export function attachWitnesses(
  receipt: Uint8Array,
  added: readonly WitnessSignature[],
): Uint8Array {
  if (added.length === 0) return receipt;
  const decoded = decodeReceipt(receipt);
  const others = decoded.witnesses.filter(
    ({ publicKey }) => !added.some((it) => equalBytes(it.publicKey, publicKey)),
  );
  return encodeReceipt({ ...decoded, witnesses: [...others, ...added] });
}

/** What a witness signs for a header: label ‖ 0x00 ‖ SHA-256(CBOR [chain, height, header hash]). */
export function witnessMessage(chain: string, height: number, headerHash: Uint8Array): Uint8Array {
  const statement = encodeCbor([chain, height, headerHash]);
  return concatBytes(utf8(labels.witnessSign), Uint8Array.of(0), sha256(statement));
}

/**
 * Checks a receipt with no clock and no network, from the cheap to the dear: headers and paths first, then
 * the signatures, then the claim.
 *
 * Throws RECEIPT_INVALID with a `reason`: size, encoding, height, tx, result, link, trust-root, validators,
 * signature, witness, quorum (fewer witnesses than the trust root asks for), claim; TRUST_ROOT_WRONG when the receipt is of another chain.
 */
export async function verifyReceipt(
  bytes: Uint8Array,
  trustRoot: TrustRoot,
  verifyVote: VerifyVote,
  claimTargetsOf: (tx: Uint8Array) => readonly (Commitment | undefined)[] = claimTargets,
): Promise<ReceiptVerdict> {
  const receipt = decodeReceipt(bytes);
  const { header, nextHeader, tx, height, index, count } = receipt;
  if (header.chainId !== trustRoot.chain)
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'chain' });
  if (header.height !== height || nextHeader.height !== height + 1) throw invalid('height');
  const headerHash = headerHashBytes(header);
  if (!equalBytes(nextHeader.lastBlockId.hash, headerHash)) throw invalid('link');
  const txId = sha256(tx);
  if (!isIncluded(txLeaf(txId), index, count, receipt.txPath, header.dataHash)) throw invalid('tx');
  if (
    !isIncluded(
      resultLeaf(receipt.result),
      index,
      count,
      receipt.resultPath,
      nextHeader.lastResultsHash,
    )
  ) {
    throw invalid('result');
  }
  const signedBy = await verifyLine(receipt, trustRoot, verifyVote);
  const witnesses = await countWitnesses(receipt, trustRoot, verifyVote);
  if (witnesses < (trustRoot.quorum ?? 0)) throw invalid('quorum');
  if (receipt.claim !== undefined) requireClaim(receipt.claim, tx, claimTargetsOf);
  const { signed, of } = signedBy;
  return {
    chain: header.chainId,
    height,
    timeMs: msOfTimestamp(header.time),
    txId: txIdOf(txId),
    tx,
    code: receipt.result.code,
    data: receipt.result.data,
    headerHash: headerHashOf(headerHash),
    vouchedBy: vouchedBy(signed, of, witnesses),
    validatorsSigned: signed,
    validatorsTotal: of,
    witnesses,
    claim: receipt.claim,
  };
}

function requireClaim(
  claim: Claim,
  tx: Uint8Array,
  claimTargetsOf: (tx: Uint8Array) => readonly (Commitment | undefined)[],
): void {
  let targets: readonly (Commitment | undefined)[];
  try {
    targets = claimTargetsOf(tx);
  } catch (cause) {
    throw new CodedError('RECEIPT_INVALID', { reason: 'claim' }, cause);
  }
  if (!claimHolds(claim, targets)) throw invalid('claim');
}

function vouchedBy(signed: number, of: number, witnesses: number): string {
  if (of > 1) return `${signed} of ${of} validators`;
  if (witnesses === 0) return 'operator';
  return `operator + ${witnesses} ${witnesses === 1 ? 'witness' : 'witnesses'}`;
}

/**
 * From the trust root's validators, set by set, to those who signed header H + 1: each link is the last
 * header of a set, signed by it, and names the set that follows.
 */
async function verifyLine(receipt: Receipt, trustRoot: TrustRoot, verifyVote: VerifyVote) {
  const { header, nextHeader, nextCommit, nextValidators } = receipt;
  let trusted = trustRoot.validatorsHash;
  let reached = 0;
  const next = { header: nextHeader, commit: nextCommit, validators: nextValidators };
  for (const link of receipt.changes) {
    if (bytesToHex(link.header.validatorsHash) !== trusted) throw invalid('trust-root');
    if (link.header.height <= reached || link.header.height >= nextHeader.height) {
      throw invalid('trust-root');
    }
    await signedOrInvalid(link, trustRoot.chain, verifyVote);
    trusted = bytesToHex(link.header.nextValidatorsHash);
    reached = link.header.height;
  }
  if (bytesToHex(nextHeader.validatorsHash) !== trusted) throw invalid('trust-root');
  for (const shown of [header, nextHeader, ...receipt.changes.map((link) => link.header)]) {
    const known = shown.height === trustRoot.height ? hexToBytes(trustRoot.headerHash) : undefined;
    if (known !== undefined && !equalBytes(headerHashBytes(shown), known)) {
      throw invalid('trust-root');
    }
  }
  return signedOrInvalid(next, trustRoot.chain, verifyVote);
}

async function signedOrInvalid(parts: SignedHeaderParts, chain: string, verifyVote: VerifyVote) {
  try {
    return await verifySigned(parts, chain, verifyVote);
  } catch (cause) {
    if (!isCoded(cause, 'HEADER_INVALID')) throw cause;
    const reason = cause.details.reason === 'signature' ? 'signature' : 'validators';
    throw new CodedError('RECEIPT_INVALID', { reason }, cause);
  }
}

/** Distinct witnesses of the trust root that signed header H + 1; a wrong signature spoils the receipt. */
async function countWitnesses(
  { nextHeader, witnesses }: Receipt,
  trustRoot: TrustRoot,
  verifyVote: VerifyVote,
): Promise<number> {
  const message = witnessMessage(
    nextHeader.chainId,
    nextHeader.height,
    headerHashBytes(nextHeader),
  );
  const counted = new Set<string>();
  for (const { publicKey, signature } of witnesses) {
    const key = bytesToHex(publicKey);
    if (!trustRoot.witnesses.includes(key)) continue;
    if (!(await verifyVote(publicKey, message, signature))) throw invalid('witness');
    counted.add(key);
  }
  return counted.size;
}

function invalid(reason: string): CodedError {
  return new CodedError('RECEIPT_INVALID', { reason });
}
