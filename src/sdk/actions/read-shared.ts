import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import type { Purpose } from '../../api/purposes.ts';
import {
  encodeReadRequest,
  maxReadRecords,
  type ReadRequest,
  type ReadWhat,
  readEntryHash,
} from '../../api/read-request.ts';
import { readPost } from '../../api/routes/read-post.ts';
import { encodeSigned } from '../../api/signed.ts';
import { sealedLength } from '../../crypto/chunked.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { claimTargets } from '../../ledger/chain/claim.ts';
import { attachClaim } from '../../ledger/chain/receipt.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import { checkRows, type ErasedItem, type LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { openLiveItem } from '../client/open-items.ts';
import { statingTime } from '../client/stated-time.ts';
import { collectKeys, readingKeysOf } from '../grants/collect-keys.ts';
import { type HeldGrant, heldGrant } from '../grants/received.ts';
import type { OpenedItem } from '../records/item-open.ts';

/** What to read under a grant, and what for. */
export interface ReadOptions extends WorkOptions {
  /** Undefined: everything that the grant covers. */
  readonly recordIds?: readonly RecordId[] | undefined;
  /** Anchored above this height. */
  readonly since?: number | undefined;
  /** The first that the grant allows when it is not said. */
  readonly purpose?: Purpose | undefined;
}

/** One look as it stands on the ledger: what its receipt is made of. */
export interface Access {
  /** Where the look stands on the ledger: one entry of an AccessLog. */
  readonly txId: TxId;
  readonly height: number;
  readonly index: number;
  readonly salt: Uint8Array;
  readonly signedRequest: Uint8Array;
}

/** One record of somebody else, opened and verified, with its proven row. */
export interface SharedRecord extends OpenedItem {
  readonly row: LiveItem;
}

/** What a grant opened. */
export interface SharedRead {
  readonly consent: ConsentId;
  readonly patient: AccountId;
  readonly records: readonly SharedRecord[];
  readonly erased: readonly ErasedItem[];
  /** One for each request: a large chart takes several. */
  readonly accesses: readonly Access[];
}

/**
 * Reads under a grant. Every request is signed, and its look stands on the ledger before anything comes
 * back; what comes back is believed only as far as it is proven: row under the anchored root, body under
 * its id, inside signed by an author of the directory, and nothing that the grant does not cover.
 *
 * Throws NOT_SHARED, PURPOSE_NOT_GRANTED, CONSENT_ENDED, CONSENT_NOT_LIVE, KEY_NOT_HERE, PROOF_INVALID,
 * GATEWAY_LIED. Source: docs/protocol/reading.md.
 */
export async function readShared(
  ctx: Context,
  consent: ConsentId,
  options: ReadOptions = {},
): Promise<SharedRead> {
  const { signal, onProgress } = options;
  const held = heldGrant(ctx, consent);
  const listed = await requestRows(ctx, held, options);
  // After the answer: a KeySet may have come between asking and being served.
  const keyOf = readingKeysOf(await collectKeys(ctx, held, { signal }), consent);
  const records: SharedRecord[] = [];
  const total = listed.rows.length;
  for (const { row, ticket } of listed.rows) {
    const maxBytes = sealedLength(row.paddedSize);
    const body = await ctx.gateway.blob(row.blobId, { at: listed.at, ticket, maxBytes, signal });
    records.push({ ...(await openLiveItem(ctx.ledger, row, keyOf(row), body, signal)), row });
    onProgress?.({ phase: 'opening', done: records.length, total });
  }
  const { erased, accesses } = listed;
  return { consent, patient: held.patient, records, erased, accesses };
}

/** What there is under a grant, unopened; a ticket fetches the bodies. */
export interface SharedListing {
  readonly rows: readonly { readonly row: LiveItem; readonly ticket: string }[];
  readonly erased: readonly ErasedItem[];
  readonly accesses: readonly Access[];
  /** The serving organisation, when it is not this account's own. */
  readonly at: AccountId | undefined;
}

