import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { type IncidentReport, mostPlaces, readReport } from '../api/incident-report.ts';
import { pageManifest } from '../api/page.ts';
import { keptHash } from '../crypto/page-keep.ts';
import { quarantineRowId, statQuarantines } from '../ledger/tables/stat-quarantines.ts';
import { statTrios } from '../ledger/tables/stat-trios.ts';
import type { DataServerBase } from './data-server-base.ts';
import { signReport } from './incident-signing.ts';
import type { KeptQuarantine, NewIncident } from './incident-store.ts';
import { headOf } from './page-bodies.ts';
import type { StoredShare } from './page-store.ts';
import { placeBytes, placeIn, type RoundPlace, type RoundStep, Scrub } from './scrubbing.ts';

type FoundBy = IncidentReport['foundBy'];
type Bad = RoundStep['bad'][number];
interface Range {
  readonly first: number;
  readonly last: number;
}

/** Rows a step in the background, so that requests come between. */
const stepRows = 32;
const background = { isFull: false, isDeep: true };
/** So many steps later its place is written down again. */
const stepsKept = 2_000;
/** A full scrub is for who waits for it. */
const fullRows = 1_024;

interface Round {
  next: RoundPlace | undefined;
  readonly beganMs: number;
  steps: number;
  isWhole: boolean;
}

/**
 * What one data server does when it finds that what it keeps is not what it kept: it stops answering of it, writes a report, puts
 * its hash on the ledger, and knows whom to tell. Source: docs/protocol/vitals-tampering.md, rules VT-8 to VT-12.
 */
export class Tampering {
  readonly #base: DataServerBase;
  readonly scrub: Scrub;
  readonly #quarantines = new Map<string, KeptQuarantine>();
  /** Places that stand in a report already, while their quarantine lasts. */
  readonly #known = new Set<string>();
  #isOpen: Promise<void> | undefined;
  #isSuspected = false;
  #round: Round | undefined;

