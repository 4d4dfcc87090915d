import type { ReadWhat } from '../../api/read-request.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { withCarried } from '../client/open-carried.ts';
import type { SignerDirectory } from '../ledger/proven-ledger.ts';
import { carriedMediaType } from '../records/carried.ts';
import { lockOf } from '../records/double.ts';
import type { OpenedItem } from '../records/item-open.ts';
import { type KeptSigner, keptOf } from './kept-format.ts';
import { type ItemToKeep, keptLimits } from './kept-items.ts';

/** Written as soon as so much has come, so that a whole chart is not held in memory twice. */
const pieceBytes = 8 * 1024 * 1024;

/** Where one opened what is to be kept: in one's own chart, or under a grant with an end. */
export interface OpenedUnder {
  readonly consent?: ConsentId | undefined;
  readonly endMs?: number | undefined;
  /** Of the KeySet from which the key of a row derives; only the owner needs it. */
  readonly keySaltOf?: ((row: LiveItem) => Uint8Array) | undefined;
}

/**
 * Takes what was opened and verified just now, and keeps it in pieces; that it cannot be kept stops nobody who reads. Call
 * `done` at the end, also of work that failed: what was opened by then is kept.
 */
export class Keeping {
  readonly #ctx: Context;
  readonly #under: OpenedUnder;
  #waiting: ItemToKeep[] = [];
  #bytes = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ctx: Context, under: OpenedUnder) {
    this.#ctx = ctx;
    this.#under = under;
  }

  /** Of a row that was opened, with the body as it came. */
  readonly take = (row: LiveItem, opened: OpenedItem, body: Uint8Array): void => {
    const { kept, imported } = this.#ctx;
    const isTooLarge = body.length > keptLimits.itemBytes;
    const isWithdrawn = this.#under.consent === undefined && imported.isWithdrawn(row.recordId);
    // What needs three servers to open is not read without them.
    const isDouble = lockOf(row.header) !== undefined;
    if (!kept.isKeeping || isTooLarge || isWithdrawn || isDouble) return;
    this.#last = this.#last.then(() => this.#add(row, opened, body)).catch(() => undefined);
  };

  async done(): Promise<void> {
    await this.#last;
    await this.#write().catch(() => undefined);
  }

  async #add(row: LiveItem, opened: OpenedItem, body: Uint8Array): Promise<void> {
    const { consent, endMs, keySaltOf } = this.#under;
    const signers = await signersOf(this.#ctx.ledger, row, opened);
    const keySalt = keySaltOf?.(row) ?? new Uint8Array(0);
    const item = keptOf(row, { keySalt, signers, body });
    const holder = this.#ctx.account.account;
    this.#waiting.push({ item, leaf: row.leaf, holder, consent, endMs });
    this.#bytes += body.length;
    if (this.#bytes >= pieceBytes) await this.#write();
  }

  async #write(): Promise<void> {
    const items = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    await this.#ctx.kept.keep(items);
  }
}

/** The identities that opening asks the ledger for: of its author, and of whoever signed what is inside of it. */
async function signersOf(
  ledger: SignerDirectory,
  row: LiveItem,
  opened: OpenedItem,
): Promise<readonly KeptSigner[]> {
  const signers: KeptSigner[] = [];
  const noting: SignerDirectory = {
    trustRoot: ledger.trustRoot,
    headers: ledger.headers,
    async identityOfKey(account: AccountId, signKey, height, signal) {
      const held = await ledger.identityOfKey(account, signKey, height, signal);
      if (held !== undefined) signers.push({ account, held });
      return held;
    },
  };
  const { author, authorKey, mediaType } = opened.head;
  await noting.identityOfKey(author, authorKey, row.height);
  if (mediaType === carriedMediaType) {
    const { carried: _, ...item } = opened;
    await withCarried(noting, { item, height: row.height, timeMs: row.timeMs });
  }
  return signers;
}

/** Lets go what a refusal says is no more: all that the grant gave, or the records that were asked for; and throws it. */
export async function dropRefused(
  ctx: Context,
  consent: ConsentId,
  what: ReadWhat,
  error: unknown,
): Promise<never> {
  const asked = new Set(what.kind === 'records' ? what.recordIds : []);
  const isEnded = isCoded(error, 'CONSENT_ENDED');
  if (isEnded || isCoded(error, 'RECORD_UNKNOWN')) {
    const isGone = (id: RecordId): boolean => isEnded || asked.has(id);
    await ctx.kept.dropWhereItCan((it) => it.consent === consent && isGone(it.recordId));
  }
  throw error;
}

/** Lets go what a grant gave, of which `isAsked`, and that was not shown. */
export async function dropUnshown(
  ctx: Context,
  consent: ConsentId,
  shown: Iterable<RecordId>,
  isAsked: (recordId: RecordId) => boolean = () => true,
): Promise<void> {
  const there = new Set(shown);
  await ctx.kept.dropWhereItCan(
    (it) => it.consent === consent && isAsked(it.recordId) && !there.has(it.recordId),
  );
}
