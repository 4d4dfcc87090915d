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
  /** Why the second half of its key did not come: RECORD_DOUBLE. */
  readonly because?: CodedError | undefined;
}

const codes = {
  erased: 'RECORD_ERASED',
  'not-stored': 'BLOB_UNKNOWN',
  corrupt: 'BLOB_CORRUPT',
} as const;
/** Of bytes that are the anchored ones: what one person writes hides nothing that another wrote. */
const ofItsAuthor = ['CANNOT_OPEN', 'ITEM_FORGED', 'RECORD_DOUBLE'] as const;

/** So many are being opened at the same time, and so many bytes, while further ones still come. */
const openingAtOnce = 96;
const openingBytes = 32 * 1024 * 1024;

/** Is told of each item that opened, with the body as it came, before it is given. */
export type OnOpened = (row: LiveItem, opened: OpenedItem, body: Uint8Array) => void;

/** A row with what its body said, verified; or why there is nothing. */
export type OpenedRow = { readonly row: LiveItem } & (
  | { readonly opened: OpenedItem }
  | { readonly missing: MissingBody }
);

/**
 * Opens bodies while others still come, and gives each as soon as it and those before it are opened: each is what its
 * author signed for this chart, by a key that the directory had for him when it was anchored, before anybody sees it.
 *
 * Throws BLOB_CORRUPT (other bytes than those that were anchored), KEY_NOT_HERE, and what the bodies throw.
 */
export async function* openChart(
  { ledger, openers }: Pick<Context, 'ledger' | 'openers'>,
  bodies: AsyncIterable<readonly CameBody[]>,
  keyOf: Promise<KeyOf> | KeyOf,
  signal?: AbortSignal,
  onOpened?: OnOpened,
): AsyncGenerator<OpenedRow, void, undefined> {
  const authors = new Authors(ledger, signal);
  const line = new Line();
  const source = bodies[Symbol.asyncIterator]();
  try {
    let coming: Promise<Come> | undefined = comeOf(source);
    let cut: unknown;
    for (;;) {
      const first = line.first;
      if (first !== undefined && (first.isOpen || coming === undefined || line.isFull)) {
        yield await line.takeFirst();
        continue;
      }
      if (coming === undefined) break;
      // Whichever is first: what is opened waits for no further bodies.
      if (first !== undefined && (await Promise.race([coming, first.settled])) === opened) continue;
      const come: Come = await coming;
      if ('cut' in come) {
        cut = come.cut;
        coming = undefined;
        continue;
      }
      for (const it of come.bodies) {
        const row = openedRow(it, keyOf, { ledger, authors, openers, signal, onOpened });
        line.add(row, 'body' in it ? it.body.length : 0);
      }
      coming = comeOf(source);
    }
    // What came before a fault is good, and was given before it is told.
    if (cut !== undefined) throw cut;
  } finally {
    // Not awaited: who takes no more does not wait for what still comes.
    source.return?.().catch(() => undefined);
  }
}

/** Further bodies, or why there are none: the end, or a fault. */
type Come = { readonly bodies: readonly CameBody[] } | { readonly cut: unknown };

async function comeOf(source: AsyncIterator<readonly CameBody[]>): Promise<Come> {
  try {
    const next = await source.next();
    return next.done === true ? { cut: undefined } : { bodies: next.value };
  } catch (cut) {
    return { cut };
  }
}

const opened = Symbol('opened');

interface InLine {
  readonly row: Promise<OpenedRow>;
  readonly settled: Promise<typeof opened>;
  readonly bytes: number;
  /** Or refused. */
  isOpen: boolean;
}

/** Rows that are being opened, in their order. */
class Line {
  readonly #line: InLine[] = [];
  #bytes = 0;

  get first(): InLine | undefined {
    return this.#line[0];
  }

  get isFull(): boolean {
    const { length } = this.#line;
    return length >= openingAtOnce || (this.#bytes > openingBytes && length > 1);
  }

  add(row: Promise<OpenedRow>, bytes: number): void {
    const settle = (): typeof opened => {
      one.isOpen = true;
      return opened;
    };
    // Who asks for it later hears of a fault then.
    const one: InLine = { row, settled: row.then(settle, settle), bytes, isOpen: false };
    this.#line.push(one);
    this.#bytes += bytes;
  }

  takeFirst(): Promise<OpenedRow> {
    const next = this.#line.shift();
    if (next === undefined) throw new CodedError('INTERNAL');
    this.#bytes -= next.bytes;
    return next.row;
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
    // Why the second half did not come is told of this record alone, whatever it is.
    if (key.half instanceof CodedError && error === key.half)
      return { row, missing: { recordId, code: 'RECORD_DOUBLE', because: key.half } };
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
