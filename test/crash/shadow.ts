import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../src/crypto/hash.ts';
import { verifyVote } from '../../src/crypto/signature.ts';
import type { BlockStore } from '../../src/engines/blocks/block-store.ts';
import type { StoredBlock } from '../../src/engines/blocks/stored-block.ts';
import { verifyLedger } from '../../src/engines/embedded/verify.ts';
import {
  type LedgerApplication,
  openLedgerApplication,
} from '../../src/engines/ledger-application/open.ts';
import { decodeTx } from '../../src/ledger/codec.ts';
import { refusalNumber } from '../../src/ledger/refusals.ts';
import { bytesToHex, equalBytes } from '../../src/primitives/bytes.ts';
import { signatureChecks } from '../../src/server/ledger.ts';

const tables = {
  head: 'SELECT genesis_hash, height, app_hash FROM head',
  logs: 'SELECT name, size, root FROM logs ORDER BY name',
  kv: 'SELECT k, v FROM kv ORDER BY k',
  pages: 'SELECT id, page FROM pages ORDER BY id',
  deep_pages: 'SELECT path, page FROM deep_pages ORDER BY path',
  tiles: 'SELECT id, hashes FROM tiles ORDER BY id',
} as const;

/** The contents of a state file in one read transaction: its height, and a hash over all rows. */
export function stateOf(path: string): { readonly height: number; readonly hash: string } {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    db.exec('BEGIN');
    const height = Number(db.prepare(tables.head).get()?.height);
    const running = createHash('sha256');
    for (const [name, sql] of Object.entries(tables)) {
      running.update(name);
      for (const row of db.prepare(sql).iterate()) {
        for (const value of Object.values(row)) {
          running.update(value instanceof Uint8Array ? value : `${value}`).update('\0');
        }
      }
    }
    return { height, hash: running.digest('hex') };
  } finally {
    db.close();
  }
}

/**
 * A second ledger that only ever executes the blocks that stand in `blocks.db`, from genesis on: what the
 * server's state is compared with. It also remembers every block, so that no height changes afterwards.
 */
export class Shadow {
  readonly #ledger: string;
  readonly #own: string;
  #application: LedgerApplication | undefined;
  #blocks: string[] = [];
  #appHashes: string[] = [];

  constructor(ledgerFolder: string, own: string) {
    this.#ledger = ledgerFolder;
    this.#own = own;
  }

  /** As `stateOf`, of this ledger: closed, so that all of it is on disk. */
  state(): ReturnType<typeof stateOf> {
    this.close();
    return stateOf(join(this.#own, 'state.db'));
  }

  get height(): number {
    return this.#blocks.length;
  }

  /** `account/root` of anchors that the ledger refused for their epoch: their rows are dropped, and sent anew. */
  readonly staleAnchors = new Set<string>();

  /** After a block that was executed. */
  appHash(height: number): string | undefined {
    return this.#appHashes[height - 1];
  }

  /** Back to genesis. */
  restart(): void {
    this.close();
    this.#blocks = [];
    this.#appHashes = [];
  }

  /** Executes up to a height and returns what differs from the stored blocks. */
  async advance(genesis: Uint8Array, height: number, store: BlockStore): Promise<string[]> {
    if (this.#application === undefined) {
      if (this.#blocks.length === 0) rmSync(this.#own, { recursive: true, force: true });
      mkdirSync(this.#own, { recursive: true });
      this.#application = await openLedgerApplication({
        path: join(this.#own, 'state.db'),
        genesis,
        verify: signatureChecks,
      });
    }
    const wrong: string[] = [];
    const last = this.#blocks.length;
    const stands = store.block(last);
    if (last > 0 && (stands === undefined || blockHash(stands.header) !== this.#blocks[last - 1])) {
      wrong.push(`block ${last} is another one than before the crash`);
    }
    for (let next = last + 1; next <= height; next++) {
      const stored = store.block(next);
      if (stored === undefined) return [...wrong, `block ${next} is missing`];
      const { timeMs, txs } = stored;
      const { appHash } = await this.#application.finalizeBlock({ height: next, timeMs, txs });
      this.#application.commit();
      if (!equalBytes(appHash, stored.appHash)) wrong.push(`app hash of block ${next}`);
      this.#blocks.push(blockHash(stored.header));
      this.#appHashes.push(bytesToHex(appHash));
      for (const it of staleAnchorsOf(stored)) this.staleAnchors.add(it);
    }
    return wrong;
  }

  /** The product's own verification of everything, from the first block on. */
  async verify(genesis: Uint8Array): Promise<string | undefined> {
    const verdict = await verifyLedger({
      directory: this.#ledger,
      verifyVote,
      openApplication: (directory) =>
        openLedgerApplication({
          path: join(directory, 'state.db'),
          genesis,
          verify: signatureChecks,
        }),
    });
    return verdict.ok ? undefined : `verifyLedger: ${verdict.what} at ${verdict.height}`;
  }

  close(): void {
    this.#application?.close();
    this.#application = undefined;
  }
}

/** `account/root` of anchors that a block refused for their epoch. */
export function staleAnchorsOf({ txs, results }: StoredBlock): string[] {
  return results.flatMap(({ code }, at) => {
    const bytes = txs[at];
    if (bytes === undefined || code !== refusalNumber('EPOCH_STALE')) return [];
    const { sender, acts } = decodeTx(bytes).body;
    return acts.flatMap((act) => ('root' in act ? [`${sender}/${bytesToHex(act.root)}`] : []));
  });
}

function blockHash(header: Uint8Array): string {
  return bytesToHex(sha256(header));
}

export function genesisOf(home: string): Uint8Array {
  return new Uint8Array(readFileSync(join(home, 'servers', 'genesis.cbor')));
}
