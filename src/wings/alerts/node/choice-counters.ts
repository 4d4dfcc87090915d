import type { DatabaseSync } from 'node:sqlite';
import type { RowGuard, UnboundRow } from '../../../primitives/row-guard.ts';
import type { KeptChoice } from '../api/outbox.ts';
import { lacks } from './letters-file.ts';

export type CountedChoice = Pick<KeptChoice, 'account' | 'channel' | 'counter'>;

/** The newest counter of each account's choice of a channel, in the file of letters: an older choice is not used. */
export class ChoiceCounters {
  readonly #db: DatabaseSync;
  readonly #guard: RowGuard<DatabaseSync>;

  constructor(db: DatabaseSync, guard: RowGuard<DatabaseSync>) {
    this.#db = db;
    this.#guard = guard;
  }

  /** What does not hold of this choice's counter; undefined: it holds, or there is none. */
  wrong({ account, channel }: CountedChoice): UnboundRow | undefined {
    if (this.#isForgotten(account, channel)) return { table: 'counters', because: 'count' };
    return this.#guard.wrong(this.#db, 'counters', [account, channel]);
  }

  /** Whether this choice is not older than one that was met; the newest counter is kept. */
  isNewest({ account, channel, counter }: CountedChoice): boolean {
    const met = this.#of(account, channel) ?? -1;
    if (counter < met) return false;
    if (counter > met) this.#put(account, channel, counter);
    return true;
  }

  /** Its counter does not hold, or went together with its MAC though a letter was once sent by it. */
  isDoubtful({ account, channel }: CountedChoice, wrong: readonly UnboundRow[]): boolean {
    if (!wrong.some(({ table }) => table === 'counters')) return false;
    if (this.#guard.wrong(this.#db, 'counters', [account, channel]) !== undefined) return true;
    return lacks(wrong, 'counters') && this.#isForgotten(account, channel);
  }

  /** What she said last is not believed any more; what she says next is. */
  pass({ account, channel, counter }: CountedChoice): void {
    this.#put(account, channel, counter + 1);
  }

  /** No letter is sent without a counter: where one was, and there is none, it went together with its MAC. */
  #isForgotten(account: string, channel: string): boolean {
    if (this.#of(account, channel) !== undefined) return false;
    const sent = this.#db.prepare(
      "SELECT 1 FROM letters WHERE account = ? AND channel = ? AND state IN ('accepted', 'failed', 'handing') LIMIT 1",
    );
    return sent.get(account, channel) !== undefined;
  }

  #of(account: string, channel: string): number | undefined {
    const row = this.#db
      .prepare('SELECT counter FROM counters WHERE account = ? AND channel = ?')
      .get(account, channel);
    return row === undefined ? undefined : Number(row.counter);
  }

  #put(account: string, channel: string, counter: number): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO counters VALUES (?, ?, ?)')
      .run(account, channel, counter);
  }
}
