import type { InboxAnchor, InboxEntry } from '../../api/inbox.ts';
import {
  decodeLook,
  type Look,
  type RefusalCount,
  type RefusedRead,
  refusalCountLeafContent,
  refusalLeafContent,
} from '../../api/look.ts';
import { bytesOfText } from '../../api/message-parts.ts';
import { decodeReadRequest, type ReadRequest, readEntryHash } from '../../api/read-request.ts';
import { decodeSigned } from '../../api/signed.ts';
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
import { idBytes } from '../../primitives/ids.ts';
import { checkTombstone } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { wasKeyOf } from '../client/was-key-of.ts';
import type { Noticed } from './noticed.ts';

/** A notice that was checked, and what proves it to others. */
interface ProvenNotice {
  readonly notice: Exclude<Noticed, { readonly kind: 'doubtful' }>;
  /** Complete: checked offline against the trust root alone. Undefined: not anchored yet. */
  readonly receipt: Uint8Array | undefined;
}

/**
 * What a notice says, checked: `served` holds the requests that were shown, each of which counts once. What does
 * not verify, or cannot be checked now, is `doubtful` and hides no other.
 * Source: docs/protocol/reading.md, rules.
 */
export async function noticed(
  ctx: Context,
  entry: InboxEntry,
  served: Set<string>,
  signal?: AbortSignal,
): Promise<Noticed> {
  try {
    const { notice } = await provenNotice(ctx, entry, signal);
    if (notice.kind === 'look') {
      // Entered a second time it is the hospital's doing, not the reader's.
      if (served.has(notice.requestHash)) {
        throw new CodedError('REQUEST_REPLAYED', { reader: notice.reader });
      }
      served.add(notice.requestHash);
    }
    return notice;
  } catch (error) {
    // Whatever another person made that cannot be read or checked must never hide the other notices, and so a server
    // that breaks at one row does not either; that it is silent is another matter.
    if (!isCoded(error) || isAboutAll(error)) throw error;
    return { kind: 'doubtful', inboxId: entry.id, code: error.code };
  }
}

/** The next notice would fare no better. */
function isAboutAll({ kind, code }: CodedError): boolean {
  return kind === 'unavailable' && code !== 'REFUSAL_UNKNOWN';
}

/** Throws PROOF_INVALID, SIGNATURE_WRONG, CANNOT_OPEN, CBOR_*, and what ledger and gateway throw. */
export function provenNotice(
  ctx: Context,
  entry: InboxEntry,
  signal?: AbortSignal,
): Promise<ProvenNotice> {
  return entry.kind === 'erased'
    ? erasedNotice(ctx, entry, signal)
    : lookOrRefusal(ctx, entry, signal);
}

async function lookOrRefusal(
  ctx: Context,
  entry: InboxEntry,
  signal?: AbortSignal,
): Promise<ProvenNotice> {
  const opened = decodeLook(await openNotice(ctx, bytesOfText(entry.sealed)));
  const { anchor } = entry;
  if (opened.kind === 'look') return lookNotice(ctx, entry, opened, signal);
  // That he was refused is the hospital's word, which it anchored: of the request only the hash is kept.
  const isOne = opened.kind === 'refusal';
  const content = isOne ? refusalLeafContent(opened) : refusalCountLeafContent(opened);
  const receipt = await leafReceipt(ctx, anchor, content, signal);
  const { reader, consent } = opened;
  const about = { inboxId: entry.id, reader, consent, ...placeOf(anchor, receipt) };
  const notice = isOne
    ? ({ kind: 'refusal', ...about, consent: opened.consent, ...refusalFacts(opened) } as const)
    : ({ kind: 'refusals', ...about, ...countFacts(opened) } as const);
  return { notice, receipt };
}

const refusalFacts = ({ code, refusedMs }: RefusedRead) => ({ code, refusedMs });
const countFacts = ({ count, firstMs, lastMs }: RefusalCount) => ({ count, firstMs, lastMs });

/** Where it stands, once that is proven. */
function placeOf(anchor: InboxAnchor | undefined, receipt: Uint8Array | undefined) {
  const place = receipt === undefined ? undefined : anchor;
  return { txId: place?.txId, height: place?.height };
}

async function lookNotice(
  ctx: Context,
  { id, anchor }: InboxEntry,
  opened: Look,
  signal?: AbortSignal,
): Promise<ProvenNotice> {
  if (anchor === undefined) throw new CodedError('PROOF_INVALID');
  const request = await checkRequest(ctx, opened.signedRequest, anchor.height, signal);
  const { reader, consent, purpose, organisation } = request;
  const { receipt, height, timeMs } = await lookReceipt(ctx, anchor, opened, request, signal);
  const { recordIds } = opened;
  const isOfBlock = Math.abs(opened.servedMs - timeMs) <= mostApartMs;
  const servedMs = isOfBlock ? opened.servedMs : timeMs;
  const requestHash = bytesToHex(sha256(opened.signedRequest));
  const entryHash = bytesToHex(readEntryHash(opened.salt, opened.signedRequest));
  const place = { txId: anchor.txId, height, entryHash, requestHash };
  const who = { reader, consent, purpose, servedBy: organisation };
  return { notice: { kind: 'look', inboxId: id, ...who, servedMs, recordIds, ...place }, receipt };
}

/** So far from its block a hospital may say that it served: no look is dated out of a report. Rule R-8. */
const mostApartMs = 10 * 60_000;

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
): Promise<{ readonly receipt: Uint8Array; readonly height: number; readonly timeMs: number }> {
  const receipt = await ctx.receipt(anchor.txId, signal);
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
    const { height, timeMs } = verdict;
    return { receipt: await claimed(ctx, receipt, claim), height, timeMs };
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
  const receipt = await ctx.receipt(anchor.txId, signal);
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
): Promise<ProvenNotice> {
  const tombstone = bytesOfText(entry.sealed);
  const { holder, leaf, erasedMs } = await checkTombstone(
    ctx.ledger,
    ctx.account.account,
    tombstone,
    signal,
  );
  const receipt = await leafReceipt(ctx, entry.anchor, tombstone, signal);
  const what = { inboxId: entry.id, holder, leaf, erasedMs };
  return { notice: { kind: 'erased', ...what, ...placeOf(entry.anchor, receipt) }, receipt };
}
