import { textOfBytes } from '../api/message-parts.ts';
import type { BatchKind } from '../ledger/batch-kinds.ts';
import { leafHash, merkleTree } from '../ledger/merkle.ts';
import { concatBytes } from '../primitives/bytes.ts';
import type { TxId } from '../primitives/ids.ts';
import type { ActSender } from './act-sender.ts';
import type { Database } from './database.ts';
import type { Inbox } from './inbox.ts';

const maxLeaves = 10_000;
const anchoredKinds: readonly BatchKind[] = ['refusal', 'erased'];

/**
 * Refusals and tombstones on their way to the ledger: every minute the leaves that have come are anchored under
 * one root, and each notice then learns its place. A leaf is on disk before anybody is told about it, and is
 * batched anew when its transaction was lost. Source: docs/protocol/reading.md, rule R-10.
 */
export class Batches {
  readonly #db: Database;
  readonly #inbox: Inbox;
  readonly #sender: ActSender;
  readonly #timeoutMs: number;
  #flushing: Promise<void> | undefined;

  constructor(parts: {
    readonly db: Database;
    readonly inbox: Inbox;
    readonly sender: ActSender;
    readonly timeoutMs: number;
  }) {
    this.#db = parts.db;
    this.#inbox = parts.inbox;
    this.#sender = parts.sender;
    this.#timeoutMs = parts.timeoutMs;
  }

  /** `inboxId`: the notice that learns the place of this leaf. */
  add(kind: BatchKind, content: Uint8Array, atMs: number, inboxId?: number): void {
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
  flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flushAll(): Promise<void> {
    for (const kind of anchoredKinds) {
      while (await this.#flushOne(kind)) {
        // until no leaf of this kind waits
      }
    }
  }

  async #flushOne(kind: BatchKind): Promise<boolean> {
    const leaves = this.#db.all(
      'SELECT id, content, atMs FROM batch_leaves WHERE kind = ? AND root IS NULL ORDER BY id LIMIT ?',
      kind,
      maxLeaves,
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
      const { txId, height } = await this.#sender.send(
        'doc',
        [{ kind: 'BatchAnchor', batch: kind, root, count, firstMs, lastMs }],
        this.#timeoutMs,
      );
      this.anchored(root, txId, height);
    } catch (error) {
      this.#db.run('UPDATE batch_leaves SET root = NULL WHERE root = ?', root);
      throw error;
    }
    return count === maxLeaves;
  }

  /** The ledger has the batch; called again, or for another's batch: no change. */
  anchored(root: Uint8Array, txId: TxId, height: number): void {
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

function splitPath(path: Uint8Array): Uint8Array[] {
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < path.length; at += 32) hashes.push(path.subarray(at, at + 32));
  return hashes;
}
