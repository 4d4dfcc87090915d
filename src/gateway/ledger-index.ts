import { setTimeout as wait } from 'node:timers/promises';
import type { CommittedBlock, LedgerEngine } from '../engines/engine.ts';
import { decodeTx, txIdOfBytes } from '../ledger/codec.ts';
import type { Act } from '../ledger/protocol.ts';
import { refusalOf } from '../ledger/refusals.ts';
import type { Tx } from '../ledger/tx.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { Logger } from './logging.ts';
import type { StoreOwner } from './migrations.ts';
import type { IndexedAct, OnAct, OnActs, OpenParts } from './part.ts';
import type { Store } from './store.ts';

const retryMs = 1_000;
const startMs = 60 * 60_000;

/** How far the ledger is indexed. */
export const indexStore: StoreOwner = {
  owner: 'index',
  writes: ['index'],
  migrations: [
    `CREATE TABLE progress (one INTEGER PRIMARY KEY CHECK (one = 1), height INTEGER NOT NULL) STRICT;
     INSERT INTO progress VALUES (1, 0);`,
  ],
};

/**
 * Follows the ledger and tells the parts, in their order, what it says; each turns it into what it serves by.
 * A block and the height it brings are one transaction of the gateway's file, so after a crash it goes on where
 * it was. Source: docs/protocol/http.md, rule H-15.
 */
export class LedgerIndex {
  readonly #base: IndexBase;
  #parts: ReturnType<OpenParts['entries']> = [];
  readonly #stop = new AbortController();
  readonly #waiters = new Set<() => void>();
  #height: number;
  #running: Promise<void> | undefined;

  constructor(base: IndexBase) {
    this.#base = base;
    this.#height = base.db.get('SELECT height FROM progress')?.uint('height') ?? 0;
  }

  get height(): number {
    return this.#height;
  }

  /** Resolves when everything that is on the ledger now is indexed, by these parts. */
  async start(parts: OpenParts): Promise<void> {
    this.#parts = parts.entries();
    this.#running ??= this.#follow();
    // The blocks before this hospital joined come by and by; nothing that rests on them is answered before (CB-15).
    if (this.#base.engine.historyFrom?.() !== undefined) return;
    // A long way to catch up at a first start is no fault.
    await this.reached(this.#base.engine.status().height, startMs);
  }

  /** Resolves when this height is indexed; throws LEDGER_STALLED when that takes too long. */
  async reached(height: number, timeoutMs = 10_000): Promise<void> {
    const late = AbortSignal.timeout(timeoutMs);
    const { signal } = this.#stop;
    while (this.#height < height && !signal.aborted) {
      await new Promise<void>((resolve, reject) => {
        const give = () =>
          reject(new CodedError('LEDGER_STALLED', { indexedHeight: this.#height }));
        late.addEventListener('abort', give);
        this.#waiters.add(() => {
          late.removeEventListener('abort', give);
          resolve();
        });
      });
    }
  }

  /** What a client saw committed is served from here on. */
  async caughtUp(): Promise<void> {
    await this.reached(this.#base.engine.status().height);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { engine, log } = this.#base;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const block of engine.subscribe(this.#height + 1, signal)) {
          if (signal.aborted) return;
          await this.#index(block);
        }
        return; // the engine closed
      } catch (error) {
        if (signal.aborted || isCoded(error, 'LEDGER_CLOSED')) return;
        log.error(
          { height: this.#height, code: isCoded(error) ? error.code : 'INTERNAL' },
          'index',
        );
        await wait(retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #index(block: CommittedBlock): Promise<void> {
    const { db, onIndexed } = this.#base;
    const txs = txsOf(block);
    await this.#keep(txs);
    db.transaction('index', () => {
      for (const tx of txs) this.#tell(tx);
      db.run('UPDATE progress SET height = ?', block.height);
    });
    this.#height = block.height;
    onIndexed(block.height);
    this.#wake();
  }

  async #keep(txs: readonly IndexedTx[]): Promise<void> {
    for (const { acts, result } of txs) {
      if (result.code !== 0) continue;
      for (const act of acts) {
        for (const [part, opened] of this.#parts) {
          await hookOf(part.keeps, act)?.(opened, { ...act, data: result.data });
        }
      }
    }
  }

  #tell({ acts, result }: IndexedTx): void {
    const code = refusalOf(result.code)?.code;
    for (const act of acts) {
      for (const [part, opened] of this.#parts) {
        if (result.code === 0) hookOf(part.onAct, act)?.(opened, { ...act, data: result.data });
        else hookOf(part.onRefused, act)?.(opened, { ...act, code });
      }
    }
  }

  #wake(): void {
    const waiting = [...this.#waiters];
    this.#waiters.clear();
    for (const resolve of waiting) resolve();
  }
}

interface IndexBase {
  readonly engine: LedgerEngine;
  readonly db: Store;
  readonly log: Logger;
  readonly onIndexed: (height: number) => void;
}

/** A transaction of a block, as its acts are told. */
interface IndexedTx {
  readonly acts: readonly Omit<IndexedAct, 'data'>[];
  readonly result: CommittedBlock['results'][number];
}

function txsOf({ txs, results, height, timeMs }: CommittedBlock): IndexedTx[] {
  return txs.flatMap((bytes, at) => {
    const tx = decodedTx(bytes);
    const result = results[at];
    if (tx === undefined || result === undefined) return [];
    const { sender, acts } = tx.body;
    const placed = { sender, txId: txIdOfBytes(bytes), height, timeMs };
    return { acts: acts.map((act, position) => ({ ...placed, act, position })), result };
  });
}

/** What a part does on an act of this kind. */
function hookOf<Met, Answer>(
  hooks: OnActs<unknown, Met, Answer> | undefined,
  { act }: { readonly act: Act },
): OnAct<unknown, Met & { readonly act: Act }, Answer> | undefined {
  return hooks?.[act.kind];
}

/** Undefined for bytes that are no transaction: a block may hold such, with a refusal as their result. */
function decodedTx(bytes: Uint8Array): Tx | undefined {
  try {
    return decodeTx(bytes);
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}
