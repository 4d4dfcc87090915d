import type { Code } from '../../../codes/index.ts';

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

const mostAddresses = 1_024;
const hourMs = 60 * 60_000;

/**
 * Who was refused at the doors of the desk, of operators and of other hospitals: in memory, one line for each address, route
 * and hour, so that a flood is one line. Source: docs/protocol/stores.md, rule SR-10.
 */
export class Attempts {
  readonly #now: () => number;
  #met = new Map<string, Attempt>();

  constructor(now: () => number) {
    this.#now = now;
  }

  refused(from: string, route: string, code: Code): void {
    const atMs = this.#now();
    const key = `${Math.floor(atMs / hourMs)} ${from} ${route}`;
    const known = this.#met.get(key);
    if (known === undefined && this.#met.size >= mostAddresses) return;
    const firstMs = known?.firstMs ?? atMs;
    this.#met.set(key, {
      from,
      route,
      code,
      firstMs,
      lastMs: atMs,
      times: (known?.times ?? 0) + 1,
    });
  }

  /** What was met since the last time. */
  take(): readonly Attempt[] {
    const met = [...this.#met.values()];
    this.#met = new Map();
    return met;
  }
}
