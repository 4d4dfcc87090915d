import type { CommittedBlock, LedgerEngine } from '../engines/engine.ts';
import { decodeTx, txIdOfBytes } from '../ledger/codec.ts';
import { accountIdOfKey } from '../ledger/identity.ts';
import type { Act } from '../ledger/protocol.ts';
import { refusalNumber } from '../ledger/refusals.ts';
import type { Tx } from '../ledger/tx.ts';
import { assertNever, CodedError, isCoded } from '../primitives/errors.ts';
import type { AccountId, BlobId, TxId } from '../primitives/ids.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { liveBits } from './access-log.ts';
import type { Batches } from './batches.ts';
import type { Database } from './database.ts';
import type { Enrolment } from './enrolment.ts';
import type { Inbox } from './inbox.ts';
import type { ItemRows } from './item-rows.ts';
import type { Logger } from './logging.ts';
import type { Sessions } from './sessions.ts';
import type { Tickets } from './tickets.ts';

interface IndexedAct {
  readonly act: Act;
  readonly sender: AccountId;
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  /** Which act of its transaction, and the transaction's result data. */
  readonly position: number;
  readonly data: Uint8Array;
}

const retryMs = 1_000;
const startMs = 60 * 60_000;

/**
 * Follows the ledger and turns what it says into what this gateway serves by: anchored rows become visible,
 * looks are shown, notices learn their place, sessions and tickets end. A block and the height it brings are
 * one transaction of the gateway's file, so after a crash it goes on where it was.
 * Source: docs/protocol/http.md, rule H-15.
 */
export class LedgerIndex {
  readonly #parts: IndexParts;
  readonly #stop = new AbortController();
  readonly #waiters = new Set<() => void>();
  #height: number;
  #running: Promise<void> | undefined;

  constructor(parts: IndexParts) {
    this.#parts = parts;
    this.#height = parts.db.get('SELECT height FROM progress')?.uint('height') ?? 0;
  }

  get height(): number {
    return this.#height;
  }

  /** Resolves when everything that is on the ledger now is indexed. */
  async start(): Promise<void> {
    this.#running ??= this.#follow();
    // A long way to catch up at a first start is no fault.
    await this.reached(this.#parts.engine.status().height, startMs);
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

  /** The ledger names this blob as a key set or an envelope set. */
  isSharedBlob(id: BlobId): boolean {
    return this.#parts.db.get('SELECT 1 FROM shared_blobs WHERE blob = ?', id) !== undefined;
  }

  /** What a client saw committed is served from here on. */
  async caughtUp(): Promise<void> {
    await this.reached(this.#parts.engine.status().height);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { engine, log } = this.#parts;
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
        await pause(retryMs, signal);
      }
    }
  }

  async #index(block: CommittedBlock): Promise<void> {
    const { db, onIndexed } = this.#parts;
    const decoded = block.txs.map(decodedTx);
    await this.#keepBlobs(block, decoded);
    db.transaction('index', () => {
      for (const [at, tx] of decoded.entries()) {
        const bytes = block.txs[at];
        const result = block.results[at];
        if (tx === undefined || bytes === undefined || result === undefined) continue;
        if (result.code !== 0) this.#indexRefused(tx, result.code);
        else {
          const txId = txIdOfBytes(bytes);
          const { height, timeMs } = block;
          const { sender, acts } = tx.body;
          for (const [position, act] of acts.entries()) {
            const { data } = result;
            this.#indexAct({ act, sender, txId, height, timeMs, position, data });
          }
        }
      }
      db.run('UPDATE progress SET height = ?', block.height);
    });
    this.#height = block.height;
    onIndexed(block.height);
    this.#wake();
  }

