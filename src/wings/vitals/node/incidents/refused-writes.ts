import type { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { Shares } from '../../../../primitives/shares.ts';
import { hasPassed } from '../../api/report-pace.ts';
import type { Signer } from '../forged.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Lines in memory, of one wider network and of all. */
const linesEach = 128;
const linesInAll = 1_024;
/** What may have been its owner's counts from so many an hour on. */
const timesOfDoubt = 3;
/** A key that was changed is known to every server that follows the ledger after so long. */
const unseenMs = 5 * minuteMs;
/** So many accounts are held against the ledger anew in a turn. */
const settledATurn = 32;
/** So often a minute the machine is asked who is at the other end: it reads its tables for it. */
const looksPerMinute = 60;

/** A request that was refused because it was written in another's name. */
export interface RefusedRequest {
  /** As the socket tells, or a proxy that was named. */
  readonly from: string;
  /** Of the socket. */
  readonly port: number;
  /** Whose word the address is; '': the socket's. */
  readonly proxy: string;
  /** By which callers share the lines: those whose addresses lie side by side. */
  readonly wide: string;
  /** `POST /v1/peer`. */
  readonly route: string;
  readonly code: CodedError['code'];
  readonly isSure: boolean;
  /** Whose signature it bears, by no key that was known of him: it is sure later, where none came. */
  readonly signer?: Signer | undefined;
  /** An address for which a header says that it is passed on; '': none says so. */
  readonly forwardedFor: string;
}

/** Requests of one address at one route with one code, since the first of them. */
export interface RefusedWrites {
  readonly from: string;
  readonly route: string;
  readonly code: CodedError['code'];
  readonly isSure: boolean;
  readonly who: string;
  readonly claimedMac: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly times: number;
  /** The report that told of it last; '': none. */
  readonly toldIn: string;
}

interface Unsettled {
  readonly signer: Signer;
  readonly atMs: number;
}

interface Line extends RefusedWrites {
  /** The first signatures by no known key that are not held against the ledger anew; the third attempt counts whatever they are. */
  readonly unsettled: readonly Unsettled[];
  readonly wide: string;
  readonly toldTimes: number;
  readonly toldMs: number;
  /** When it goes on it is told again so long after it was told; 0: it was not yet. */
  readonly pauseMs: number;
}

/** What a machine tells of who is at the other end of a connection; '': nothing. */
export interface CallerWitness {
  /** A process or user, where that end is on this machine. */
  who(address: string, port: number): string;
  claimedMac(address: string): string;
}

/**
 * Who tried to write in another's name by HTTP: in memory, one line for each address, route and code, so that a flood is one
 * line with a count. The more lines a network has, the more of them must be free for it to get another: one that floods takes
 * them from nobody. Source: docs/protocol/vitals-tampering.md, rule VT-18.
 */
export class WriteAttempts {
  readonly #now: () => number;
  readonly #callers: CallerWitness | undefined;
  readonly #lines = new Map<string, Line>();
  readonly #room = new Shares({ each: linesEach, all: linesInAll });
  #unnamed = 0;
  #looks = { count: 0, sinceMs: 0 };

  constructor(now: () => number, callers?: CallerWitness) {
    this.#now = now;
    this.#callers = callers;
  }

  /** How many are in memory. */
  get lines(): number {
    return this.#lines.size;
  }

  refused(of: RefusedRequest): void {
    const { from, wide, route, code, isSure } = of;
    const nowMs = this.#now();
    const key = `${from} ${route} ${code}`;
    const known = this.#lines.get(key);
    const unsettled: Unsettled[] = of.signer ? [{ signer: of.signer, atMs: nowMs }] : [];
    if (known !== undefined) {
      const isNow = {
        isSure: known.isSure || isSure,
        unsettled: [...known.unsettled, ...unsettled].slice(0, timesOfDoubt),
      };
      this.#lines.set(key, { ...known, ...isNow, lastMs: nowMs, times: known.times + 1 });
      return;
    }
    this.#forget(nowMs);
    if (!this.#room.take(wide)) {
      this.#unnamed += 1;
      return;
    }
    this.#lines.set(key, {
      ...{ from, wide, route, code, isSure, ...this.#toldByMachine(of) },
      ...{ firstMs: nowMs, lastMs: nowMs, times: 1, unsettled },
      ...{ toldIn: '', toldTimes: 0, toldMs: 0, pauseMs: 0 },
    });
  }

  /** While the connection is open: later its tables have nothing of it. */
  #toldByMachine({ from, port, proxy, forwardedFor }: RefusedRequest) {
    const callers = this.#mayLook() ? this.#callers : undefined;
    const who = [
      // The other end of the connection is the proxy's.
      proxy === '' ? (callers?.who(from, port) ?? '') : `by way of the proxy ${proxy}`,
      forwardedFor && `says it passes on for ${forwardedFor} (claimed)`,
    ];
    const claimedMac = callers?.claimedMac(from) ?? '';
    return { who: who.filter(Boolean).join(', ').slice(0, 128), claimedMac };
  }

  #mayLook(): boolean {
    const nowMs = this.#now();
    if (hasPassed(this.#looks.sinceMs, nowMs, minuteMs)) this.#looks = { count: 0, sinceMs: nowMs };
    this.#looks.count += 1;
    return this.#looks.count <= looksPerMinute;
  }

  /**
   * Holds signatures by no known key against the ledger anew, some a call: sure is what bears the name of an account whose keys were
   * not changed meanwhile. Throws what asking throws: those that were not asked for stay.
   */
  async settle(generationOf: (account: AccountId) => Promise<number | undefined>): Promise<void> {
    const nowMs = this.#now();
    const ripe = [...this.#lines].flatMap(([key, { unsettled }]) =>
      // A clock that was set back a little makes nobody a forger the sooner.
      unsettled.filter(({ atMs }) => Math.abs(nowMs - atMs) >= unseenMs).map((it) => ({ key, it })),
    );
    const generations = new Map<AccountId, Promise<number | undefined>>();
    for (const { key, it } of ripe) {
      const { account } = it.signer;
      if (generations.size >= settledATurn && !generations.has(account)) continue;
      const asked = generations.get(account) ?? generationOf(account);
      generations.set(account, asked);
      const generation = await asked;
      const line = this.#lines.get(key);
      if (line === undefined) continue;
      const isSure = line.isSure || generation === it.signer.keyGeneration;
      this.#lines.set(key, {
        ...line,
        isSure,
        unsettled: line.unsettled.filter((other) => other !== it),
      });
    }
  }

  /** What is to be told now: at first sight, and while it goes on again after a pause; of each network the first before the second of another. */
  due(): readonly RefusedWrites[] {
    const nowMs = this.#now();
    this.#forget(nowMs);
    const ranks = new Map<string, number>();
    return [...this.#lines.values()]
      .filter((it) => isDue(it, nowMs))
      .map((line) => {
        const rank = ranks.get(line.wide) ?? 0;
        ranks.set(line.wide, rank + 1);
        return { line, rank };
      })
      .toSorted((one, other) => one.rank - other.rank)
      .map(({ line }) => line);
  }

  /** These stand in a report of this name. */
  told(lines: readonly RefusedWrites[], name: string): void {
    const nowMs = this.#now();
    for (const { from, route, code, times } of lines) {
      const key = `${from} ${route} ${code}`;
      const line = this.#lines.get(key);
      if (line === undefined) continue;
      const pauseMs = Math.min(dayMs, Math.max(hourMs, 2 * line.pauseMs));
      this.#lines.set(key, { ...line, toldIn: name, toldTimes: times, toldMs: nowMs, pauseMs });
    }
  }

  /** Those that nobody can have made in his own name, as far as the ledger shows yet, since then, the newest first. */
  sureSince(sinceMs: number): readonly RefusedWrites[] {
    return [...this.#lines.values()]
      .filter(({ isSure, unsettled }) => isSure || unsettled.length > 0)
      .filter(({ lastMs }) => lastMs >= sinceMs)
      .toSorted((one, other) => other.lastMs - one.lastMs);
  }

  /** Attempts for which there was no line, since this was asked last. */
  takeUnnamed(): number {
    const unnamed = this.#unnamed;
    this.#unnamed = 0;
    return unnamed;
  }

  /** A line is over when nothing came for its pause and all of it is told. */
  #forget(nowMs: number): void {
    for (const [key, line] of this.#lines) {
      const quietMs = Math.max(hourMs, line.pauseMs);
      const isCountedYet = isCounted(line) || line.unsettled.length > 0;
      const isToTell = isCountedYet && line.times > line.toldTimes;
      if (isToTell || !hasPassed(line.lastMs, nowMs, quietMs)) continue;
      this.#lines.delete(key);
      this.#room.give(line.wide);
    }
  }
}

const isCounted = ({ isSure, times }: Line): boolean => isSure || times >= timesOfDoubt;

function isDue(line: Line, nowMs: number): boolean {
  if (!isCounted(line) || line.times === line.toldTimes) return false;
  return line.toldIn === '' || hasPassed(line.toldMs, nowMs, line.pauseMs);
}
