import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../src/crypto/hash.ts';
import type {
  Application,
  BlockInput,
  BlockOutput,
  HeadsAnswer,
  StateAnswer,
} from '../../src/engines/application.ts';
import { appHashOf } from '../../src/ledger/app-hash.ts';
import { emptyLog } from '../../src/ledger/log-tree.ts';
import { utf8, utf8ToText } from '../../src/primitives/bytes.ts';
import { CodedError } from '../../src/primitives/errors.ts';

const logs = { user: emptyLog, doc: emptyLog };

/**
 * A ledger application small enough to see through: a transaction is `add NAME AMOUNT …`, the state is one
 * counter per name in SQLite, the app hash covers all of them; its logs stay empty. An amount of 0 is refused by the rules (code
 * 9), anything else than such a text by CheckTx (code 1).
 */
export class CounterApplication implements Application {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    this.#db.exec(`CREATE TABLE IF NOT EXISTS counters(name TEXT PRIMARY KEY, value INTEGER);
      CREATE TABLE IF NOT EXISTS meta(id INTEGER PRIMARY KEY, height INTEGER);
      INSERT OR IGNORE INTO meta VALUES (1, 0)`);
  }

  info() {
    const height = Number(this.#db.prepare('SELECT height FROM meta').get()?.height);
    return { height, appHash: this.#hash() };
  }

  #hash(): Uint8Array {
    return appHashOf(this.#root(), logs);
  }

  #root(): Uint8Array {
    const rows = this.#db.prepare('SELECT name, value FROM counters ORDER BY name').all();
    return sha256(utf8(JSON.stringify(rows)));
  }

  async checkTx(tx: Uint8Array): Promise<number> {
    return parse(tx) === undefined ? 1 : 0;
  }

  async finalizeBlock({ height, txs }: BlockInput): Promise<BlockOutput> {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    this.#db.exec('BEGIN IMMEDIATE');
    const add = this.#db.prepare(
      `INSERT INTO counters VALUES (?, ?)
       ON CONFLICT(name) DO UPDATE SET value = value + excluded.value RETURNING value`,
    );
    const results = txs.map((tx) => {
      const order = parse(tx);
      if (order === undefined || order.amount === 0) return { code: 9, data: Uint8Array.of(0) };
      const value = add.get(order.name, order.amount)?.value;
      return { code: 0, data: utf8(String(value)) };
    });
    this.#db.prepare('UPDATE meta SET height = ?').run(height);
    return { results, appHash: this.#hash(), validatorUpdates: [] };
  }

  commit(): void {
    this.#db.exec('COMMIT');
  }

  query(_table: string, key: Uint8Array, prove: boolean): StateAnswer {
    const row = this.#db
      .prepare('SELECT value, height FROM meta LEFT JOIN counters ON name = ?')
      .get(utf8ToText(key));
    const { value } = row ?? {};
    return {
      height: Number(row?.height),
      value: typeof value === 'number' ? utf8(String(value)) : undefined,
      proof: prove ? this.#hash() : undefined,
    };
  }

  heads(): HeadsAnswer {
    return { height: this.info().height, stateRoot: this.#root(), logs };
  }

  logConsistency(_log: string, from: number, to: number): never {
    throw new CodedError('HEIGHT_UNKNOWN', { from, to });
  }

  close(): void {
    this.#db.close();
  }
}

function parse(tx: Uint8Array): { name: string; amount: number } | undefined {
  const found = /^add ([a-z]+) (\d{1,9})( .*)?$/.exec(Buffer.from(tx).toString('latin1'));
  const [, name, amount] = found ?? [];
  return name === undefined ? undefined : { name, amount: Number(amount) };
}