  /** Before the block counts as indexed: what it anchors must not be collected. Again: no change. */
  async #keepBlobs(block: CommittedBlock, decoded: readonly (Tx | undefined)[]): Promise<void> {
    const { rows, blobs } = this.#parts;
    for (const [at, tx] of decoded.entries()) {
      if (tx === undefined || block.results[at]?.code !== 0) continue;
      const { sender, acts } = tx.body;
      for (const act of acts) {
        if (act.kind === 'KeySet' && this.#isOurs(sender)) {
          await blobs.markAnchored(blobsOf(act), sender);
        }
        if (act.kind !== 'DataAnchor' && act.kind !== 'DiagnosisAnchor') continue;
        for (const { owner, blobIds } of rows.claims(sender, act.root)) {
          await blobs.markAnchored(blobIds, owner);
        }
      }
    }
  }

  /** The keys changed before the anchor came: its rows are delivered anew. */
  #indexRefused(tx: Tx, code: number): void {
    if (code !== refusalNumber('EPOCH_STALE')) return;
    for (const act of tx.body.acts) {
      if (act.kind === 'DataAnchor' || act.kind === 'DiagnosisAnchor') {
        this.#parts.rows.dropPending(tx.body.sender, act.root);
      }
    }
  }

  #indexAct(indexed: IndexedAct): void {
    const { db, rows, sessions, tickets, batches, enrolment, organisation } = this.#parts;
    const { act, sender, txId, height, timeMs } = indexed;
    switch (act.kind) {
      case 'Enrol': {
        const account = accountIdOfKey(act.identity.suite, act.identity.signKey);
        db.run('INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)', ...[account, sender, act.role]);
        if (sender === organisation) enrolment.enrolled(account, txId, height);
        return;
      }
      case 'RotateKey':
        sessions.endAll(sender);
        return;
      case 'RevokeKey':
        sessions.endAll(act.account);
        return;
      case 'KeySet':
        for (const blob of blobsOf(act)) {
          db.run('INSERT OR IGNORE INTO shared_blobs VALUES (?, ?)', blob, sender);
        }
        return;
      case 'ConsentGrant':
        db.run('INSERT OR IGNORE INTO consents VALUES (?, ?)', act.consent, sender);
        return;
      case 'ConsentRevoke':
        tickets.endConsent(act.consent);
        return;
      case 'DataAnchor':
      case 'DiagnosisAnchor':
        if (this.#isOurs(sender)) {
          const { root, epoch, consent, count } = act;
          rows.anchored({ account: sender, root, txId, height, timeMs, epoch, consent, count });
        }
        return;
      case 'AccessLog':
        if (sender === organisation) this.#showLooks(indexed, act.entries);
        return;
      case 'BatchAnchor':
        if (sender === organisation) batches.anchored(act.root, txId, height);
        return;
      case 'LogProfile':
        return;
      default:
        assertNever(act);
    }
  }

  #showLooks(
    { txId, height, data, position }: IndexedAct,
    entries: readonly { readonly entryHash: Uint8Array }[],
  ): void {
    const bits = liveBits(data, entries.length, position);
    for (const [index, { entryHash }] of entries.entries()) {
      if (bits[index] === 1) this.#parts.inbox.showLook(entryHash, { txId, height, index });
    }
  }

  #isOurs(account: AccountId): boolean {
    const row = this.#parts.db.get('SELECT organisation FROM accounts WHERE account = ?', account);
    return row?.text('organisation') === this.#parts.organisation;
  }

  #wake(): void {
    const waiting = [...this.#waiters];
    this.#waiters.clear();
    for (const resolve of waiting) resolve();
  }
}

interface IndexParts {
  readonly engine: LedgerEngine;
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly rows: ItemRows;
  readonly inbox: Inbox;
  readonly batches: Batches;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly enrolment: Enrolment;
  readonly organisation: AccountId;
  readonly log: Logger;
  readonly onIndexed: (height: number) => void;
}

function blobsOf(act: { readonly keySetBlob: BlobId; readonly envelopeSetBlob: BlobId }): BlobId[] {
  return [act.keySetBlob, act.envelopeSetBlob];
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

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
