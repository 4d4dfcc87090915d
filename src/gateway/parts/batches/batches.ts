import { textOfBytes } from '../../../api/message-parts.ts';
import { type BatchKind, batchKinds } from '../../../ledger/batch-kinds.ts';
import { decodeTx, txIdOfBytes } from '../../../ledger/codec.ts';
import { leafHash, merkleTree } from '../../../ledger/merkle.ts';
import { anchorRowId } from '../../../ledger/tables/anchors.ts';
import { batches as batchRows } from '../../../ledger/tables/batches.ts';
import { concatBytes, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId, TxId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart } from '../../part.ts';
import type { Store } from '../../store.ts';
import { type Inbox, inbox, type Notice } from '../inbox/inbox.ts';

const maxLeaves = 10_000;

interface Place {
  readonly txId: TxId;
  readonly height: number;
}

/**
 * Refusals and tombstones on their way to the ledger: every minute the leaves that have come are anchored under
 * one root, and each notice then learns its place. A leaf is on disk before anybody is told about it, and is
 * batched anew when its transaction was lost. Source: docs/protocol/reading.md, rule R-10.
 */
export class Batches {
  readonly #base: GatewayBase;
  readonly #db: Store;
  readonly #inbox: Inbox;
  readonly #sources: (() => void | Promise<void>)[] = [];
  #flushing: Promise<void> | undefined;

  constructor(base: GatewayBase, inbox: Inbox) {
    this.#base = base;
    this.#db = base.db;
    this.#inbox = inbox;
  }

  /** Called before each flush: for who adds what only then becomes a leaf. */
  drawFrom(source: () => void | Promise<void>): void {
    this.#sources.push(source);
  }

  /** `notice`: what its patient is shown of this leaf; it learns the leaf's place. */
  add(kind: BatchKind, content: Uint8Array, atMs: number, notice?: Notice): void {
    const inboxId = notice === undefined ? undefined : this.#inbox.addNotice(notice);
    this.#db.run(
      'INSERT INTO batch_leaves (kind, content, atMs, inboxId) VALUES (?, ?, ?, ?)',
      ...[kind, content, atMs, inboxId ?? null],
    );
  }

  /** After a start: what was being sent when the process ended is sent again, unless it was indexed. */
  resume(): void {
    this.#db.run('UPDATE batch_leaves SET root = NULL');
  }

  countWaiting(): number {
    return this.#db.get('SELECT count(*) AS n FROM batch_leaves')?.uint('n') ?? 0;
  }

  /** One after the other; throws what the first refused batch was refused with, its leaves wait. */
  async flush(): Promise<void> {
    for (const source of this.#sources) await source();
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async #flushAll(): Promise<void> {
    for (const kind of batchKinds) {
      while (await this.#flushOne(kind)) {
        // until no leaf of this kind waits
      }
    }
  }

  async #flushOne(kind: BatchKind): Promise<boolean> {
    const leaves = this.#db.all(
      'SELECT id, content, atMs FROM batch_leaves WHERE kind = ? AND root IS NULL ORDER BY id LIMIT ?',
      ...[kind, maxLeaves],
    );
    if (leaves.length === 0) return false;
    const tree = merkleTree(leaves.map((leaf) => leafHash(leaf.bytes('content'))));
    const { root } = tree;
    this.#db.transaction('batch', () => {
      for (const [position, leaf] of leaves.entries()) {
        this.#db.run(
          'UPDATE batch_leaves SET root = ?, position = ?, path = ?, count = ? WHERE id = ?',
          ...[root, position, concatBytes(...tree.path(position)), leaves.length, leaf.uint('id')],
        );
      }
    });
    const times = leaves.map((leaf) => leaf.uint('atMs'));
    const firstMs = times.reduce((least, ms) => Math.min(least, ms));
    const lastMs = times.reduce((most, ms) => Math.max(most, ms));
    const count = leaves.length;
    try {
      const { txId, height } = await this.#base.sender.send(
        'doc',
        [{ kind: 'BatchAnchor', batch: kind, root, count, firstMs, lastMs }],
        this.#base.settings.stalledMs,
      );
      this.#anchored(root, { txId, height });
    } catch (error) {
      if (isCoded(error, 'ANCHOR_TAKEN')) this.#anchored(root, await this.#placeOf(root));
      else {
        this.#db.run('UPDATE batch_leaves SET root = NULL WHERE root = ?', root);
        throw error;
      }
    }
    return count === maxLeaves;
  }

  /**
   * The block that has this batch of ours: an earlier try came through after it was given up, and with the same leaves the next
   * one would be refused for ever. Throws HEIGHT_UNKNOWN.
   */
  async #placeOf(root: Uint8Array): Promise<Place> {
    const { engine, view, organisation } = this.#base;
    const row = await view.row(batchRows, anchorRowId(organisation, root));
    if (row === undefined) throw new CodedError('HEIGHT_UNKNOWN');
    const { txs, results } = await engine.block(row.height);
    const tx = txs.find((bytes, at) => results[at]?.code === 0 && hasBatch(bytes, root));
    if (tx === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height: row.height });
    return { txId: txIdOfBytes(tx), height: row.height };
  }

  /** A block has a batch; another's, or one that is known already: no change. */
  seen(sender: AccountId, root: Uint8Array, place: Place): void {
    if (sender === this.#base.organisation) this.#anchored(root, place);
  }

  #anchored(root: Uint8Array, { txId, height }: Place): void {
    this.#db.transaction('batch', () => {
      for (const leaf of this.#db.all('SELECT * FROM batch_leaves WHERE root = ?', root)) {
        if (leaf.isNull('inboxId')) continue;
        this.#inbox.setAnchor(leaf.uint('inboxId'), {
          txId,
          height,
          index: leaf.uint('position'),
          count: leaf.uint('count'),
          path: splitPath(leaf.bytes('path')).map(textOfBytes),
          leaf: textOfBytes(leaf.bytes('content')),
        });
      }
      this.#db.run('DELETE FROM batch_leaves WHERE root = ?', root);
    });
  }
}

function hasBatch(tx: Uint8Array, root: Uint8Array): boolean {
  const { acts } = decodeTx(tx).body;
  return acts.some((act) => act.kind === 'BatchAnchor' && equalBytes(act.root, root));
}

function splitPath(path: Uint8Array): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < path.length; at += 32) hashes.push(path.subarray(at, at + 32));
  return hashes;
}

export const batches = definePart({
  name: 'batches',
  store: {
    owner: 'batches',
    writes: ['batch'],
    migrations: [
      `
CREATE TABLE batch_leaves (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, content BLOB NOT NULL, atMs INTEGER NOT NULL,
  inboxId INTEGER, root BLOB, position INTEGER, path BLOB, count INTEGER
) STRICT;
CREATE INDEX batch_leaves_by_root ON batch_leaves (root);`,
    ],
  },
  open: (base, parts) => new Batches(base, parts.get(inbox)),
  metrics: {
    leaves_waiting: {
      kind: 'gauge',
      help: 'Refusals and tombstones that wait for their anchor',
      now: (part) => part.countWaiting(),
    },
  },
  onAct: {
    BatchAnchor: (part, { act, sender, txId, height }) =>
      part.seen(sender, act.root, { txId, height }),
  },
  start: (part) => part.resume(),
  every: (part, { refusalBatchMs }) => [
    { what: 'batch', everyMs: refusalBatchMs, run: () => part.flush() },
  ],
});
