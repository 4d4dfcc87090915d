import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** What of its own blocks a node keeps at least. */
export interface Retention {
  readonly heights: number;
  readonly ms: number;
}

/** So seldom it is looked at: what may go is many blocks at a time. */
const every = 10;

/**
 * From which height on a node keeps its own blocks: those that evidence, members that were away and new ones need, that are
 * not yet among the blocks that we keep, or whose state is not on disk. Source: docs/protocol/cometbft.md, rule CB-16.
 */
export class OldBlocks {
  readonly #path: string;
  readonly #retention: Retention;
  readonly #writtenHeight: () => number;
  #kept: { readonly database: DatabaseSync; readonly lowest: StatementSync } | undefined;
  #retained = 0;

  /** `blocksPath`: of the blocks that the gateway keeps; only read. `writtenHeight`: of the state on disk. */
  constructor(blocksPath: string, retention: Retention, writtenHeight: () => number) {
    this.#path = blocksPath;
    this.#retention = retention;
    this.#writtenHeight = writtenHeight;
  }

  /** 0: all. Never below what it was. */
  retainHeight(height: number, timeMs: number): number {
    if (height % every !== 0) return this.#retained;
    const { heights, ms } = this.#retention;
    const young = this.#firstSince(timeMs - ms);
    if (young === undefined) return this.#retained;
    const needed = Math.min(height - heights, young, this.#writtenHeight() + 1);
    this.#retained = Math.max(this.#retained, needed, 0);
    return this.#retained;
  }

  /** The first that we keep of that time or later, or the newest; undefined: none are kept yet. */
  #firstSince(timeMs: number): number | undefined {
    if (this.#kept === undefined) {
      if (!existsSync(this.#path)) return undefined;
      const database = new DatabaseSync(this.#path, { readOnly: true, timeout: 1_000 });
      // Times rise with heights: a few steps of halving in place of an index.
      const lowest = database.prepare(
        'SELECT height, time_ms FROM blocks WHERE height >= ? LIMIT 1',
      );
      this.#kept = { database, lowest };
    }
    const { database, lowest } = this.#kept;
    const ends = database
      .prepare('SELECT min(height) AS low, max(height) AS high FROM blocks')
      .get();
    if (typeof ends?.low !== 'number' || typeof ends.high !== 'number') return undefined;
    let [low, high] = [ends.low, ends.high];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const at = Number(lowest.get(middle)?.time_ms ?? 0);
      if (at >= timeMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  close(): void {
    this.#kept?.database.close();
    this.#kept = undefined;
  }
}
