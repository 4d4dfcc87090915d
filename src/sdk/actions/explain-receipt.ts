import { decodeErased } from '../../api/erase.ts';
import { decodeLeafContent } from '../../api/item.ts';
import { decodeReadRequest } from '../../api/read-request.ts';
import { decodeSigned } from '../../api/signed.ts';
import type { Facts } from '../../ledger/act.ts';
import type { Claim } from '../../ledger/chain/claim.ts';
import type { ReceiptVerdict } from '../../ledger/chain/receipt.ts';
import { readTxBody, type UnknownAct } from '../../ledger/codec.ts';
import { type Act, moduleOf } from '../../ledger/protocol.ts';
import { refusalOf } from '../../ledger/refusals.ts';
import { bytesToHex, concatBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';

/** Names and plain values: ids in hex, times in ms, counts. */
export type ReceiptFacts = Facts;

/** What a receipt that was checked says, as plain facts for people and machines. */
export interface ExplainedReceipt {
  readonly log: string;
  readonly sender: string;
  /** 'accepted', or the code of the refusal. */
  readonly outcome: string;
  readonly acts: readonly ReceiptFacts[];
  readonly claim: ReceiptFacts | undefined;
}

/** Throws RECEIPT_INVALID when the transaction or the claim cannot be read. */
export function explainReceipt(verdict: ReceiptVerdict): ExplainedReceipt {
  try {
    const body = readTxBody(verdict.tx);
    return {
      log: body.log,
      sender: body.sender,
      outcome:
        verdict.code === 0
          ? 'accepted'
          : (refusalOf(verdict.code)?.code ?? `refusal ${verdict.code}`),
      acts: body.acts.map(factsOfAct),
      claim:
        verdict.claim === undefined
          ? undefined
          : factsOfClaim(verdict.claim, body.acts[verdict.claim.act]),
    };
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('RECEIPT_INVALID', { reason: 'encoding' }, cause);
  }
}

/** An act of a later version is told by its number: the receipt proves it all the same. */
export function factsOfAct(act: Act | UnknownAct): ReceiptFacts {
  if (!('kind' in act)) return { kind: `act ${act.number}` };
  return { kind: act.kind, ...moduleOf(act).facts(act) };
}

/** What a leaf is, the act says that anchors it: bytes alone may be read as more than one thing. */
function factsOfClaim(claim: Claim, act: object | undefined): ReceiptFacts {
  if (claim.kind === 'entry') {
    const request = decodeReadRequest(decodeSigned(claim.signedRequest).bytes);
    const { reader, consent, purpose, organisation, issuedMs, what } = request;
    const records = what.kind === 'records' ? { records: what.recordIds } : {};
    return { kind: 'look', reader, consent, purpose, servedBy: organisation, issuedMs, ...records };
  }
  return factsOfLeaf(claim, act) ?? { kind: 'row', index: claim.index };
}

type LeafClaim = Extract<Claim, { kind: 'leaf' }>;

/** Only BatchAnchor has a `batch`: what it anchors are rows of that kind, all else anchors items. */
function factsOfLeaf(claim: LeafClaim, act: object | undefined): ReceiptFacts | undefined {
  if (act === undefined || !('batch' in act)) return itemFacts(claim);
  return act.batch === 'erased' ? erasedFacts(claim) : undefined;
}

function itemFacts({ content }: LeafClaim): ReceiptFacts | undefined {
  return tryTo(() => {
    const { blobId, recordClass, paddedSize, headerHash } = decodeLeafContent(content);
    return { kind: 'item', blobId, recordClass, paddedSize, headerHash: bytesToHex(headerHash) };
  });
}

/** Leaves of batches carry their salt inside, so a claim has cut them after 32 bytes. */
function erasedFacts(claim: LeafClaim): ReceiptFacts | undefined {
  return tryTo(() => {
    const { bytes } = decodeSigned(concatBytes(claim.salt, claim.content));
    const { account, holder, leaf, erasedMs } = decodeErased(bytes);
    return { kind: 'erased', account, holder, leaf: bytesToHex(leaf), erasedMs };
  });
}

function tryTo(read: () => ReceiptFacts): ReceiptFacts | undefined {
  try {
    return read();
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}
