import { readEntryHash } from '../../api/read-request.ts';
import { claimTargets } from '../../ledger/chain/claim.ts';
import { attachClaim } from '../../ledger/chain/receipt.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import { chartBodies } from '../client/chart-bodies.ts';
import type { ErasedItem, LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type KeyOf, type MissingBody, type OnOpened, openChart } from '../client/open-chart.ts';
import { type HeldGrant, heldGrant } from '../grants/received.ts';
import { Keeping } from '../kept/keeping.ts';
import type { OpenedItem } from '../records/item-open.ts';
import { beforehand, openersOf } from './keys-of-rows.ts';
import { withAskedHalves } from './second-halves.ts';
import {
  type Access,
  firstPages,
  type LookOptions,
  pagesOf,
  type SharedPage,
  servingAt,
} from './shared-pages.ts';

/** What to read under a grant, and who hears of it. */
export interface ReadOptions extends LookOptions {
  /** Called with each record as soon as it is opened and verified, in the order of the ledger. */
  readonly onRecord?: ((record: SharedRecord) => void) | undefined;
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
