import type { Code } from '../../../codes/index.ts';
import { Shares } from '../../../primitives/shares.ts';
import { widerNetworkOf } from '../../network.ts';

/** Requests of one address that were refused where only the hospital's own people write. */
export interface Attempt {
  /** Of the network, as the connection or a trusted proxy says. */
  readonly from: string;
  /** `POST /v1/invitations`. */
  readonly route: string;
  readonly code: Code;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly times: number;
}

/** Lines of one wider network, and of all: whoever floods leaves room for others. */
const linesEach = 128;
const linesInAll = 1_024;
const hourMs = 60 * 60_000;

/**
 * Who was refused at the doors of the desk, of operators and of other hospitals: in memory, one line for each address, route
 * and hour, so that a flood is one line. Source: docs/protocol/stores.md, rule SR-10.
 */
export class Attempts {
  readonly #now: () => number;
  readonly #met = new Map<string, { readonly attempt: Attempt; readonly isTaken: boolean }>();

  readonly #room = new Shares({ each: linesEach, all: linesInAll });

  constructor(now: () => number) {
    this.#now = now;
  }

  refused(from: string, route: string, code: Code): void {
    const atMs = this.#now();
    const key = `${Math.floor(atMs / hourMs)} ${from} ${route}`;
    const known = this.#met.get(key);
    if (known === undefined && !this.#room.take(widerNetworkOf(from))) return;
    const { firstMs, times } = known?.attempt ?? { firstMs: atMs, times: 0 };
    const attempt = { from, route, code, firstMs, lastMs: atMs, times: times + 1 };
    this.#met.set(key, { attempt, isTaken: known?.isTaken === true });
  }

  /** What was met so often or oftener, each line once; the rest goes on being counted until its hour is long over. */
  take(times: number): readonly Attempt[] {
    const hour = Math.floor(this.#now() / hourMs);
    const taken: Attempt[] = [];
    for (const [key, { attempt, isTaken }] of this.#met) {
      const isOld = Math.floor(attempt.lastMs / hourMs) < hour;
      if (!isTaken && attempt.times >= times) taken.push(attempt);
      if (isOld) {
        this.#met.delete(key);
        this.#room.give(widerNetworkOf(attempt.from));
      } else this.#met.set(key, { attempt, isTaken: isTaken || attempt.times >= times });
    }
    return taken;
  }
}
