import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { LetterText } from '../node/letter-text.ts';

/** A letter as the demonstration's relay took it. */
export interface DemoLetter extends LetterText {
  readonly to: string;
  readonly takenMs: number;
}

const keptLetters = 200;
const shownLetters = 50;
/** As `api/standing.ts` takes them: whoever is on this machine may send it what he likes. */
const longest = { to: 320, subject: 200, body: 4_000, language: 8 } as const;

/** What the demonstration's relay took, for the operator's screen. */
export class DemoLetters {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: 2_000 });
    this.#db.exec('PRAGMA journal_mode=WAL');
    this.#db.exec(`CREATE TABLE IF NOT EXISTS letters (
      id INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
      language TEXT NOT NULL, takenMs INTEGER NOT NULL
    ) STRICT`);
  }

  add({ to, subject, body, language, takenMs }: DemoLetter): void {
    this.#db
      .prepare('INSERT INTO letters VALUES (NULL, ?, ?, ?, ?, ?)')
      .run(
        ...[to.slice(0, longest.to), subject.slice(0, longest.subject)],
        ...[body.slice(0, longest.body), language.slice(0, longest.language), takenMs],
      );
    this.#db
      .prepare('DELETE FROM letters WHERE id <= (SELECT max(id) FROM letters) - ?')
      .run(keptLetters);
  }

  close(): void {
    this.#db.close();
  }
}

/** The newest first. */
export function readDemoLetters(path: string): readonly DemoLetter[] {
  if (!existsSync(path)) return [];
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  try {
    const made = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'letters'").get();
    if (made === undefined) return [];
    return db
      .prepare('SELECT * FROM letters ORDER BY id DESC LIMIT ?')
      .all(shownLetters)
      .map((row) => ({
        ...{ to: String(row.recipient), subject: String(row.subject), body: String(row.body) },
        ...{ language: String(row.language), takenMs: Number(row.takenMs) },
      }));
  } finally {
    db.close();
  }
}
