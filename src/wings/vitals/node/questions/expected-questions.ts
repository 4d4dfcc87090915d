import type { Named } from './question-rows.ts';

/** So long after its check a question's payment is looked for in each block. */
const expectedMs = 60_000;
/** Of one researcher, the newest, and of all: each costs six rows a block. */
const [mostOfOne, mostExpected] = [2, 32];

/** What was made of a question before it was asked for: nothing of it has left. */
export interface ReadyAnswer {
  /** Of which pages. */
  readonly selection: Uint8Array;
  /** This server's part: field elements. */
  readonly share: readonly bigint[];
  /** `AnswerForm.under` of the bytes below. */
  readonly under: string;
  readonly answer: Uint8Array;
}

export interface ExpectedQuestion extends Named {
  readonly signed: Uint8Array;
}

interface Expected extends ExpectedQuestion {
  readonly untilMs: number;
  readonly ready: ReadyAnswer | undefined;
}

/** Questions that were checked, and not yet asked, in memory alone. Source: docs/protocol/vitals-statistics.md, rule VQ-32b. */
export class ExpectedQuestions {
  readonly #now: () => number;
  /** By query, oldest first. */
  readonly #expected = new Map<string, Expected>();

  constructor(now: () => number) {
    this.#now = now;
  }

  expect({ manifest, query }: Named, signed: Uint8Array): void {
    const { ready } = this.#expected.get(query) ?? {};
    this.#expected.delete(query);
    const untilMs = this.#now() + expectedMs;
    this.#expected.set(query, { manifest, query, signed, untilMs, ready });
    this.#forgetOld();
    const isHis = (it: Expected): boolean => it.manifest.researcher === manifest.researcher;
    const own = [...this.#expected.values()].filter(isHis);
    const all = [...this.#expected.values()];
    // Whoever has many checked takes no place from another.
    const oldest = own.length > mostOfOne ? own[0] : all.length > mostExpected ? all[0] : undefined;
    if (oldest !== undefined) this.#expected.delete(oldest.query);
  }

  #forgetOld(): void {
    for (const { query, untilMs } of this.#expected.values())
      if (untilMs <= this.#now()) this.#expected.delete(query);
  }

  /** Those of which nothing was made yet; what is older than a minute is forgotten. */
  unready(): readonly ExpectedQuestion[] {
    this.#forgetOld();
    return [...this.#expected.values()].filter(({ ready }) => ready === undefined);
  }

  keep(query: string, ready: ReadyAnswer): void {
    const expected = this.#expected.get(query);
    if (expected !== undefined) this.#expected.set(query, { ...expected, ready });
  }

  readyFor(query: string): ReadyAnswer | undefined {
    const { ready, untilMs } = this.#expected.get(query) ?? { ready: undefined, untilMs: 0 };
    return this.#now() < untilMs ? ready : undefined;
  }

  forget(query: string): void {
    this.#expected.delete(query);
  }
}
