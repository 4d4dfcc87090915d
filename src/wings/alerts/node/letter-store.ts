import type { DatabaseSync } from 'node:sqlite';
import { labelledHash } from '../../../crypto/hash.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { noGuard, type RowGuard, type UnboundRow } from '../../../primitives/row-guard.ts';
import type { ChannelName } from '../api/choice.ts';
import { codesSentQuery, codesWindow } from '../api/codes-sent.ts';
import { noRow } from '../api/outbox.ts';
import { alertsNames } from '../names.ts';
import { ChoiceCounters, type CountedChoice } from './choice-counters.ts';
import type { Incident, Letter, Taken } from './letter.ts';
import { bytesIn, letterIn, macOfLetter } from './letter-row.ts';
import { lacks, openLettersFile } from './letters-file.ts';
import type { Cursor } from './outbox-reader.ts';
import { firstTryAtMs, longestPauseMs } from './rules.ts';
import { type Standing, standingIn } from './standing.ts';

const { labels } = alertsNames;

const keptMs = 90 * 24 * 60 * 60_000;
/** Causes are kept for longer than the outbox keeps rows: a file that was set back tells nobody again. */
const causesKeptMs = 2 * keptMs;
/** An incident at one place that is met after so long is another one: whose choice it was has set it again meanwhile. */
const metAgainMs = 24 * 60 * 60_000;

/**
 * The letters of one hospital's alert service: which were taken from the outbox, which wait, what became of each. A
 * statement that returned is on disk. Each letter is bound by a MAC of the service's key.
 */
export class LetterStore {
  readonly #db: DatabaseSync;
  readonly #counters: ChoiceCounters;
  readonly #key: Uint8Array;
  readonly #faultPoint: (name: string) => void;
  readonly #binding: FileBinding;
  #unbound: readonly UnboundRow[];
  /** Letters that are on their way. */
  readonly #held = new Set<number>();
  /** Of the cursor that this process wrote last. */
  #seq: number | undefined;

  constructor(
    path: string,
    key: Uint8Array,
    {
      faultPoint = () => {},
      binding = { guard: noGuard, told: () => {} },
      wasMade = false,
    }: LetterStoreOptions = {},
  ) {
    this.#key = key;
    this.#faultPoint = faultPoint;
    this.#binding = binding;
    const { db, unbound } = openLettersFile(path, binding.guard);
    this.#db = db;
    this.#counters = new ChoiceCounters(db, binding.guard);
    this.#unbound = wasMade && this.#isEmpty() ? lostAll : unbound;
  }

