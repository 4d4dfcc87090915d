import type { InboxAnchor, InboxEntry } from '../../api/inbox.ts';
import { decodeLook, refusalLeafContent } from '../../api/look.ts';
import { bytesOfText } from '../../api/message-parts.ts';
import { decodeReadRequest, type ReadRequest, readEntryHash } from '../../api/read-request.ts';
import { decodeSigned } from '../../api/signed.ts';
import type { Code } from '../../codes/index.ts';
import { sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { openWith } from '../../crypto/letter.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import type { AccessEntry } from '../../ledger/acts/access-log.ts';
import { type Claim, claimTargets } from '../../ledger/chain/claim.ts';
import { attachClaim } from '../../ledger/chain/receipt.ts';
import { readTxBody, type UnknownAct } from '../../ledger/codec.ts';
import type { Act } from '../../ledger/protocol.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { decodeCbor, readArray, readBytes } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import {
  type AccountId,
  type ConsentId,
  idBytes,
  type RecordId,
  type TxId,
} from '../../primitives/ids.ts';
import { checkTombstone } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { wasKeyOf } from '../client/open-items.ts';

/** One thing that was done, or tried, with this person's records. */
export type Noticed =
  | {
      readonly kind: 'look';
      readonly inboxId: number;
      readonly reader: AccountId;
      readonly consent: ConsentId;
      readonly purpose: string;
      readonly servedBy: AccountId;
      readonly servedMs: number;
      readonly recordIds: readonly RecordId[];
      readonly txId: TxId;
      readonly height: number;
      /** Hex; the look's name on the ledger: one for each. */
      readonly entryHash: string;
      /** Complete: checked offline against the trust root alone; the request is its claim. */
      readonly receipt: Uint8Array;
    }
  | {
      readonly kind: 'refusal';
      readonly inboxId: number;
      readonly reader: AccountId;
      readonly consent: ConsentId;
      readonly code: Code;
      readonly refusedMs: number;
      /** Undefined until the batch of its minute is anchored. */
      readonly txId: TxId | undefined;
      readonly height: number | undefined;
      readonly receipt: Uint8Array | undefined;
    }
  | {
      readonly kind: 'erased';
      readonly inboxId: number;
      readonly holder: AccountId;
      readonly leaf: Uint8Array;
      readonly erasedMs: number;
      readonly txId: TxId | undefined;
      readonly height: number | undefined;
      readonly receipt: Uint8Array | undefined;
    }
  /** A notice that does not verify: shown, never believed. */
  | { readonly kind: 'doubtful'; readonly inboxId: number; readonly code: Code };

/**
 * What a notice says, checked: `served` holds the requests that were shown, each of which counts once. What does
 * not verify is `doubtful` and hides no other. Source: docs/protocol/reading.md, rules.
 */
export async function noticed(
  ctx: Context,
  entry: InboxEntry,
  served: Set<string>,
  signal?: AbortSignal,
): Promise<Noticed> {
  try {
    if (entry.kind === 'erased') return await erasedNotice(ctx, entry, signal);
    return await lookOrRefusal(ctx, entry, served, signal);
  } catch (error) {
    // What a server sends must never hide the other notices; that it is silent is another matter.
    if (!isCoded(error) || error.kind === 'unavailable' || error.kind === 'fault') throw error;
    return { kind: 'doubtful', inboxId: entry.id, code: error.code };
  }
}

async function lookOrRefusal(
  ctx: Context,
  entry: InboxEntry,
  served: Set<string>,
  signal?: AbortSignal,
): Promise<Noticed> {
  const opened = decodeLook(await openNotice(ctx, bytesOfText(entry.sealed)));
  const { anchor } = entry;
  const height = anchor?.height ?? ctx.ledger.tip.height;
  const request = await checkRequest(ctx, opened.signedRequest, height, signal);
  const { reader, consent, purpose, organisation } = request;
  if (opened.kind === 'look') {
    if (anchor === undefined) throw new CodedError('PROOF_INVALID');
    const { receipt, height: lookedHeight } = await lookReceipt(
      ctx,
      anchor,
      opened,
      request,
      signal,
    );
    // A request serves once: entered a second time it is the hospital's doing, not the reader's.
    const requestHash = bytesToHex(sha256(opened.signedRequest));
    if (served.has(requestHash)) throw new CodedError('REQUEST_REPLAYED', { reader });
    served.add(requestHash);
    const { servedMs, recordIds } = opened;
    const entryHash = bytesToHex(readEntryHash(opened.salt, opened.signedRequest));
    const place = { txId: anchor.txId, height: lookedHeight, entryHash };
    const who = { reader, consent, purpose, servedBy: organisation };
    return { kind: 'look', inboxId: entry.id, ...who, servedMs, recordIds, ...place, receipt };
  }
  if (opened.reader !== reader || opened.consent !== consent) throw new CodedError('PROOF_INVALID');
  const receipt = await leafReceipt(ctx, anchor, refusalLeafContent(opened), signal);
  return {
    kind: 'refusal',
    inboxId: entry.id,
    reader,
    consent,
    code: opened.code,
    refusedMs: opened.refusedMs,
    txId: anchor?.txId,
    height: anchor?.height,
    receipt,
  };
}

