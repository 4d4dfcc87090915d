import { DatabaseSync } from 'node:sqlite';
import { type Validator, validator, validatorsHash } from '../../ledger/chain/validators.ts';
import { CodedError } from '../../primitives/errors.ts';
import { decodeAs, encodeAs, list, struct } from '../../primitives/shape.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS sets(hash BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ends(height INTEGER PRIMARY KEY) STRICT;
`;
const setShape = struct({ validators: list(validator) });

/**
 * Who signed which blocks, each set once by the hash that headers name it by, and the last height of each set but the one in
 * force: receipts lead over these from a trust root to today. Source: docs/protocol/cometbft.md, rule CB-9.
 */
export class ValidatorSets {
  readonly #db: DatabaseSync;

  constructor(path: string, { readOnly = false }: { readonly readOnly?: boolean } = {}) {
    this.#db = new DatabaseSync(path, { readOnly });
    if (!readOnly)
      this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
  }

  add(validators: readonly Validator[]): void {
    const body = encodeAs(setShape, { validators });
    this.#db
      .prepare('INSERT OR IGNORE INTO sets VALUES (?, ?)')
      .run(validatorsHash(validators), body);
  }

  has(hash: Uint8Array): boolean {
    return this.#db.prepare('SELECT 1 FROM sets WHERE hash = ?').get(hash) !== undefined;
  }

  /** Throws HEIGHT_UNKNOWN: no block that is kept was signed by it. */
  of(hash: Uint8Array): readonly Validator[] {
    const body = this.#db.prepare('SELECT body FROM sets WHERE hash = ?').get(hash)?.body;
    if (!(body instanceof Uint8Array)) throw new CodedError('HEIGHT_UNKNOWN');
    return decodeAs(setShape, body).validators;
  }

  /** The header of this height names another set as the next. */
  endsAt(height: number): void {
    this.#db.prepare('INSERT OR IGNORE INTO ends VALUES (?)').run(height);
  }

  /** Heights at which a set ended, oldest first. */
  endsBefore(height: number): number[] {
    const rows = this.#db.prepare('SELECT height FROM ends WHERE height < ? ORDER BY height');
    return rows.all(height).map((row) => Number(row.height));
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
