import { equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { bytesIn, registrationOf, uintIn } from '../page-rows.ts';
import type { KeptRegistration, PlacedRegistration } from '../page-store.ts';
import type { PagesDb } from './sqlite-pages-db.ts';

/** Who is behind a pseudonym, and small values by name; both are held to their MACs whenever they are read. */
export class SqliteRegistrations {
  readonly #db: PagesDb;

  constructor(db: PagesDb) {
    this.#db = db;
  }

  registration(pseudonym: Uint8Array): KeptRegistration | undefined {
    const row = this.#db.get('SELECT * FROM patients WHERE pseudonym = ?', pseudonym);
    return row && registrationOf(this.#db.held('patients', row));
  }

  since(place: number): readonly PlacedRegistration[] {
    const rows = this.#db.all('SELECT * FROM patients WHERE place > ? ORDER BY place', place);
    return rows.map((row) => ({
      ...registrationOf(this.#db.held('patients', row)),
      place: uintIn(row, 'place'),
    }));
  }

  register(of: KeptRegistration): void {
    this.#db.together(() => {
      const rows = this.#db
        .all(
          'SELECT * FROM patients WHERE pseudonym = ? OR account = ?',
          ...[of.pseudonym, of.account],
        )
        .map(registrationOf);
      for (const row of rows) {
        const isSame = equalBytes(row.pseudonym, of.pseudonym) && row.account === of.account;
        if (!isSame) throw new CodedError('PSEUDONYM_TAKEN');
        if (equalBytes(row.signed, of.signed)) return;
        if (of.counter <= row.counter) throw new CodedError('REGISTRATION_OLD');
      }
      this.#db.run(
        `INSERT OR REPLACE INTO patients VALUES (?, ?, ?, ?,
         (SELECT coalesce(max(place), 0) + 1 FROM patients))`,
        ...[of.pseudonym, of.account, of.counter, of.signed],
      );
    });
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