async function openNotice(ctx: Context, sealed: Uint8Array): Promise<Uint8Array> {
  const context = [idBytes(ctx.account.account)];
  for (const { kem } of await ctx.allKeys()) {
    try {
      return await openWith(kem, labels.inboxSeal, context, new Uint8Array(0), sealed);
    } catch (error) {
      if (!isCoded(error, 'CANNOT_OPEN')) throw error;
    }
  }
  throw new CodedError('CANNOT_OPEN');
}

/** The reader's own signature is inside: a gateway cannot invent a look. Throws SIGNATURE_WRONG. */
async function checkRequest(
  ctx: Context,
  signedRequest: Uint8Array,
  height: number,
  signal?: AbortSignal,
): Promise<ReadRequest> {
  const { bytes, signature } = decodeSigned(signedRequest);
  const request = decodeReadRequest(bytes);
  const { reader, readerKey } = request;
  const isKey = await wasKeyOf(
    ctx.ledger,
    { author: reader, publicKey: readerKey, height },
    signal,
  );
  if (!isKey || !(await verifyLabelled(readerKey, labels.readSign, bytes, signature))) {
    throw new CodedError('SIGNATURE_WRONG', { reader });
  }
  return request;
}

/**
 * The receipt of the entry that the notice is about: under the grant that the request names, written by the
 * hospital that the request was for, and live, so that it is one of those that the ledger counts.
 * Throws PROOF_INVALID.
 */
async function lookReceipt(
  ctx: Context,
  anchor: InboxAnchor,
  look: { readonly salt: Uint8Array; readonly signedRequest: Uint8Array },
  { consent, organisation }: ReadRequest,
  signal?: AbortSignal,
): Promise<{ readonly receipt: Uint8Array; readonly height: number }> {
  const receipt = await ctx.gateway.receipt(anchor.txId, signal);
  const verdict = await ctx.verifyReceipt(receipt);
  const { salt, signedRequest } = look;
  const entryHash = readEntryHash(salt, signedRequest);
  const { sender, acts } = readTxBody(verdict.tx);
  for (const [act, { entries }] of acts.map(entriesOf).entries()) {
    const found = entries[anchor.index];
    if (found === undefined || !equalBytes(found.entryHash, entryHash)) continue;
    const isLook =
      found.consent === consent &&
      sender === organisation &&
      verdict.code === 0 &&
      isLive(verdict.data, act, anchor.index);
    if (!isLook) break;
    const claim = { kind: 'entry', act, entry: anchor.index, salt, signedRequest } as const;
    return { receipt: await claimed(ctx, receipt, claim), height: verdict.height };
  }
  throw new CodedError('PROOF_INVALID', { txId: anchor.txId });
}

const entriesOf = (act: Act | UnknownAct): { readonly entries: readonly AccessEntry[] } =>
  'kind' in act && act.kind === 'AccessLog' ? act : { entries: [] };

/** Result data: CBOR, for each act its bytes; an AccessLog answers one byte an entry, 1 for a live grant. */
function isLive(data: Uint8Array, act: number, entry: number): boolean {
  return readBytes(readArray(decodeCbor(data), 'result data')[act], 'bits')[entry] === 1;
}

/** The receipt of a batch, with the way from this leaf to its root. Undefined: not anchored yet. */
async function leafReceipt(
  ctx: Context,
  anchor: InboxAnchor | undefined,
  content: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (anchor?.path === undefined) return undefined;
  const receipt = await ctx.gateway.receipt(anchor.txId, signal);
  const path = anchor.path.map((sibling) => bytesOfText(sibling, 32));
  const { tx } = await ctx.verifyReceipt(receipt);
  const act = claimTargets(tx).findIndex((target) => target?.kind === 'root');
  // A claim shows a leaf as salt ‖ content; the leaves of batches carry their salt inside.
  const [salt, rest] = [content.subarray(0, 32), content.subarray(32)];
  return claimed(ctx, receipt, {
    kind: 'leaf',
    act,
    salt,
    content: rest,
    index: anchor.index,
    path,
  });
}

/** Throws RECEIPT_INVALID when the claim does not fit. */
async function claimed(ctx: Context, receipt: Uint8Array, claim: Claim): Promise<Uint8Array> {
  const whole = attachClaim(receipt, claim);
  await ctx.verifyReceipt(whole);
  return whole;
}

async function erasedNotice(
  ctx: Context,
  entry: InboxEntry,
  signal?: AbortSignal,
): Promise<Noticed> {
  const tombstone = bytesOfText(entry.sealed);
  const { holder, leaf, erasedMs } = await checkTombstone(
    ctx.ledger,
    ctx.account.account,
    tombstone,
    signal,
  );
  const { anchor } = entry;
  return {
    kind: 'erased',
    inboxId: entry.id,
    holder,
    leaf,
    erasedMs,
    txId: anchor?.txId,
    height: anchor?.height,
    receipt: await leafReceipt(ctx, anchor, tombstone, signal),
  };
}
