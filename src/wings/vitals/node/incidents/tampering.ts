import { setImmediate as nextTurn } from 'node:timers/promises';
import { bytesToHex, equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { type IncidentReport, readReport, type WriteAttempt } from '../../api/incident-report.ts';
import { pageManifest } from '../../api/page.ts';
import { keptHash } from '../../crypto/pages/page-keep.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { headOf } from '../pages/page-bodies.ts';
import type { KeptQuarantine, NewIncident } from '../stores/incident-store.ts';
import type { StoredShare } from '../stores/page-store.ts';
import { attemptOf } from './attempt-reports.ts';
import { BackgroundRound } from './background-round.ts';
import { ForeignWrites, lookedAt } from './foreign-writes.ts';
import {
  type Bad,
  type BatchRange,
  type FoundBy,
  namedAlike,
  peopleIn,
  placeNameOf,
  rangesOf,
  reportOf,
} from './found-places.ts';
import { signReport } from './incident-signing.ts';
import type { WriteAttempts } from './refused-writes.ts';
import { ReportFiles } from './report-files.ts';
import { type RoundStep, Scrub } from './scrubbing.ts';

const dayMs = 86_400_000;
/** Of attempts by HTTP that a report about changed rows names. */
const mostTried = 16;
/** A full scrub is for who waits for it. */
const fullRows = 1_024;

/**
 * What one data server does when it finds that what it keeps is not what it kept: it stops answering of it, writes a report, puts
 * its hash on the ledger, and knows whom to tell. Source: docs/protocol/vitals-tampering.md, rules VT-8 to VT-12.
 */
export class Tampering {
  readonly #base: DataServerBase;
  readonly #tried: WriteAttempts;
  readonly scrub: Scrub;
  readonly files: ReportFiles;
  readonly #quarantines = new Map<string, KeptQuarantine>();
  /** Places that stand in a report already, while their quarantine lasts. */
  readonly #known = new Set<string>();
  #isOpen: Promise<void> | undefined;
  #isSuspected = false;
  readonly #background: BackgroundRound;
  /** What the stores told of who wrote, as long as a turn reports it. */
  #attempts: readonly WriteAttempt[] | undefined;
  #reports = 0;
  #finds = 0;
  readonly #writes: ForeignWrites;
  #finding = Promise.resolve();

  constructor(base: DataServerBase, attempts: WriteAttempts) {
    this.#base = base;
    this.#tried = attempts;
    this.scrub = new Scrub(base);
    this.files = new ReportFiles(base);
    this.#writes = new ForeignWrites(base.incidents, base.scrubClock);
    this.#background = new BackgroundRound({
      ...{ scrub: this.scrub, incidents: base.incidents, now: base.now },
      found: (bad) => this.found(bad, 'scrub'),
      isAnyApart: () => this.#quarantines.size > 0,
    });
  }

  /** What was found before this process began. Throws ROW_TAMPERED. */
  open(): Promise<void> {
    this.#isOpen ??= this.#load();
    return this.#isOpen;
  }

  async #load(): Promise<void> {
    const { incidents } = this.#base;
    for (const it of await incidents.quarantines()) this.#quarantines.set(it.trio, it);
    if (this.#quarantines.size === 0) return;
    for (const { signed } of await incidents.incidents())
      for (const { table, row, column } of readReport(signed).places)
        this.#known.add(`${table} ${row} ${column}`);
  }

  /** How often something was met that is not what was written, also where it is known. */
  get finds(): number {
    return this.#finds;
  }

  quarantines(): readonly KeptQuarantine[] {
    return [...this.#quarantines.values()];
  }

  /** Throws SERVER_QUARANTINED: one of these batches is not what it was, or what is in none. Rule VT-10. */
  async requireServed(trio: string, { first, last }: BatchRange): Promise<void> {
    await this.open();
    const stands = this.#quarantines.get(trio);
    if (stands === undefined) return;
    const isApart = last < stands.first || first > stands.last;
    if (stands.first === 0 || !isApart)
      throw new CodedError('SERVER_QUARANTINED', { server: this.#base.account });
  }

  /**
   * A whole round at once; what is found is reported. `done`: told how many rows were looked at. Who asks for it has it by MACs; where
   * something points at this server, deep.
   */
  async fullScrub(
    foundBy: FoundBy = 'scrub',
    done: (rows: number) => void = () => {},
  ): Promise<Pick<RoundStep, 'bad' | 'rows' | 'bytes'>> {
    const { now, incidents } = this.#base;
    const beganMs = now();
    const onStep = async ({ bad, rows }: RoundStep) => {
      done(rows);
      if (bad.length > 0) await this.found(bad, foundBy);
      // Requests come between.
      await nextTurn();
    };
    const round = await this.scrub.round(fullRows, onStep, foundBy !== 'scrub');
    if (round.bad.length === 0)
      await incidents.keepRound({ place: new Uint8Array(0), beganMs, wholeMs: beganMs });
    return round;
  }

  /** Goes on with the round in the background until about so many milliseconds are spent. Returns how many. Rule VT-8. */
  async background(mostMs: number): Promise<number> {
    await this.open();
    return this.#background.goOn(mostMs);
  }

  /** Throws ROW_TAMPERED: what would be shown is not what was accepted; all of it is looked at then. Rule VT-8. */
  requireKept(
    place: number,
    { manifest, kept }: { readonly manifest: Uint8Array; readonly kept: StoredShare },
  ): void {
    const said = decodeAs(pageManifest, manifest);
    const number = ([1, 2, 3] as const)[place - 1] ?? 1;
    const hash = said.hashes[number - 1] ?? said.hashes[0];
    if (equalBytes(keptHash(number, headOf(said), kept), hash)) return;
    const error = new CodedError('ROW_TAMPERED', { table: 'pages' });
    this.suspect(error);
    throw error;
  }

  /** Something was met that is not what was written: the next turn looks at everything. Other errors are none of it. */
  suspect(error: unknown): void {
    if (isCoded(error, 'ROW_TAMPERED')) this.#isSuspected = true;
  }

  /** What comes round by itself: a scrub where something was met or written, and what the ledger is owed. */
  async turn(): Promise<number> {
    await this.open();
    if (await this.#isWrittenByOthers()) this.#writes.saw(this.#base.now());
    if (this.#writes.isUnlooked || this.#isSuspected) await this.#lookAtAll();
    else if (this.#writes.isUntold) await this.#attempted([]);
    const told = await this.tellLedger();
    await this.files.turn();
    return told;
  }

  async #isWrittenByOthers(): Promise<boolean> {
    const { store, questions } = this.#base;
    const isOfPages = (await store.upkeep?.wasWrittenByOthers()) === true;
    return (await questions.upkeep?.wasWrittenByOthers()) === true || isOfPages;
  }

  /** If it is time for it: whoever writes again and again is no lever on the core. */
  async #lookAtAll(): Promise<void> {
    if (!this.#writes.isTimeToLook()) return;
    const isWritten = this.#writes.isUnlooked;
    await this.#writes.look(() => (isWritten ? this.#writtenByOthers() : this.fullScrub('read')));
    this.#isSuspected = false;
  }

  /** Another process wrote to a store: all of it is looked at, and it is an incident also where everything holds. Rule VT-16. */
  async #writtenByOthers(): Promise<void> {
    const before = this.#reports;
    const attempts = await this.#told();
    this.#attempts = attempts;
    try {
      const { bad } = await this.fullScrub('watch');
      // What does not hold and was reported before is nothing new; who wrote since then is.
      const isNews = bad.length === 0 || attempts.length > 0;
      if (this.#reports > before || !isNews) this.#writes.told();
      else await this.#attempted(bad);
    } finally {
      this.#attempts = undefined;
    }
    await this.#reported();
  }

  /** Whom the store itself names is told of at once; that somebody wrote, as often as the ledger can have it. */
  async #attempted(bad: readonly Bad[]): Promise<void> {
    const { now } = this.#base;
    const isNamed = (this.#attempts ?? []).length > 0;
    if (!(await this.#writes.isTimeToTell(now())) && !isNamed) return;
    const of = { bad: [], foundBy: 'watch', ranges: new Map(), people: 0 } as const;
    const report = await reportOf(this.#base, { ...of, told: await this.#whoWrote() });
    const found =
      bad.length === 0 ? 'all of it is as it was written' : 'what does not hold is reported';
    const done = [{ what: `${lookedAt}${found}`, atMs: now() }];
    const { signed, hash } = await signReport(this.#base.sign, {
      ...{ ...report, kind: 'write-attempt', done },
    });
    await this.#keep({ name: bytesToHex(hash), signed, quarantines: [], people: [] });
    this.#writes.told(now());
  }

  /**
   * Who tried by HTTP since all was whole last, or in the last day, for he may have had another way in (rule VT-18); then who
   * wrote, as the stores tell.
   */
  async #whoWrote(): Promise<readonly WriteAttempt[]> {
    const { wholeMs } = await this.#base.incidents.round();
    const sinceMs = Math.max(wholeMs, this.#base.now() - dayMs);
    const tried = this.#tried.sureSince(sinceMs).slice(0, mostTried).map(attemptOf);
    return [...tried, ...this.#writes.line(), ...(this.#attempts ?? (await this.#told()))];
  }

  /** Who wrote, as the stores themselves tell. */
  async #told(): Promise<readonly WriteAttempt[]> {
    const { store, questions, claimedMacOf } = this.#base;
    const told = [
      ...((await store.upkeep?.attempts?.()) ?? []),
      ...((await questions.upkeep?.attempts?.()) ?? []),
    ];
    return told.map((it) => ({ ...it, claimedMac: claimedMacOf?.(it.from) ?? '' }));
  }

  /** From the step on in which it is on disk nothing is answered of what is in quarantine, whatever comes after. */
  async #keep(incident: NewIncident, places: readonly Bad[] = []): Promise<void> {
    await this.#base.incidents.keep(incident);
    for (const it of incident.quarantines) this.#quarantines.set(it.trio, it);
    for (const it of places) this.#known.add(placeNameOf(it));
    this.files.keep(incident.name, incident.signed);
    this.#reports++;
    // A turn may write several reports: each has all that was told.
    if (this.#attempts === undefined) await this.#reported();
  }

  async #reported(): Promise<void> {
    const { store, questions } = this.#base;
    await store.upkeep?.reported?.();
    await questions.upkeep?.reported?.();
  }

  /** Quarantine, report and who is to be told, in one step; one after the other: what two scrubs meet at once is reported once. */
  found(bad: readonly Bad[], foundBy: FoundBy): Promise<void> {
    this.#finds++;
    const found = this.#finding.then(() => this.#found(bad, foundBy));
    this.#finding = found.catch(() => {});
    return found;
  }

  async #found(bad: readonly Bad[], foundBy: FoundBy): Promise<void> {
    await this.open();
    const named = namedAlike(this.#base, bad);
    const isFresh = named.map((it) => !this.#known.has(placeNameOf(it)));
    const fresh = named.filter((_, at) => isFresh[at]);
    if (fresh.length === 0) return;
    const { sign } = this.#base;
    const ranges = await rangesOf(this.#base, fresh);
    const told = await this.#whoWrote();
    const asFound = bad.filter((_, at) => isFresh[at]);
    const people = await peopleIn(this.#base, asFound, ranges);
    const { signed, hash } = await signReport(
      sign,
      await reportOf(this.#base, { bad: fresh, foundBy, ranges, people: people.length, told }),
    );
    const name = bytesToHex(hash);
    const quarantines = [...ranges].map(([trio, range]) => this.#joined(trio, range, name));
    const began = quarantines[0]?.began ?? name;
    const incident: NewIncident = {
      ...{ name, signed, quarantines },
      people: people.map((account) => ({ account, began })),
    };
    await this.#keep(incident, fresh);
  }

  #joined(trio: string, { first, last }: BatchRange, name: string): KeptQuarantine {
    const before = this.#quarantines.get(trio);
    if (before === undefined) return { trio, first, last, began: name };
    return {
      ...{ trio, began: before.began },
      ...{ first: Math.min(first, before.first), last: Math.max(last, before.last) },
    };
  }

  /** What is not on the ledger yet: reports, and what follows of them. Again: nothing more. */
  async tellLedger(): Promise<number> {
    await this.open();
    const { incidents, send, account, ledger } = this.#base;
    let told = 0;
    for (const { name, signed } of await incidents.owed()) {
      const report = Uint8Array.from(Buffer.from(name, 'hex'));
      await send({ kind: 'Incident', report, incident: kindOf(signed) }).catch(
        unless('INCIDENT_TAKEN'),
      );
      // Of an attempt nothing follows; a quarantine names the report that it is of.
      const isOfRows = kindOf(signed) !== 'write-attempt';
      for (const { trio, first, last } of isOfRows ? this.#quarantines.values() : []) {
        const row = await ledger.row(statQuarantines, quarantineRowId(trio, account));
        const stands =
          row?.state === 'quarantined' && row.firstBatch <= first && row.lastBatch >= last;
        if (stands) continue;
        await send({
          ...{ kind: 'ServerQuarantine', trio, server: account, incident: name },
          ...{ firstBatch: first, lastBatch: last },
        }).catch(unless('QUARANTINE_TAKEN'));
      }
      await incidents.onLedger(name);
      told++;
    }
    return told;
  }

  /** A trio's quarantine is over, and its report says what was done. */
  async lifted(trio: string, report: IncidentReport): Promise<void> {
    const { signed, hash } = await signReport(this.#base.sign, report);
    await this.#base.incidents.lift(trio, { name: bytesToHex(hash), signed });
    this.#quarantines.delete(trio);
    if (this.#quarantines.size === 0) this.#known.clear();
    this.files.keep(bytesToHex(hash), signed);
  }
}

const kindOf = (signed: Uint8Array): IncidentReport['kind'] => readReport(signed).kind;

const unless =
  (code: Parameters<typeof isCoded>[1]) =>
  (error: unknown): void => {
    if (!isCoded(error, code)) throw error;
  };
