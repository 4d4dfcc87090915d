import type { IncidentStore } from '../stores/incident-store.ts';
import { placeBytes, placeIn, type RoundPlace, type RoundStep, type Scrub } from './scrubbing.ts';

/** Rows a step in the background, so that requests come between. */
const stepRows = 32;
const depth = { isFull: false, isDeep: true };
/** So many steps later its place is written down again. */
const stepsKept = 2_000;
const nowhere = new Uint8Array(0);

interface BackgroundBase {
  readonly scrub: Scrub;
  readonly incidents: IncidentStore;
  readonly now: () => number;
  /** Of what a step found; waited for. */
  readonly found: (bad: RoundStep['bad']) => Promise<void>;
  /** Whether anything is in quarantine, so that nothing was whole. */
  readonly isAnyApart: () => boolean;
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

  /** Goes on for about so long, in milliseconds of this process. Returns how long it took. */
  async goOn(mostMs: number): Promise<number> {
    const { scrub, found } = this.#of;
    const began = performance.now();
    this.#round ??= await this.#load();
    do {
      const step = await scrub.step(this.#round.next, stepRows, depth);
      if (step.bad.length > 0) await found(step.bad);
      this.#round.isWhole &&= step.bad.length === 0;
      this.#round.next = step.next;
      if (step.next === undefined) await this.#end(this.#round);
      else if (++this.#round.steps % stepsKept === 0) await this.#keep(this.#round);
    } while (this.#round !== undefined && performance.now() - began < mostMs);
    return performance.now() - began;
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