  #isEmpty(): boolean {
    const row = this.#db
      .prepare(
        'SELECT 1 FROM cursor UNION ALL SELECT 1 FROM (SELECT 1 FROM causes LIMIT 1) UNION ALL SELECT 1 FROM (SELECT 1 FROM letters LIMIT 1)',
      )
      .get();
    return row === undefined;
  }

  /**
   * What is not as it was written, each told: as it was met when the file was opened; later it is looked for where the cursor is
   * not the one that was written last, and where somebody asks for `all`.
   */
  wrongNow(all: boolean): readonly UnboundRow[] {
    const { guard, told } = this.#binding;
    const { seq } = this.cursor();
    const isCursor = seq === (this.#seq ?? seq) && !guard.wrong(this.#db, 'cursor', [1]);
    if (this.#unbound.length === 0 && (all || !isCursor)) this.#unbound = guard.unbound(this.#db);
    for (const it of this.#unbound) told(it);
    return this.#unbound;
  }

  /**
   * Puts aside what is not believed, before anything is sent. Where the cursor holds, what lies before it was met; where it does
   * not and the causes do, all of the outbox is read again; where neither does, nobody knows what was told: it is in doubt, and
   * not told again. Rule AL-19.
   */
  mend({ rows, last, choices }: LeftOfOutbox, nowMs: number): void {
    const wrong = this.#unbound;
    const isLost = wrong.some(({ table }) => table === 'cursor');
    const isUnknown = isLost && lacks(wrong, 'causes');
    this.#whole('mend', () => {
      this.#dropImpossible(nowMs);
      const { seq } = this.cursor();
      for (const it of rows) {
        if (isUnknown) this.#doubt(it, nowMs);
        else if (!isLost && it.seq <= seq) this.#meet(it.id, nowMs);
      }
      if (isLost) this.#setCursor(isUnknown ? last : undefined);
      for (const it of choices) if (this.#counters.isDoubtful(it, wrong)) this.#counters.pass(it);
      this.#report('LETTERS_TAMPERED', nowMs, nowMs);
      this.#binding.guard.settle(this.#db);
    });
    this.#unbound = [];
    this.#seq = this.cursor().seq;
  }

  /** Letters are numbered in their order: after one that another hand gave the last number there is none could be made. */
  #dropImpossible(nowMs: number): void {
    const last = Number.MAX_SAFE_INTEGER - 1;
    const { changes } = this.#db.prepare('DELETE FROM letters WHERE id > ?').run(last);
    if (Number(changes) > 0) this.#report('LETTER_TAMPERED', last, nowMs);
    this.#db
      .prepare(
        "UPDATE sqlite_sequence SET seq = (SELECT coalesce(max(id), 0) FROM letters) WHERE name = 'letters' AND seq > ?",
      )
      .run(last);
  }

  #setCursor(to: Cursor | undefined): void {
    this.#db.prepare('DELETE FROM cursor').run();
    if (to !== undefined)
      this.#db.prepare('INSERT INTO cursor VALUES (1, ?, ?)').run(to.seq, to.mac);
  }

  /** False: it was met before. */
  #meet(id: Uint8Array, nowMs: number): boolean {
    const met = this.#db.prepare('INSERT OR IGNORE INTO causes VALUES (?, ?)').run(id, nowMs);
    return Number(met.changes) > 0;
  }

  /** Perhaps told, perhaps not: what was to be said stands in the app. */
  #doubt({ id, account, cause, facts, channels: ways }: Taken, nowMs: number): void {
    if (!this.#meet(id, nowMs)) return;
    const ended = { state: 'doubt' as const, code: 'LETTERS_TAMPERED', dueMs: nowMs };
    for (const channel of ways) {
      const name = nameOf(id, channel);
      if (this.#db.prepare('SELECT 1 FROM letters WHERE name = ?').get(name) !== undefined)
        continue;
      const of = { name, account, channel, cause, facts, count: 1, attempts: 0 };
      this.#insert({ ...of, ...ended, changedMs: nowMs });
    }
  }

  cursor(): Cursor {
    const row = this.#db.prepare('SELECT seq, mac FROM cursor').get();
    return { seq: Number(row?.seq ?? 0), mac: row === undefined ? noRow : bytesIn(row.mac) };
  }

  /** Causes become letters, and the outbox is read up to `cursor`: all of it or nothing. A cause that was met before is none. */
  take(
    taken: readonly Taken[],
    cursor: Cursor,
    incidents: readonly Incident[],
    nowMs: number,
  ): void {
    this.#whole('take', () => {
      this.#dropImpossible(nowMs);
      for (const cause of taken) this.#takeOne(cause, nowMs);
      for (const { code, place, metMs } of incidents) this.#report(code, place, metMs);
      this.#db
        .prepare('INSERT OR REPLACE INTO cursor VALUES (1, ?, ?)')
        .run(cursor.seq, cursor.mac);
    });
    this.#seq = cursor.seq;
  }

  #takeOne({ id, account, cause, facts, channels: ways }: Taken, nowMs: number): void {
    if (!this.#meet(id, nowMs)) {
      this.#tellForged(id, nowMs);
      return;
    }
    for (const channel of ways) {
      this.#addTo({ account, channel, cause, facts }, nameOf(id, channel), nowMs);
    }
  }

  /** That a cause was met may be another hand's word: it is not told, since it may have been, and that is said. */
  #tellForged(id: Uint8Array, nowMs: number): void {
    const { guard, told } = this.#binding;
    const wrong = guard.wrong(this.#db, 'causes', [id]);
    if (wrong === undefined) return;
    told(wrong);
    this.#report('LETTERS_TAMPERED', nowMs, nowMs);
  }

  /** One letter of a kind waits at a time: what comes meanwhile goes with it (AL-9). */
  #addTo(
    kind: Pick<Letter, 'account' | 'channel' | 'cause' | 'facts'>,
    name: Uint8Array,
    nowMs: number,
  ): void {
    const { account, channel, cause } = kind;
    const last = this.#db
      .prepare(
        'SELECT * FROM letters WHERE account = ? AND channel = ? AND cause = ? ORDER BY id DESC LIMIT 1',
      )
      .get(account, channel, cause);
    const before = last === undefined ? undefined : this.#letterIn(last);
    const isOnItsWay = before !== undefined && this.#held.has(before.id);
    if (before?.state === 'waiting' && !isOnItsWay) {
      this.#write({ ...before, count: before.count + 1 });
      return;
    }
    const told = this.#db.prepare('SELECT 1 FROM letters WHERE name = ?').get(name);
    if (told !== undefined) return;
    const sentMs = isOnItsWay ? nowMs : before?.changedMs;
    const lastMs = cause === 'test' ? undefined : sentMs;
    const letter = {
      ...{ name, ...kind, count: 1, attempts: 0, code: '' },
      state: 'waiting' as const,
      dueMs: firstTryAtMs(lastMs, nowMs),
      changedMs: nowMs,
    };
    this.#insert(letter);
  }

  #insert(letter: Omit<Letter, 'id'>): void {
    const { name, account, channel, cause, dueMs, changedMs, facts } = letter;
    const id = this.#db
      .prepare("INSERT INTO letters VALUES (NULL, ?, ?, ?, ?, 1, ?, 0, 'waiting', '', ?, x'', ?)")
      .run(name, account, channel, cause, dueMs, changedMs, facts).lastInsertRowid;
    this.#write({ id: Number(id), ...letter });
  }

  /** From now on what is new of its kind goes with another letter. */
  hold({ id }: Pick<Letter, 'id'>): void {
    this.#held.add(id);
  }

  /** It is back: where it still waits, what came of its kind meanwhile goes with it. */
  release({ id }: Pick<Letter, 'id'>): void {
    this.#held.delete(id);
    const row = this.#db
      .prepare("SELECT * FROM letters WHERE id = ? AND state = 'waiting'")
      .get(id);
    const letter = row === undefined ? undefined : this.#letterIn(row);
    if (letter === undefined) return;
    const { account, channel, cause } = letter;
    const later = this.#db
      .prepare(
        "SELECT * FROM letters WHERE account = ? AND channel = ? AND cause = ? AND id > ? AND state = 'waiting'",
      )
      .all(account, channel, cause, id)
      .flatMap((it) => this.#letterIn(it) ?? []);
    if (later.length === 0) return;
    const count = later.reduce((sum, it) => sum + it.count, letter.count);
    this.#whole('together', () => {
      for (const it of later) this.#db.prepare('DELETE FROM letters WHERE id = ?').run(it.id);
      this.#write({ ...letter, count });
    });
  }

  /** The oldest of each account that are due, those that were never tried first: nobody's flood is in another's way. */
  due(channel: ChannelName, nowMs: number, limit: number): readonly Letter[] {
    const rows = this.#db
      .prepare(
        `SELECT *, min(id) FROM letters WHERE state = 'waiting' AND channel = ? AND (dueMs <= ? OR dueMs > ?)
         GROUP BY account ORDER BY attempts > 0, dueMs LIMIT ?`,
      )
      .all(channel, nowMs, nowMs + longestPauseMs, limit);
    return rows.flatMap((row) => this.#believed(row, nowMs) ?? []);
  }

  /** What the other side may have got when this process ended is not sent again: it stays in doubt. */
  settleHanding(nowMs: number): void {
    for (const row of this.#db.prepare("SELECT * FROM letters WHERE state = 'handing'").all()) {
      const letter = this.#believed(row, nowMs);
      if (letter !== undefined)
        this.become(letter, { state: 'doubt', code: 'RELAY_SILENT' }, nowMs);
    }
  }

  become(
    letter: Letter,
    change: Partial<Pick<Letter, 'state' | 'code' | 'dueMs' | 'attempts'>>,
    nowMs: number,
  ): Letter {
    const changed = { ...letter, ...change, changedMs: nowMs };
    this.#whole(`letter-${changed.state}`, () => this.#write(changed));
    return changed;
  }

  /** Whether this choice is not older than one that was met; the newest counter is kept. */
  isNewest(account: AccountId, channel: ChannelName, counter: number): boolean {
    const choice = { account, channel, counter };
    const wrong = this.#counters.wrong(choice);
    if (wrong === undefined) return this.#counters.isNewest(choice);
    this.#binding.told(wrong);
    this.#whole('counter', () => this.#counters.pass(choice));
    return false;
  }

  /** That these are the newest choices now, also where no letter goes by them. Rule AL-4. */
  noteChoices(choices: readonly CountedChoice[]): void {
    this.#whole('choices', () => {
      for (const it of choices)
        if (this.#counters.wrong(it) === undefined) this.#counters.isNewest(it);
    });
  }

  /** How many letters with a code this account had, or may have had, of those that count now. Rule AL-20. */
  codesSent(account: AccountId, nowMs: number): number {
    return this.#db.prepare(codesSentQuery).all(account, ...codesWindow(nowMs)).length;
  }

  report(code: string, place: number, metMs: number): void {
    this.#whole('report', () => this.#report(code, place, metMs));
  }

  standing(): Standing {
    return standingIn(this.#db);
  }

  /** Forgets what ended long ago. */
  forget(nowMs: number): void {
    this.#whole('forget', () => {
      this.#db
        .prepare("DELETE FROM letters WHERE state NOT IN ('waiting', 'handing') AND changedMs < ?")
        .run(nowMs - keptMs);
      this.#db.prepare('DELETE FROM causes WHERE metMs < ?').run(nowMs - causesKeptMs);
    });
  }

  close(): void {
    this.#db.close();
  }

  #report(code: string, place: number, metMs: number): void {
    this.#db
      .prepare(
        `INSERT INTO incidents VALUES (?, ?, ?)
         ON CONFLICT (code, place) DO UPDATE SET metMs = excluded.metMs WHERE excluded.metMs >= metMs + ${metAgainMs}`,
      )
      .run(code, Math.min(place, Number.MAX_SAFE_INTEGER), metMs);
  }

  /** Undefined: another hand wrote it; it is put aside and reported. */
  #believed(row: Readonly<Record<string, unknown>>, nowMs: number): Letter | undefined {
    const letter = this.#letterIn(row);
    if (letter !== undefined) return letter;
    this.#whole('tampered', () => {
      this.#db.prepare("UPDATE letters SET state = 'tampered' WHERE id = ?").run(Number(row.id));
      this.#report('LETTER_TAMPERED', Number(row.id), nowMs);
    });
    return undefined;
  }

  #letterIn(row: Readonly<Record<string, unknown>>): Letter | undefined {
    return letterIn(row, this.#key);
  }

  #write(letter: Letter): void {
    const { id, count, dueMs, attempts, state, code, changedMs } = letter;
    this.#db
      .prepare(
        'UPDATE letters SET count = ?, dueMs = ?, attempts = ?, state = ?, code = ?, changedMs = ?, mac = ? WHERE id = ?',
      )
      .run(count, dueMs, attempts, state, code, changedMs, macOfLetter(letter, this.#key), id);
  }

  #whole(name: string, work: () => void): void {
    this.#faultPoint(`${name}:begin`);
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#faultPoint(`${name}:commit`);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    this.#faultPoint(`${name}:done`);
  }
}

export interface LetterStoreOptions {
  readonly faultPoint?: (name: string) => void;
  readonly binding?: FileBinding;
  /** Letters were made from this outbox before: an empty file is one that was lost. */
  readonly wasMade?: boolean;
}

/** Neither how far the outbox was read is known, nor what was met. */
const lostAll: readonly UnboundRow[] = ['cursor', 'causes'].map((table) => ({
  table,
  because: 'count',
}));

/** What binds the rows of a file of the service (docs/protocol/stores.md, SR-11), and who hears of those that do not hold. */
export interface FileBinding {
  readonly guard: RowGuard<DatabaseSync>;
  readonly told: (wrong: UnboundRow) => void;
}

/** What the gateway's file has still: rows that hold, the last of all, and whose choices there are. */
export interface LeftOfOutbox {
  readonly rows: readonly (Taken & { readonly seq: number })[];
  readonly last: Cursor;
  readonly choices: readonly CountedChoice[];
}

const nameOf = (id: Uint8Array, channel: ChannelName): Uint8Array =>
  labelledHash(labels.alertLetter, id, utf8(channel)).slice(0, 16);
