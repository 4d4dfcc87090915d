import type { HeldIdentity } from '../../ledger/tables/keys.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, RecordId } from '../../primitives/ids.ts';
import type { ProvenLedger } from '../ledger/proven-ledger.ts';
import type { OpenedItem } from '../records/item-open.ts';
import type { ReadingKey } from '../records/item-wrap.ts';
import type { CameBody } from './chart-bodies.ts';
import type { LiveItem } from './check-rows.ts';
import type { Context } from './context.ts';
import { withCarried } from './open-carried.ts';
import type { Openers } from './opener-pool.ts';

/** What opens a row. Throws KEY_NOT_HERE. */
export type KeyOf = (row: LiveItem) => ReadingKey;

/** A row of which nothing is shown, and why: its body did not come, or whoever wrote it made it so that it does not open. */
export interface MissingBody {
  readonly recordId: RecordId;
  readonly code: (typeof codes)[keyof typeof codes] | (typeof ofItsAuthor)[number];
}

const codes = {
  erased: 'RECORD_ERASED',
  'not-stored': 'BLOB_UNKNOWN',
  corrupt: 'BLOB_CORRUPT',
} as const;
/** Of bytes that are the anchored ones: what one person writes hides nothing that another wrote. */
const ofItsAuthor = ['CANNOT_OPEN', 'ITEM_FORGED'] as const;

/** So many are being opened at the same time, and so many bytes, while further ones still come. */
const openingAtOnce = 64;
const openingBytes = 32 * 1024 * 1024;

/** Is told of each item that opened, with the body as it came, before it is given. */
export type OnOpened = (row: LiveItem, opened: OpenedItem, body: Uint8Array) => void;

/** A row with what its body said, verified; or why there is nothing. */
export type OpenedRow = { readonly row: LiveItem } & (
  | { readonly opened: OpenedItem }
  | { readonly missing: MissingBody }
);

/**
 * Opens bodies while others still come, and gives them in the order of their rows: each is what its author signed for
 * this chart, by a key that the directory had for him when it was anchored, before anybody sees it.
 *
 * Throws BLOB_CORRUPT (other bytes than those that were anchored), KEY_NOT_HERE, and what the bodies throw.
 */
export async function* openChart(
  { ledger, openers }: Pick<Context, 'ledger' | 'openers'>,
  bodies: AsyncIterable<CameBody>,
  keyOf: Promise<KeyOf> | KeyOf,
  signal?: AbortSignal,
  onOpened?: OnOpened,
): AsyncGenerator<OpenedRow, void, undefined> {
  const authors = new Authors(ledger, signal);
  const opening: { readonly row: Promise<OpenedRow>; readonly bytes: number }[] = [];
  let bytes = 0;
  const first = async (): Promise<OpenedRow> => {
    const next = opening.shift();
    if (next === undefined) throw new CodedError('INTERNAL');
    bytes -= next.bytes;
    return next.row;
  };
  let cut: unknown;
  for await (const came of untilCut(bodies, (error) => {
    cut = error;
  })) {
    const length = 'body' in came ? came.body.length : 0;
    const row = openedRow(came, keyOf, {
      ...{ ledger, authors, openers, signal, onOpened },
    });
    // Who asks for it later hears of a fault then.
    row.catch(() => undefined);
    opening.push({ row, bytes: length });
    bytes += length;
    while (opening.length >= openingAtOnce || (bytes > openingBytes && opening.length > 1)) {
      yield await first();
    }
  }
  while (opening.length > 0) yield await first();
  if (cut !== undefined) throw cut;
}

/** What came before a fault is good, and is given before it is told. */
async function* untilCut<T>(
  source: AsyncIterable<T>,
  told: (error: unknown) => void,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    told(error);
  }
}

interface Opening {
  readonly ledger: ProvenLedger;
  readonly authors: Authors;
  readonly openers: Openers;
  readonly signal: AbortSignal | undefined;
  readonly onOpened: OnOpened | undefined;
}

async function openedRow(
  came: CameBody,
  keyOf: Promise<KeyOf> | KeyOf,
  opening: Opening,
): Promise<OpenedRow> {
  const { row } = came;
  const { recordId } = row;
  if (!('body' in came)) return { row, missing: { recordId, code: codes[came.why] } };
  const key = (await keyOf)(row);
  try {
    const opened = await openedItem(row, key, came.body, opening);
    opening.onOpened?.(row, opened, came.body);
    return { row, opened };
  } catch (error) {
    const code = ofItsAuthor.find((it) => isCoded(error, it));
    if (code === undefined) throw error;
    return { row, missing: { recordId, code } };
  }
}

async function openedItem(
  row: LiveItem,
  key: ReadingKey,
  body: Uint8Array,
  { ledger, authors, openers, signal }: Opening,
): Promise<OpenedItem> {
  const { header, leafContent, salt, leaf, account, recordId, height } = row;
  const { consent: anchoredUnder, timeMs: anchoredMs } = row;
  const about = { header, leafContent, salt, leaf, account, recordId, key };
  const item = { ...about, anchoredUnder, anchoredMs };
  const opened = await openers.open(item, body);
  const { author, authorKey } = opened.head;
  if (!(await authors.hadKey(author, authorKey, height))) {
    throw new CodedError('ITEM_FORGED', { recordId });
  }
  return withCarried(ledger, { item: opened, height, timeMs: anchoredMs }, signal);
}

/** Whose key it was: asked once for each author of a chart, and again only for what was anchored later. */
class Authors {
  readonly #ledger: ProvenLedger;
  readonly #signal: AbortSignal | undefined;
  readonly #asked = new Map<
    string,
    { readonly height: number; readonly held: Promise<HeldIdentity | undefined> }
  >();

  constructor(ledger: ProvenLedger, signal: AbortSignal | undefined) {
    this.#ledger = ledger;
    this.#signal = signal;
  }

  async hadKey(author: AccountId, publicKey: Uint8Array, height: number): Promise<boolean> {
    const name = `${author} ${bytesToHex(publicKey)}`;
    let asked = this.#asked.get(name);
    if (asked === undefined || asked.height < height) {
      asked = { height, held: this.#identity(author, publicKey, height) };
      this.#asked.set(name, asked);
    }
    const held = await asked.held;
    if (held === undefined) return false;
    const { fromHeight, untilHeight } = held;
    return fromHeight <= height && (untilHeight === 0 || height <= untilHeight);
  }

  async #identity(
    author: AccountId,
    publicKey: Uint8Array,
    height: number,
  ): Promise<HeldIdentity | undefined> {
    try {
      return await this.#ledger.identityOfKey(author, publicKey, height, this.#signal);
    } catch (error) {
      if (isCoded(error, 'ACCOUNT_UNKNOWN')) return undefined;
      throw error;
    }
  }
}
