import { bytesToHex, equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import type { AccountId } from '../../../../../primitives/ids.ts';
import { bytesIn, isNewer, isOver, registrationOf, uintIn } from '../page-rows.ts';
import type { KeptRegistration, PlacedRegistration } from '../page-store.ts';
import type { PagesDb } from './sqlite-pages-db.ts';
import type { SqliteUnsealedPages } from './sqlite-unsealed-pages.ts';

const mostKnown = 4_096;

/** Who is behind a pseudonym, and small values by name; both are held to their MACs whenever they are read. */
export class SqliteRegistrations {
  readonly #db: PagesDb;
  readonly #unsealed: SqliteUnsealedPages;
  /** Pseudonyms with a sealed page, which stays: whoever asks again and again has the days looked through once. */
  readonly #sealed = new Set<string>();

  constructor(db: PagesDb, unsealed: SqliteUnsealedPages) {
    this.#db = db;
    this.#unsealed = unsealed;
  }

  ofAccount(account: AccountId): KeptRegistration | undefined {
    const row = this.#db.get('SELECT * FROM patients WHERE account = ?', account);
    return row && registrationOf(this.#db.held('patients', row));
  }

  registration(pseudonym: Uint8Array): KeptRegistration | undefined {
    const row = this.#db.get('SELECT * FROM patients WHERE pseudonym = ?', pseudonym);
    return row && registrationOf(this.#db.held('patients', row));
  }

  since(place: number, most?: number): readonly PlacedRegistration[] {
    const rows = this.#db.all(
      'SELECT * FROM patients WHERE place > ? ORDER BY place LIMIT ?',
      // Below 0: all.
      ...[place, most ?? -1],
    );
    return rows.map((row) => ({
      ...registrationOf(this.#db.held('patients', row)),
      place: uintIn(row, 'place'),
    }));
  }

  register(of: KeptRegistration, over?: Uint8Array): void {
    this.#db.together(() => {
      const rows = this.#db
        .all(
          'SELECT * FROM patients WHERE pseudonym = ? OR account = ?',
          ...[of.pseudonym, of.account],
        )
        .map(registrationOf);
      const replaced: Uint8Array[] = [];
      for (const row of rows) {
        if (isOver(row, of, over) && !this.#hasPages(row.pseudonym)) {
          replaced.push(row.pseudonym);
          continue;
        }
        const isSame = equalBytes(row.pseudonym, of.pseudonym) && row.account === of.account;
        if (!isSame) throw new CodedError('PSEUDONYM_TAKEN');
        if (equalBytes(row.signed, of.signed)) return;
        if (!isNewer(of, row)) throw new CodedError('REGISTRATION_OLD');
      }
      const last = this.#db.get('SELECT coalesce(max(place), 0) AS place FROM patients');
      for (const pseudonym of replaced) {
        this.#unsealed.refuseOf(pseudonym, 'SENSOR_UNKNOWN');
        this.#db.run('DELETE FROM patients WHERE pseudonym = ?', pseudonym);
      }
      this.#db.run(
        'INSERT OR REPLACE INTO patients VALUES (?, ?, ?, ?, ?)',
        ...[of.pseudonym, of.account, of.counter, of.signed, uintIn(last, 'place') + 1],
      );
    });
  }

  /** Accepted ones, in a batch or in none: each sealed one stands in the sums of its day. */
  #hasPages(pseudonym: Uint8Array): boolean {
    const name = bytesToHex(pseudonym);
    if (this.#sealed.has(name)) return true;
    const sql = 'SELECT 1 FROM days WHERE instr(patients, ?) > 0 LIMIT 1';
    if (this.#db.get(sql, pseudonym) === undefined) return this.#unsealed.hasAccepted(pseudonym);
    if (this.#sealed.size >= mostKnown) this.#sealed.clear();
    this.#sealed.add(name);
    return true;
  }

  keepOnce(name: string, value: Uint8Array): Uint8Array {
    this.#db.together(() => {
      this.#db.run('INSERT OR IGNORE INTO kept VALUES (?, ?)', name, value);
    });
    return this.kept(name) ?? value;
  }

  kept(name: string): Uint8Array | undefined {
    const row = this.#db.get('SELECT name, value FROM kept WHERE name = ?', name);
    return row && bytesIn(this.#db.held('kept', row), 'value');
  }
}
