import { textOfBytes } from '../../api/message-parts.ts';
import type { Purpose } from '../../api/purposes.ts';
import {
  encodeReadRequest,
  maxReadRecords,
  type ReadRequest,
  type ReadWhat,
} from '../../api/read-request.ts';
import { readPost } from '../../api/routes/read-post.ts';
import { decodeReadAnswer, type ReadAnswer } from '../../api/rows.ts';
import { encodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, RecordId, TxId } from '../../primitives/ids.ts';
import { checkRows, type ErasedItem, type LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { believed } from '../client/gateway-client.ts';
import { statingTime } from '../client/stated-time.ts';
import type { HeldGrant } from '../grants/received.ts';
import { dropRefused, dropUnshown } from '../kept/keeping.ts';

/** What to ask for under a grant, and what for. */
export interface LookOptions extends WorkOptions {
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
  options: LookOptions,
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
export interface Serving {
  readonly organisation: AccountId;
  readonly other: AccountId | undefined;
}

export async function servingAt(
  ctx: Context,
  held: HeldGrant,
  signal: AbortSignal | undefined,
): Promise<Serving> {
  const { organisation } = await ctx.ledger.knownAccount(held.patient, signal);
  const other = organisation === ctx.account.organisation ? undefined : organisation;
  return { organisation, other };
}

/** What one look gave: proven rows, and a ticket for their bodies. */
export interface SharedPage {
  readonly rows: readonly LiveItem[];
  readonly erased: readonly ErasedItem[];
  readonly ticket: string;
  readonly access: Access;
}

/** Page by page; each is a look. */
export async function* pagesOf(
  ctx: Context,
  held: HeldGrant,
  first: ReadWhat,
  options: LookOptions & { readonly at: Serving },
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

export function firstPages({ recordIds, since }: LookOptions): readonly ReadWhat[] {
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
    readonly options: LookOptions;
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
