import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { type AccountId, parseBlobId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart, type Parts } from '../../part.ts';
import type { Row } from '../../store.ts';
import { custody } from '../custody/custody.ts';
import { inbox } from '../inbox/inbox.ts';
import { Attempts } from './attempts.ts';
import type { Finding, StoreReport } from './finding.ts';

const turnMs = 1_000;
const triedEveryMs = 10 * 60_000;
/** What is over is kept so long: the reports stay. */
const keptMs = 90 * 24 * 60 * 60_000;

/** A finding that this hospital has taken in. */
export interface OpenFinding extends Finding {
  readonly id: string;
  readonly part: string;
  readonly foundMs: number;
}

/** Told once for each, in the transaction in which it is taken in or is over. */
export interface FindingsListener {
  /** `wholeMs`: when all of that part was looked at last and was whole; 0: never. */
  found(findings: readonly OpenFinding[], wholeMs: number): void;
  /** The place is as it was kept again. */
  ended(findings: readonly OpenFinding[], atMs: number): void;
}

/**
 * What the scrub found in this hospital's stores, each place once from when it is met until it is met no more; bytes that
 * another hospital has too are taken from there. Source: docs/protocol/stores.md, rules SR-8 and SR-9.
 */
export class Findings {
  readonly attempts: Attempts;
  /** Whose records or letters a place is of, as far as it says. */
  readonly concerned: (finding: Finding) => readonly AccountId[];
  readonly #base: GatewayBase;
  readonly #listeners: FindingsListener[] = [];
  /** When others were asked last, by finding. */
  readonly #triedMs = new Map<string, number>();

  constructor(base: GatewayBase, concerned: Findings['concerned']) {
    this.#base = base;
    this.concerned = concerned;
    this.attempts = new Attempts(base.now);
  }

  /** What opening the file bound as it was, though it was not as it had been written. */
  start(): void {
    const { db, now } = this.#base;
    if (db.unbound.length === 0) return;
    const findings = db.unbound.map(
      ({ table, because }): Finding => ({
        ...{ store: 'gateway', table, row: '', column: '', bound: `row MAC: ${because}` },
        code: 'ROW_CORRUPT',
      }),
    );
    this.#take({ part: 'start', atMs: now(), isWhole: false, findings });
  }

  onFinding(listener: FindingsListener): void {
    this.#listeners.push(listener);
  }

  /** Takes in what was left, then fetches what others have. */
  async turn(): Promise<void> {
    this.#base.reports?.take((report) => this.#take(report));
    const { db, now } = this.#base;
    db.run('DELETE FROM findings WHERE endedMs > 0 AND endedMs < ?', now() - keptMs);
    for (const finding of this.open()) await this.#mend(finding);
  }

  open(): OpenFinding[] {
    return this.#base.db
      .all('SELECT * FROM findings WHERE endedMs = 0 ORDER BY foundMs, id')
      .map(findingOf);
  }

  count(): number {
    const row = this.#base.db.get('SELECT count(*) AS n FROM findings WHERE endedMs = 0');
    return row?.uint('n') ?? 0;
  }

  #take(report: StoreReport): void {
    const { db, figures } = this.#base;
    db.transaction('findings', () => {
      const met = report.findings.map((it) => ({ ...it, id: idOf(report.part, it) }));
      const fresh = met.filter((it) => this.#isNew(it.id));
      const taken = fresh.map((it) => ({ ...it, part: report.part, foundMs: report.atMs }));
      for (const it of taken) this.#insert(it);
      for (const it of taken) figures.add('findings_total', 1, { code: it.code });
      const wholeMs = this.#wholeMs(report.part);
      if (taken.length > 0) for (const { found } of this.#listeners) found(taken, wholeMs);
      if (report.isWhole) this.#rest(report, new Set(met.map(({ id }) => id)));
    });
  }

  #isNew(id: string): boolean {
    return (
      this.#base.db.get('SELECT 1 FROM findings WHERE id = ? AND endedMs = 0', id) === undefined
    );
  }

