import { setImmediate as nextTurn } from 'node:timers/promises';
import type { IncidentStore } from '../stores/incident-store.ts';
import { placeBytes, placeIn, type RoundPlace, type RoundStep, type Scrub } from './scrubbing.ts';
import { spentByProcess } from './spent-time.ts';

/** How much a step in the background looks at: some milliseconds at most, and requests come between two. */
export const stepRows = 32;
export const depth = { isFull: false, isDeep: true };
/** So many steps later its place is written down again. */
const stepsKept = 2_000;
const nowhere = new Uint8Array(0);

interface BackgroundBase {
  readonly scrub: Pick<Scrub, 'step'>;
  readonly incidents: Pick<IncidentStore, 'round' | 'keepRound'>;
  readonly now: () => number;
  /** Of what a step found; waited for. */
  readonly found: (bad: RoundStep['bad']) => Promise<void>;
  /** Whether anything is in quarantine, so that nothing was whole. */
  readonly isAnyApart: () => boolean;
  /** What was spent so far, in milliseconds; missing: of this process. */
  readonly spentMs?: () => number;
}

interface Round {
  next: RoundPlace | undefined;
  readonly beganMs: number;
  steps: number;
  isWhole: boolean;
}

/**
 * One scrub after the other in small steps; where it is stands on disk now and then, so that a restart costs little.
 * Source: docs/protocol/vitals-tampering.md, rule VT-8.
 */
export class BackgroundRound {
  readonly #of: BackgroundBase;
  #round: Round | undefined;

  constructor(of: BackgroundBase) {
    this.#of = of;
  }

  /** Goes on until about so much is spent, in milliseconds. Returns how much it was. */
  async goOn(mostMs: number): Promise<number> {
    const { spentMs = spentByProcess } = this.#of;
    let spent = 0;
    for (;;) {
      const before = spentMs();
      const isOver = await this.#step();
      spent += spentMs() - before;
      if (isOver || spent >= mostMs) return spent;
      await nextTurn();
    }
  }

  /** True: the round is over. */
  async #step(): Promise<boolean> {
    const { scrub, found } = this.#of;
    this.#round ??= await this.#load();
    const step = await scrub.step(this.#round.next, stepRows, depth);
    if (step.bad.length > 0) await found(step.bad);
    this.#round.isWhole &&= step.bad.length === 0;
    this.#round.next = step.next;
    if (step.next === undefined) await this.#end(this.#round);
    else if (++this.#round.steps % stepsKept === 0) await this.#keep(this.#round);
    return step.next === undefined;
  }

  async #load(): Promise<Round> {
    const { incidents, now } = this.#of;
    const { place, beganMs } = await incidents.round();
    const next = placeIn(place);
    return { next, beganMs: next === undefined ? now() : beganMs, steps: 0, isWhole: true };
  }

  async #keep({ next, beganMs }: Round): Promise<void> {
    const { incidents } = this.#of;
    const { wholeMs } = await incidents.round();
    const place = next === undefined ? nowhere : placeBytes(next);
    await incidents.keepRound({ place, beganMs, wholeMs });
  }

  async #end({ beganMs, isWhole }: Round): Promise<void> {
    const { incidents, isAnyApart } = this.#of;
    const { wholeMs } = await incidents.round();
    const whole = isWhole && !isAnyApart() ? beganMs : wholeMs;
    await incidents.keepRound({ place: nowhere, beganMs, wholeMs: whole });
    this.#round = undefined;
  }
}
