import type { DatabaseSync } from 'node:sqlite';
import { pageId } from '../../../engines/ledger-application/state-statements.ts';
import { whole } from '../../../gateway/bound-pieces.ts';
import { TreePage } from '../../../ledger/tree-page.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { Recent } from '../../../primitives/recent.ts';

const keptPages = 8_192;

/**
 * `state.db` in pieces: each is of one block, and between two nothing is held, so that its log can be cut while blocks come. Pages
 * that were read stay only until the next block.
 */
export class StateFile {
  readonly db: DatabaseSync;
  readonly #pages: ReturnType<DatabaseSync['prepare']>;
  readonly #deep: ReturnType<DatabaseSync['prepare']>;
  readonly #version: ReturnType<DatabaseSync['prepare']>;
  #kept = new Recent<string, TreePage>(keptPages);
  #seen: unknown;
  /** How often somebody had written when a piece began. */
  writes = 0;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.#pages = db.prepare('SELECT page FROM pages WHERE id = ?');
    this.#deep = db.prepare('SELECT page FROM deep_pages WHERE path = ?');
    this.#version = db.prepare('PRAGMA data_version');
  }

  /** All that `work` reads is of one block. */
  piece<Result>(work: () => Result): Result {
    return whole(this.db, () => {
      const version = this.#version.get()?.data_version;
      if (version !== this.#seen) {
        this.#kept = new Recent(keptPages);
        this.writes += 1;
      }
      this.#seen = version;
      return work();
    });
  }

  /** A page of the tree as it lies in the file; undefined: none, or none that can be read. Within a piece. */
  at(path: string): TreePage | undefined {
    const kept = this.#kept.get(path);
    if (kept !== undefined) return kept;
    const id = pageId(path);
    const bytes = (id === undefined ? this.#deep.get(path) : this.#pages.get(id))?.page;
    const page = bytes instanceof Uint8Array ? pageIn(bytes) : undefined;
    if (page !== undefined) this.#kept.set(path, page);
    return page;
  }
}

/** Undefined: it is none. */
export function pageIn(bytes: Uint8Array): TreePage | undefined {
  try {
    return TreePage.decode(bytes);
  } catch (error) {
    if (isCoded(error, 'LEDGER_CORRUPT')) return undefined;
    throw error;
  }
}