  #insert({ id, part, store, table, row, column, bound, code, foundMs }: OpenFinding): void {
    this.#base.db.run(
      'INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)',
      ...[id, part, store, table, row, column, bound, code, foundMs],
    );
  }

  /** All of a part was looked at: what was not met again is over. */
  #rest({ part, atMs, findings }: StoreReport, met: ReadonlySet<string>): void {
    const over = this.open().filter((it) => it.part === part && !met.has(it.id));
    this.#end(over, atMs);
    if (findings.length > 0) return;
    this.#base.db.run('INSERT OR REPLACE INTO findings_whole VALUES (?, ?)', part, atMs);
  }

  #end(over: readonly OpenFinding[], atMs: number): void {
    if (over.length === 0) return;
    for (const { id } of over) {
      this.#base.db.run('UPDATE findings SET endedMs = ? WHERE id = ?', atMs, id);
    }
    for (const { ended } of this.#listeners) ended(over, atMs);
  }

  #wholeMs(part: string): number {
    const row = this.#base.db.get('SELECT wholeMs FROM findings_whole WHERE part = ?', part);
    return row?.uint('wholeMs') ?? 0;
  }

  /** A store in a network mends a blob when it is read; of one that has no copy the next round says the same again. */
  async #mend(finding: OpenFinding): Promise<void> {
    const { db, blobs, now } = this.#base;
    if (finding.code !== 'BLOB_CORRUPT' || finding.store !== 'blobs' || finding.row === '') return;
    // A large one that nobody else has would be read again and again.
    if (now() - (this.#triedMs.get(finding.id) ?? -triedEveryMs) < triedEveryMs) return;
    this.#triedMs.set(finding.id, now());
    try {
      for await (const piece of blobs.readStream(parseBlobId(finding.row))) void piece;
    } catch (error) {
      if (!isCoded(error)) throw error;
      return;
    }
    this.#triedMs.delete(finding.id);
    db.transaction('findings', () => this.#end([finding], now()));
  }
}

const idOf = (part: string, { store, table, row, column, bound }: Finding): string =>
  bytesToHex(sha256(utf8([part, store, table, row, column, bound].join('\0'))));

const findingOf = (row: Row): OpenFinding => ({
  id: row.text('id'),
  part: row.text('part'),
  store: row.text('store'),
  table: row.text('tbl'),
  row: row.text('place'),
  column: row.text('col'),
  bound: row.text('bound'),
  code: row.text('code') as Finding['code'],
  foundMs: row.uint('foundMs'),
});

/** Of rows that only a MAC of their name tells, nobody. */
function concernedBy({ store, table, row }: Finding, parts: Parts): readonly AccountId[] {
  if (row === '') return [];
  const { rows } = parts.get(custody);
  if (store === 'blobs' && table === 'blobs') return rows.accountsOfBody(row);
  const [number = ''] = row.split(' ');
  if (!/^[0-9]{1,15}$/.test(number)) return [];
  const ofRow = ['items', 'deliveries', 'claims'].includes(table)
    ? rows.accountOfDelivery(Number(number))
    : table === 'inbox'
      ? parts.get(inbox).accountOf(Number(number))
      : undefined;
  return ofRow === undefined ? [] : [ofRow];
}

export const findings = definePart({
  name: 'findings',
  store: {
    owner: 'findings',
    writes: ['findings'],
    migrations: [
      `
CREATE TABLE findings (
  id TEXT PRIMARY KEY, part TEXT NOT NULL, store TEXT NOT NULL, tbl TEXT NOT NULL, place TEXT NOT NULL, col TEXT NOT NULL,
  bound TEXT NOT NULL, code TEXT NOT NULL, foundMs INTEGER NOT NULL, endedMs INTEGER NOT NULL
) STRICT;
CREATE INDEX findings_by_end ON findings (endedMs);
CREATE TABLE findings_whole (part TEXT PRIMARY KEY, wholeMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
    ],
  },
  open: (base, parts) => new Findings(base, (finding) => concernedBy(finding, parts)),
  metrics: {
    findings_total: {
      kind: 'counter',
      help: 'Places of stores that were not as kept',
      labels: ['code'],
    },
    findings_open: {
      kind: 'gauge',
      help: 'Places of stores that are not as kept',
      now: (part) => part.count(),
    },
  },
  start: (part) => part.start(),
  every: (part) => [{ what: 'findings', everyMs: turnMs, atStart: true, run: () => part.turn() }],
});
