import { textOfBytes } from '../../api/message-parts.ts';
import type { Purpose } from '../../api/purposes.ts';
import {
  encodeReadRequest,
  maxReadRecords,
  type ReadRequest,
  type ReadWhat,
  readEntryHash,
} from '../../api/read-request.ts';
import { readPost } from '../../api/routes/read-post.ts';
import { decodeReadAnswer, type ReadAnswer } from '../../api/rows.ts';
import { encodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { claimTargets } from '../../ledger/chain/claim.ts';
import { attachClaim } from '../../ledger/chain/receipt.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import { chartBodies } from '../client/chart-bodies.ts';
import { checkRows, type ErasedItem, type LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { believed } from '../client/gateway-client.ts';
import { type KeyOf, type MissingBody, type OnOpened, openChart } from '../client/open-chart.ts';
import { statingTime } from '../client/stated-time.ts';
import { type HeldGrant, heldGrant } from '../grants/received.ts';
import { dropRefused, dropUnshown, Keeping } from '../kept/keeping.ts';
import type { OpenedItem } from '../records/item-open.ts';
import { beforehand, openersOf } from './keys-of-rows.ts';
import { withAskedHalves } from './second-halves.ts';

/** What to read under a grant, and what for. */
export interface ReadOptions extends WorkOptions {
  /** Undefined: everything that the grant covers. */
  readonly recordIds?: readonly RecordId[] | undefined;
  /** Anchored above this height. */
  readonly since?: number | undefined;
  /** The first that the grant allows when it is not said. */
  readonly purpose?: Purpose | undefined;
  /** Called with each record as soon as it is opened and verified, in the order of the ledger. */
  readonly onRecord?: ((record: SharedRecord) => void) | undefined;
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
  /**
   * Of which nothing is shown, and why: `RECORD_ERASED` since they were listed, `BLOB_UNKNOWN`, `BLOB_CORRUPT`; and what
   * its author made so: `CANNOT_OPEN`, `ITEM_FORGED`.
   */
  readonly missing: readonly MissingBody[];
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
  const { signal, onProgress, onRecord } = options;
  const held = heldGrant(ctx, consent);
  const at = await servingAt(ctx, held, signal);
  const records: SharedRecord[] = [];
  const erased: ErasedItem[] = [];
  const missing: MissingBody[] = [];
  const accesses: Access[] = [];
  let total = 0;
  const known = beforehand(ctx, held, signal);
  const keeping = keepingUnder(ctx, held);
  const read = async (page: SharedPage): Promise<void> => {
    erased.push(...page.erased);
    accesses.push(page.access);
    const isNamed = options.recordIds !== undefined;
    const about = { page, isNamed, at: at.other, known, onOpened: keeping.take };
    for await (const said of openedPage(ctx, held, about, signal)) {
      if (said.kind === 'again') {
        const again = { kind: 'records', recordIds: said.recordIds } as const;
        for await (const next of pagesOf(ctx, held, again, { ...options, at })) {
          missing.push(...goneSince(said.recordIds, next));
          await read(next);
        }
      } else if (said.kind === 'missing') missing.push(said.missing);
      else {
        records.push(said.record);
        onRecord?.(said.record);
      }
      onProgress?.({ phase: 'opening', done: records.length, total });
    }
  };
  try {
    for (const first of firstPages(options)) {
      for await (const page of pagesOf(ctx, held, first, { ...options, at })) {
        total += page.rows.length;
        await read(page);
      }
    }
  } finally {
    await keeping.done();
  }
  return { consent, patient: held.patient, records, erased, missing, accesses };
}

/** Keeps what one reads under a grant until the grant ends. */
export const keepingUnder = (ctx: Context, { letter }: HeldGrant): Keeping =>
  new Keeping(ctx, { consent: letter.consent, endMs: letter.notAfterMs });

type Said =
  | { readonly kind: 'record'; readonly record: SharedRecord }
  | { readonly kind: 'missing'; readonly missing: MissingBody }
  /** The ticket is over, so that a new look is due for the rest: it says whether the grant is. */
  | { readonly kind: 'again'; readonly recordIds: readonly RecordId[] };

/** The records of one page, each as soon as it is opened; the keys are fetched while the first bodies come. */
async function* openedPage(
  ctx: Context,
  held: HeldGrant,
  {
    page,
    isNamed,
    at,
    known,
    onOpened,
  }: {
    readonly page: SharedPage;
    /** The look names its records. */
    readonly isNamed: boolean;
    readonly at: AccountId | undefined;
    readonly known: Promise<KeyOf>;
    readonly onOpened: OnOpened;
  },
  signal: AbortSignal | undefined,
): AsyncGenerator<Said, void, undefined> {
  const { rows, ticket } = page;
  if (rows.length === 0) return;
  const keys = openersOf(ctx, held, { rows, known }, signal).then((keyOf) =>
    isNamed ? withHalves(ctx, page, keyOf, signal) : keyOf,
  );
  // Whose bodies fail first hears of that, and of the keys nothing more.
  keys.catch(() => undefined);
  const wanted = { account: held.patient, rows, at, ticket };
  let came = 0;
  try {
    const bodies = chartBodies(ctx.gateway, wanted, signal);
    for await (const it of openChart(ctx, bodies, keys, signal, onOpened)) {
      came += 1;
      if ('opened' in it) yield { kind: 'record', record: { ...it.opened, row: it.row } };
      else yield { kind: 'missing', missing: it.missing };
    }
  } catch (error) {
    // Of a ticket that gave nothing at all a further one would not give more.
    if (!isCoded(error, 'BLOB_UNKNOWN') || came === 0) throw error;
    yield { kind: 'again', recordIds: rows.slice(came).map((row) => row.recordId) };
  }
}

/** Doubly encrypted records that the look names are opened: their second halves are asked for with its receipt. */
async function withHalves(
  ctx: Context,
  { rows, access }: SharedPage,
  keyOf: KeyOf,
  signal: AbortSignal | undefined,
): Promise<KeyOf> {
  let receipt: Promise<Uint8Array> | undefined;
  const look = (): Promise<Uint8Array> => {
    receipt ??= receiptOfAccess(ctx, access, { signal });
    return receipt;
  };
  const keys = await withAskedHalves(ctx, { rows, keyOf, look }, signal);
  return (row) => keys.get(row) ?? keyOf(row);
}

/** What was shown before and is not any more. */
function goneSince(recordIds: readonly RecordId[], { rows }: SharedPage): MissingBody[] {
  const there = new Set(rows.map((row) => row.recordId));
  const gone = recordIds.filter((it) => !there.has(it));
  return gone.map((recordId) => ({ recordId, code: 'RECORD_ERASED' }));
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
  const at = await servingAt(ctx, held, options.signal);
  const rows: { row: LiveItem; ticket: string }[] = [];
  const erased: ErasedItem[] = [];
  const accesses: Access[] = [];
  for (const first of firstPages(options)) {
    for await (const page of pagesOf(ctx, held, first, { ...options, at })) {
      const { ticket } = page;
      rows.push(...page.rows.map((row) => ({ row, ticket })));
      erased.push(...page.erased);
      accesses.push(page.access);
      options.onProgress?.({ phase: 'fetching', done: rows.length, total: 0 });
    }
  }
  return { rows, erased, accesses, at: at.other };
}

/** Who serves a patient's rows; `other` when that is not this account's own hospital. */
interface Serving {
  readonly organisation: AccountId;
  readonly other: AccountId | undefined;
}

async function servingAt(
  ctx: Context,
  held: HeldGrant,
  signal: AbortSignal | undefined,
): Promise<Serving> {
  const { organisation } = await ctx.ledger.knownAccount(held.patient, signal);
  const other = organisation === ctx.account.organisation ? undefined : organisation;
  return { organisation, other };
}

/** What one look gave: proven rows, and a ticket for their bodies. */
interface SharedPage {
  readonly rows: readonly LiveItem[];
  readonly erased: readonly ErasedItem[];
  readonly ticket: string;
  readonly access: Access;
}

/** Page by page; each is a look. */
async function* pagesOf(
  ctx: Context,
  held: HeldGrant,
  first: ReadWhat,
  options: ReadOptions & { readonly at: Serving },
): AsyncGenerator<SharedPage, void, undefined> {
  const { signal } = options;
  const { organisation } = options.at;
  const shown: RecordId[] = [];
  for (let what: ReadWhat | undefined = first; what !== undefined; ) {
    const now = what;
    const asked = { organisation, what: now, options };
    const { consent } = held.letter;
    const asking = statingTime(ctx, signal, async (issuedMs) => {
      const signedRequest = await signRequest(ctx, held, { ...asked, issuedMs });
      return { signedRequest, answer: await answerOf(ctx, signedRequest, signal) };
    });
    const { signedRequest, answer } = await asking.catch((error: unknown) =>
      dropRefused(ctx, consent, now, error),
    );
    const { live, erased } = await checkRows(ctx.ledger, held.patient, answer.anchors, signal);
    requireCovered(held, what, live);
    for (const { recordId } of live) shown.push(recordId);
    if (what.kind === 'records') {
      const asked = new Set(what.recordIds);
      await dropUnshown(ctx, consent, shown, (id) => asked.has(id));
    }
    const { txId, height, index, salt } = answer;
    const access = { txId, height, index, salt, signedRequest };
    yield { rows: live, erased, ticket: textOfBytes(answer.ticket), access };
    what = nextPage(what, answer.next);
  }
  // A grantee is not told what was erased: it is left out of what there is.
  if (first.kind === 'since' && first.height === 0) {
    await dropUnshown(ctx, held.letter.consent, shown);
  }
}

/**
 * Sent again, the same bytes, when no answer came: that the first never arrived cannot be seen, that it counts once is
 * the nonce's doing. Throws GATEWAY_UNREACHABLE also for a look that was served and whose answer was lost: to look anew
 * is a second look, which its reader asks for.
 */
async function answerOf(
  ctx: Context,
  signedRequest: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<ReadAnswer> {
  try {
    const request = textOfBytes(signedRequest);
    const encoded = await ctx.gateway.call(readPost, { body: { request }, signal });
    return believed(decodeReadAnswer, encoded);
  } catch (error) {
    if (!isCoded(error, 'REQUEST_REPLAYED')) throw error;
    throw new CodedError('GATEWAY_UNREACHABLE', { path: readPost.path }, error);
  }
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

function nextPage(what: ReadWhat, next: string): ReadWhat | undefined {
  if (what.kind !== 'since' || next === '') return undefined;
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
  const receipt = await ctx.receipt(access.txId, signal);
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
