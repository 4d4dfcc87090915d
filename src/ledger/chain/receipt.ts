import { sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { bytesToHex, concatBytes, equalBytes, hexToBytes, utf8 } from '../../primitives/bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readUint,
} from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type HeaderHash, headerHashOf, type TxId, txIdOf } from '../../primitives/ids.ts';
import { isIncluded } from '../merkle.ts';
import { ledgerObjects, suite } from '../object-types.ts';
import { resultLeaf, txLeaf } from './block-leaves.ts';
import {
  type Claim,
  type ClaimTarget,
  claimHolds,
  claimTargets,
  decodeClaim,
  encodeClaim,
  readPath,
} from './claim.ts';
import { type Commit, decodeCommit, encodeCommit, maxValidators } from './commit.ts';
import { decodeHeader, encodeHeader, type Header, headerHashBytes } from './header.ts';
import { type SignedHeaderParts, type VerifyVote, verifySigned } from './light-client.ts';
import { msOfTimestamp } from './timestamp.ts';
import type { TrustRoot } from './trust-root.ts';
import type { Validator } from './validators.ts';

/**
 * The proof a person keeps that a transaction was committed and what the ledger answered: one CBOR file that
 * is checked offline, for years, against a trust root and nothing else.
 *
 * Header H holds the transaction, header H + 1 its result and, by hash, header H; so the votes on H + 1 vouch
 * for all of it. Source: docs/protocol/receipts.md, rules.
 */
export interface Receipt {
  readonly tx: Uint8Array;
  readonly height: number;
  /** Place in the block, and how many transactions the block has. */
  readonly index: number;
  readonly count: number;
  readonly result: { readonly code: number; readonly data: Uint8Array };
  readonly txPath: readonly Uint8Array[];
  readonly resultPath: readonly Uint8Array[];
  readonly header: Header;
  readonly nextHeader: Header;
  readonly nextCommit: Commit;
  readonly nextValidators: readonly Validator[];
  readonly witnesses: readonly WitnessSignature[];
  /** The last header of every earlier validator set, oldest first; empty for a fixed set. */
  readonly changes: readonly SignedHeaderParts[];
  readonly claim: Claim | undefined;
}

export interface WitnessSignature {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

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

/** A transaction, its result, a claim and the headers of a large validator set fit with room to spare. */
export const maxReceiptBytes = 4 * 1024 * 1024;
const maxChanges = 1000;

const encodeSigned = ({ header, commit, validators }: SignedHeaderParts): Cbor[] => [
  encodeHeader(header),
  encodeCommit(commit),
  validators.map(({ publicKey, power }) => [publicKey, power]),
];

function decodeSigned(value: Cbor | undefined): SignedHeaderParts {
  const [header, commit, validators] = readArray(value, 'signed header', 3);
  const set = readArray(validators, 'validators');
  if (set.length > maxValidators) throw new CodedError('CBOR_SHAPE', { field: 'validators' });
  return {
    header: decodeHeader(readBytes(header, 'header')),
    commit: decodeCommit(readBytes(commit, 'commit')),
    validators: set.map((entry) => {
      const [publicKey, power] = readArray(entry, 'validator', 2);
      return { publicKey: readBytes(publicKey, 'key', 32), power: readUint(power, 'power') };
    }),
  };
}

export function encodeReceipt(receipt: Receipt): Uint8Array {
  return encodeCbor([
    suite,
    ledgerObjects.receipt,
    receipt.tx,
    receipt.height,
    receipt.index,
    receipt.count,
    [receipt.result.code, receipt.result.data],
    receipt.txPath,
    receipt.resultPath,
    encodeHeader(receipt.header),
    encodeSigned({
      header: receipt.nextHeader,
      commit: receipt.nextCommit,
      validators: receipt.nextValidators,
    }),
    receipt.witnesses.map(({ publicKey, signature }) => [publicKey, signature]),
    receipt.changes.map(encodeSigned),
    receipt.claim === undefined ? null : encodeClaim(receipt.claim),
  ]);
}

/** Throws RECEIPT_INVALID (reason encoding, cause: what exactly). */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  if (bytes.length > maxReceiptBytes) throw invalid('size');
  try {
    const fields = readArray(decodeCbor(bytes), 'receipt', 14);
    if (fields[0] !== suite) throw new CodedError('SUITE_UNKNOWN');
    if (fields[1] !== ledgerObjects.receipt) throw new CodedError('TYPE_UNKNOWN');
    const [code, data] = readArray(fields[6], 'result', 2);
    const next = decodeSigned(fields[10]);
    const changes = readArray(fields[12], 'changes');
    const witnesses = readArray(fields[11], 'witnesses');
    if (changes.length > maxChanges || witnesses.length > maxChanges) {
      throw new CodedError('CBOR_SHAPE', { field: 'changes' });
    }
    return {
      tx: readBytes(fields[2], 'tx'),
      height: readUint(fields[3], 'height'),
      index: readUint(fields[4], 'index'),
      count: readUint(fields[5], 'count'),
      result: { code: readUint(code, 'code'), data: readBytes(data, 'data') },
      txPath: readPath(fields[7]),
      resultPath: readPath(fields[8]),
      header: decodeHeader(readBytes(fields[9], 'header')),
      nextHeader: next.header,
      nextCommit: next.commit,
      nextValidators: next.validators,
      witnesses: witnesses.map((entry) => {
        const [publicKey, signature] = readArray(entry, 'witness', 2);
        return {
          publicKey: readBytes(publicKey, 'key', 32),
          signature: readBytes(signature, 'signature', 64),
        };
      }),
      changes: changes.map(decodeSigned),
      claim: fields[13] === null ? undefined : decodeClaim(readBytes(fields[13], 'claim')),
    };
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('RECEIPT_INVALID', { reason: 'encoding' }, cause);
  }
}

/** The same receipt with an opening added; whether it fits is `verifyReceipt`'s question. */
export function attachClaim(receipt: Uint8Array, claim: Claim): Uint8Array {
  return encodeReceipt({ ...decodeReceipt(receipt), claim });
}

/** What a witness signs for a header: label ‖ 0x00 ‖ SHA-256(CBOR [chain, height, header hash]). */
export function witnessMessage(chain: string, height: number, headerHash: Uint8Array): Uint8Array {
  const statement = encodeCbor([chain, height, headerHash]);
  return concatBytes(utf8(labels.witnessSign), Uint8Array.of(0), sha256(statement));
}

/**
 * Checks a receipt with no clock and no network.
 *
 * Throws RECEIPT_INVALID with a `reason`: size, encoding, height, tx, result, link, trust-root, validators,
 * signature, witness, claim; TRUST_ROOT_WRONG when the receipt is of another chain.
 */
export async function verifyReceipt(
  bytes: Uint8Array,
  trustRoot: TrustRoot,
  verifyVote: VerifyVote,
  claimTargetsOf: (tx: Uint8Array) => readonly ClaimTarget[] = claimTargets,
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
  claimTargetsOf: (tx: Uint8Array) => readonly ClaimTarget[],
): void {
  let targets: readonly ClaimTarget[];
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