  constructor(base: DataServerBase) {
    this.#base = base;
    this.scrub = new Scrub(base);
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

  quarantines(): readonly KeptQuarantine[] {
    return [...this.#quarantines.values()];
  }

  /** Throws SERVER_QUARANTINED: one of these batches is not what it was, or what is in none. Rule VT-10. */
  async requireServed(trio: string, { first, last }: Range): Promise<void> {
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
    };
    const round = await this.scrub.round(fullRows, onStep, foundBy !== 'scrub');
    if (round.bad.length === 0)
      await incidents.keepRound({ place: new Uint8Array(0), beganMs, wholeMs: beganMs });
    return round;
  }

  /**
   * Goes on with the round in the background for about so long, in milliseconds of this process; where it is stands on disk
   * now and then, so that a restart costs little. Returns how long it took. Rule VT-8.
   */
  async background(mostMs: number): Promise<number> {
    await this.open();
    const began = performance.now();
    this.#round ??= await this.#loadRound();
    do {
      const step = await this.scrub.step(this.#round.next, stepRows, background);
      if (step.bad.length > 0) await this.found(step.bad, 'scrub');
      this.#round.isWhole &&= step.bad.length === 0;
      this.#round.next = step.next;
      if (step.next === undefined) await this.#endRound(this.#round);
      else if (++this.#round.steps % stepsKept === 0) await this.#keepRound(this.#round);
    } while (this.#round !== undefined && performance.now() - began < mostMs);
    return performance.now() - began;
  }

  async #loadRound(): Promise<Round> {
    const { place, beganMs } = await this.#base.incidents.round();
    const next = placeIn(place);
    const { now } = this.#base;
    return { next, beganMs: next === undefined ? now() : beganMs, steps: 0, isWhole: true };
  }

  async #keepRound({ next, beganMs }: Round): Promise<void> {
    const { incidents } = this.#base;
    const { wholeMs } = await incidents.round();
    const place = next === undefined ? new Uint8Array(0) : placeBytes(next);
    await incidents.keepRound({ place, beganMs, wholeMs });
  }

  async #endRound({ beganMs, isWhole }: Round): Promise<void> {
    const { incidents } = this.#base;
    const { wholeMs } = await incidents.round();
    const whole = isWhole && this.#quarantines.size === 0 ? beganMs : wholeMs;
    await incidents.keepRound({ place: new Uint8Array(0), beganMs, wholeMs: whole });
    this.#round = undefined;
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

  /** What comes round by itself: a scrub where something was met, and what the ledger is owed. */
  async turn(): Promise<number> {
    await this.open();
    const { store, questions } = this.#base;
    const isWritten =
      (await store.upkeep?.wasWrittenByOthers()) === true ||
      (await questions.upkeep?.wasWrittenByOthers()) === true;
    if (isWritten) await this.#writtenByOthers();
    else if (this.#isSuspected) await this.fullScrub('read');
    this.#isSuspected = false;
    return this.tellLedger();
  }

  /** Another process wrote to a store: all of it is looked at, and it is an incident also where everything holds. Rule VT-16. */
  async #writtenByOthers(): Promise<void> {
    const { bad } = await this.fullScrub('watch');
    if (bad.length > 0) return;
    const { incidents, sign } = this.#base;
    const of = { bad: [], foundBy: 'watch', ranges: new Map(), people: 0 } as const;
    const report = await this.#report(of);
    const done = [{ what: 'looked at: all of it is as it was written', atMs: this.#base.now() }];
    const { signed, hash } = await signReport(sign, { ...report, kind: 'write-attempt', done });
    await incidents.keep({ name: bytesToHex(hash), signed, quarantines: [], people: [] });
    this.#base.keepReport?.(bytesToHex(hash), signed);
  }

  /** Quarantine, report and who is to be told, in one step. */
  async found(bad: readonly Bad[], foundBy: FoundBy): Promise<void> {
    await this.open();
    const fresh = bad.filter((it) => !this.#known.has(nameOf(it)));
    if (fresh.length === 0) return;
    const { incidents, sign } = this.#base;
    const ranges = await this.#ranges(fresh);
    const people = await this.#people(fresh, ranges);
    const { signed, hash } = await signReport(
      sign,
      await this.#report({ bad: fresh, foundBy, ranges, people: people.length }),
    );
    const name = bytesToHex(hash);
    const quarantines = [...ranges].map(([trio, range]) => this.#joined(trio, range, name));
    const began = quarantines[0]?.began ?? name;
    const incident: NewIncident = {
      ...{ name, signed, quarantines },
      people: people.map((account) => ({ account, began })),
    };
    await incidents.keep(incident);
    this.#base.keepReport?.(name, signed);
    for (const it of quarantines) this.#quarantines.set(it.trio, it);
    for (const it of fresh) this.#known.add(nameOf(it));
  }

  #joined(trio: string, { first, last }: Range, name: string): KeptQuarantine {
    const before = this.#quarantines.get(trio);
    if (before === undefined) return { trio, first, last, began: name };
    return {
      ...{ trio, began: before.began },
      ...{ first: Math.min(first, before.first), last: Math.max(last, before.last) },
    };
  }

  /** Of each trio what is concerned. A row of no trio concerns all of them, and no batch. */
  async #ranges(bad: readonly Bad[]): Promise<ReadonlyMap<string, Range>> {
    const { store, ledger } = this.#base;
    const trios = await store.trios();
    const ranges = new Map<string, Range>();
    for (const { trio, batch } of bad) {
      for (const of of trio !== undefined && trios.includes(trio) ? [trio] : trios) {
        // Of the ledger: what this server says of its own batches may be what was changed.
        const newest = (await ledger.row(statTrios, of))?.newestBatch ?? 0;
        const at = trio === of && batch !== undefined && batch <= newest ? batch : 0;
        const before = ranges.get(of);
        ranges.set(of, {
          first: Math.min(at, before?.first ?? at),
          last: Math.max(at, before?.last ?? at),
        });
      }
    }
    return ranges;
  }

  /** Accounts with a page in what is concerned, or whose own row it is; by rising account. */
  async #people(
    bad: readonly Bad[],
    ranges: ReadonlyMap<string, Range>,
  ): Promise<readonly string[]> {
    const { store } = this.#base;
    const pseudonyms = new Map<string, Uint8Array>();
    for (const { pseudonym } of bad) if (pseudonym) pseudonyms.set(pseudonym.join(), pseudonym);
    for (const [trio, { first, last }] of ranges)
      for (const it of (await store.upkeep?.people(trio, { first, last })) ?? [])
        pseudonyms.set(it.join(), it);
    const accounts = new Set<string>();
    for (const pseudonym of pseudonyms.values()) {
      const registered = await store.registration(pseudonym).catch(unlessTampered);
      if (registered !== undefined) accounts.add(registered.account);
    }
    return [...accounts].sort();
  }

  async #report(of: {
    readonly bad: readonly Bad[];
    readonly foundBy: FoundBy;
    readonly ranges: ReadonlyMap<string, Range>;
    readonly people: number;
  }): Promise<IncidentReport> {
    const { account, ledger, now, incidents } = this.#base;
    const { wholeMs } = await incidents.round();
    const batches = [...of.ranges].map(([trio, { first, last }]) => ({
      ...{ trio, firstBatch: first, lastBatch: last },
    }));
    const hours = await this.#hours(of.ranges);
    return {
      ...{ chainId: ledger.chainId, by: account, kind: 'tampering', store: 'data-server' },
      ...{ foundBy: of.foundBy, foundMs: now(), wholeMs },
      places: of.bad.slice(0, mostPlaces).map(({ store, table, row, column, bound }) => ({
        ...{ table: `${store}.${table}`.slice(0, 64), row: row.slice(0, 128), column, bound },
      })),
      more: Math.max(0, of.bad.length - mostPlaces),
      ...{ batches: batches.slice(0, 64), ...hours, people: of.people },
      attempts: [...(this.#base.witnesses?.() ?? [])].slice(0, 64),
      untold: [
        'who wrote to the file, unless an attempt is named above',
        'when, but between wholeMs and foundMs',
      ],
      done: [{ what: 'quarantined', atMs: now() }],
      follows: new Uint8Array(0),
    };
  }

  async #hours(ranges: ReadonlyMap<string, Range>) {
    let [firstHour, lastHour] = [Number.MAX_SAFE_INTEGER, 0];
    for (const [trio, { first, last }] of ranges) {
      for (let number = Math.max(1, first); number <= last; number++) {
        const batch = await this.#base.store.sealedBatch(trio, number).catch(unlessTampered);
        if (batch === undefined) continue;
        firstHour = Math.min(firstHour, batch.firstHour);
        lastHour = Math.max(lastHour, batch.lastHour);
      }
    }
    return lastHour === 0 ? { firstHour: 0, lastHour: 0 } : { firstHour, lastHour };
  }

  /** What is not on the ledger yet: reports, and what follows of them. Again: nothing more. */
  async tellLedger(): Promise<number> {
    await this.open();
    const { incidents, send, account, ledger } = this.#base;
    let told = 0;
    for (const { name, signed, isOnLedger } of await incidents.incidents()) {
      if (isOnLedger) continue;
      const report = Uint8Array.from(Buffer.from(name, 'hex'));
      await send({ kind: 'Incident', report, incident: kindOf(signed) }).catch(
        unless('INCIDENT_TAKEN'),
      );
      for (const { trio, first, last } of this.#quarantines.values()) {
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
    this.#base.keepReport?.(bytesToHex(hash), signed);
    this.#quarantines.delete(trio);
    if (this.#quarantines.size === 0) this.#known.clear();
  }
}

const nameOf = ({ store, table, row, column }: Bad): string =>
  `${`${store}.${table}`.slice(0, 64)} ${row.slice(0, 128)} ${column}`;

const kindOf = (signed: Uint8Array): IncidentReport['kind'] => readReport(signed).kind;

const unless =
  (code: Parameters<typeof isCoded>[1]) =>
  (error: unknown): void => {
    if (!isCoded(error, code)) throw error;
  };

const unlessTampered = (error: unknown): undefined => {
  if (!isCoded(error, 'ROW_TAMPERED') && !isCoded(error, 'HOME_INVALID')) throw error;
};