/** The rows alone: what there is, by class, size and day. It is a look like any other. */
export async function requestRows(
  ctx: Context,
  held: HeldGrant,
  options: ReadOptions,
): Promise<SharedListing> {
  const { signal, onProgress } = options;
  const account = await ctx.ledger.knownAccount(held.patient, signal);
  const { organisation } = account;
  const at = organisation === ctx.account.organisation ? undefined : organisation;
  const rows: { row: LiveItem; ticket: string }[] = [];
  const erased: ErasedItem[] = [];
  const accesses: Access[] = [];
  for (const first of firstPages(options)) {
    for (let what: ReadWhat | undefined = first; what !== undefined; ) {
      const asked = { organisation, what, options };
      const { signedRequest, answer } = await statingTime(ctx, signal, async (issuedMs) => {
        const signedRequest = await signRequest(ctx, held, { ...asked, issuedMs });
        const request = textOfBytes(signedRequest);
        const answer = await ctx.gateway.call(readPost, { body: { request }, signal });
        return { signedRequest, answer };
      });
      const checked = await checkRows(ctx.ledger, held.patient, answer.rows, signal);
      requireCovered(held, what, checked.live);
      for (const row of checked.live) rows.push({ row, ticket: answer.ticket });
      erased.push(...checked.erased);
      const salt = bytesOfText(answer.salt, 32);
      accesses.push({ ...answer.access, salt, signedRequest });
      onProgress?.({ phase: 'fetching', done: rows.length, total: 0 });
      what = nextPage(what, answer.next);
    }
  }
  return { rows, erased, accesses, at };
}

function firstPages({ recordIds, since }: ReadOptions): readonly ReadWhat[] {
  if (recordIds === undefined) {
    return [{ kind: 'since', height: since ?? 0, limit: maxReadRecords, cursor: '' }];
  }
  const pages: ReadWhat[] = [];
  for (let at = 0; at < recordIds.length; at += maxReadRecords) {
    pages.push({ kind: 'records', recordIds: recordIds.slice(at, at + maxReadRecords) });
  }
  return pages;
}

function nextPage(what: ReadWhat, next: string | undefined): ReadWhat | undefined {
  if (what.kind !== 'since' || next === undefined) return undefined;
  if (next === what.cursor) throw new CodedError('GATEWAY_LIED');
  return { ...what, cursor: next };
}

async function signRequest(
  ctx: Context,
  held: HeldGrant,
  asked: {
    readonly organisation: AccountId;
    readonly what: ReadWhat;
    readonly options: ReadOptions;
    readonly issuedMs: number;
  },
): Promise<Uint8Array> {
  const { letter, terms } = held;
  const purpose = asked.options.purpose ?? terms.purposes[0];
  if (purpose === undefined) throw new CodedError('PURPOSE_NOT_GRANTED');
  const { sign } = await ctx.keys(asked.options.signal);
  const request: ReadRequest = {
    chainId: ctx.account.chainId,
    organisation: asked.organisation,
    consent: letter.consent,
    grantBody: letter.body,
    grantSalt: letter.salt,
    what: asked.what,
    purpose,
    nonce: randomBytes(16),
    issuedMs: asked.issuedMs,
    reader: ctx.account.account,
    readerKey: sign.publicKey,
  };
  const bytes = encodeReadRequest(request);
  return encodeSigned({ bytes, signature: await signLabelled(sign, labels.readSign, bytes) });
}

/** A server that hands out more than was granted, or something else than was asked, is not believed. */
function requireCovered(held: HeldGrant, what: ReadWhat, rows: readonly LiveItem[]): void {
  const { terms } = held;
  const classes = new Set<string>(terms.readClasses);
  const named = new Set(terms.recordIds);
  const asked = what.kind === 'records' ? new Set(what.recordIds) : undefined;
  for (const row of rows) {
    const isCovered =
      classes.has(row.recordClass) &&
      (named.size === 0 || named.has(row.recordId)) &&
      row.timeMs >= terms.fromMs &&
      (asked === undefined || asked.has(row.recordId)) &&
      (what.kind !== 'since' || row.height > what.height);
    if (!isCovered) throw new CodedError('GATEWAY_LIED', { recordId: row.recordId });
  }
}

/**
 * The receipt of one's own look, with the request as the claim that opens its entry. Throws GATEWAY_LIED
 * when the ledger's entry is not this request's.
 */
export async function receiptOfAccess(
  ctx: Context,
  access: Access,
  { signal }: WorkOptions = {},
): Promise<Uint8Array> {
  const receipt = await ctx.gateway.receipt(access.txId, signal);
  const { tx } = await ctx.verifyReceipt(receipt);
  const entryHash = readEntryHash(access.salt, access.signedRequest);
  const targets = claimTargets(tx);
  for (const [act, target] of targets.entries()) {
    if (target?.kind !== 'entries') continue;
    const entry = target.hashes.findIndex((hash) => equalBytes(hash, entryHash));
    if (entry < 0) continue;
    const { salt, signedRequest } = access;
    const claimed = attachClaim(receipt, { kind: 'entry', act, entry, salt, signedRequest });
    await ctx.verifyReceipt(claimed);
    return claimed;
  }
  throw new CodedError('GATEWAY_LIED', { txId: access.txId });
}
