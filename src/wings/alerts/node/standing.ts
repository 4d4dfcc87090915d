import { DatabaseSync } from 'node:sqlite';
import { type Incident, type LetterState, letterStates } from './letter.ts';

/** How it goes: for the operator. */
export interface Standing {
  readonly states: Readonly<Record<LetterState, number>>;
  /** For which codes letters wait, or were not sent, and how many. */
  readonly codes: Readonly<Record<string, number>>;
  readonly incidents: readonly Incident[];
}

/** Reads only, also beside the running service. */
export function readStanding(path: string): Standing {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 2_000, readBigInts: true });
  try {
    return standingIn(db);
  } finally {
    db.close();
  }
}

/** Another hand may have written anything: what is shown of it is a number all the same. */
const numberIn = (value: unknown): number =>
  Math.max(0, Math.min(Number(value), Number.MAX_SAFE_INTEGER));
const longestCode = 64;

export function standingIn(db: DatabaseSync): Standing {
  const counted = (sql: string) =>
    db
      .prepare(sql)
      .all()
      .map((row) => [String(row.word), Number(row.n)] as const);
  const found = new Map(counted('SELECT state AS word, count(*) AS n FROM letters GROUP BY state'));
  const states = letterStates.map((state) => [state, found.get(state) ?? 0] as const);
  const codes =
    "SELECT code AS word, count(*) AS n FROM letters WHERE code <> '' AND state <> 'accepted' GROUP BY code";
  const incidents = db
    .prepare('SELECT * FROM incidents ORDER BY metMs DESC LIMIT 1000')
    .all()
    .map((row) => ({
      code: String(row.code).slice(0, longestCode),
      place: numberIn(row.place),
      metMs: numberIn(row.metMs),
    }));
  return {
    states: Object.fromEntries(states) as Record<LetterState, number>,
    codes: Object.fromEntries(counted(codes)),
    incidents,
  };
}
