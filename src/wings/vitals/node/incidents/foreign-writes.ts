import { readReport, type WriteAttempt } from '../../api/incident-report.ts';
import { ReportPace } from '../../api/report-pace.ts';
import type { IncidentStore } from '../stores/incident-store.ts';
import { spentByProcess } from './spent-time.ts';

/** Of a core, what looking at everything may take for whoever writes again and again. */
const share = 0.1;
/** As a report says that nothing came of a write. */
export const lookedAt = 'looked at: ';

/** Times of a process, in milliseconds, that nobody sets. */
export interface ScrubClock {
  readonly nowMs: () => number;
  /** What was spent so far of a core. */
  readonly spentMs: () => number;
}

interface Seen {
  readonly turns: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * What others write to a store: when all of it is looked at for that, and when it is told. The first write at once; whoever goes on is no
 * lever on the core or the ledger. Source: docs/protocol/vitals-tampering.md, rule VT-16.
 */
export class ForeignWrites {
  readonly #clock: ScrubClock;
  readonly #incidents: Pick<IncidentStore, 'incidents'>;
  /** Since a report told of it. */
  #seen: Seen | undefined;
  #isUnlooked = false;
  /** Of the clock: not before then. */
  #nextMs = Number.NEGATIVE_INFINITY;
  /** Undefined: what was written before this process began was not looked up yet. */
  #pace: ReportPace | undefined;

  constructor(
    incidents: Pick<IncidentStore, 'incidents'>,
    clock: ScrubClock = { nowMs: () => performance.now(), spentMs: spentByProcess },
  ) {
    this.#incidents = incidents;
    this.#clock = clock;
  }

  /** A turn that sees a write; `atMs`: of the server's clock. */
  saw(atMs: number): void {
    const { turns = 0, firstMs = atMs } = this.#seen ?? {};
    this.#seen = { turns: turns + 1, firstMs, lastMs: atMs };
    this.#isUnlooked = true;
  }

  /** Somebody wrote, and not everything was looked at since. */
  get isUnlooked(): boolean {
    return this.#isUnlooked;
  }

  /** All was looked at, and a report has to say who wrote. */
  get isUntold(): boolean {
    return this.#seen !== undefined && !this.#isUnlooked;
  }

  isTimeToLook(): boolean {
    return this.#clock.nowMs() >= this.#nextMs;
  }

  /** `work` looks at everything, and is paid for before it is done again. Throws what it throws: then it is owed. */
  async look(work: () => Promise<unknown>): Promise<void> {
    const { nowMs, spentMs } = this.#clock;
    const [beganMs, before] = [nowMs(), spentMs()];
    const wasUnlooked = this.#isUnlooked;
    this.#isUnlooked = false;
    try {
      await work();
    } catch (error) {
      this.#isUnlooked ||= wasUnlooked;
      throw error;
    } finally {
      this.#nextMs = beganMs + (spentMs() - before) / share;
    }
  }

  /** Whether the ledger can have one more report of writes by which nothing was changed, as VT-18 counts them. */
  async isTimeToTell(atMs: number): Promise<boolean> {
    this.#pace ??= new ReportPace(await this.#toldBefore());
    return this.#pace.isTime(atMs);
  }

  /** Also by the process before this one. */
  async #toldBefore(): Promise<readonly number[]> {
    return (await this.#incidents.incidents())
      .map(({ signed }) => readReport(signed))
      .filter(({ done }) => done.some(({ what }) => what.startsWith(lookedAt)))
      .map(({ foundMs }) => foundMs);
  }

  /** How often it was seen, where a report says of more than one turn. */
  line(): readonly WriteAttempt[] {
    if (this.#seen === undefined || this.#seen.turns < 2) return [];
    const { turns, firstMs, lastMs } = this.#seen;
    const last = new Date(lastMs).toISOString();
    const nobody = { who: '', from: '', claimedMac: '' };
    return [
      { ...nobody, atMs: firstMs, way: 'file', what: `written in ${turns} turns, last ${last}` },
    ];
  }

  /** It stands in a report that is kept; `atMs` undefined: of rows that do not hold, which wait for no pace. */
  told(atMs?: number): void {
    this.#seen = undefined;
    if (atMs !== undefined) this.#pace?.wrote(atMs);
  }
}
