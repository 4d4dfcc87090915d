/** So long after its check a question's payment is looked for in each block. */
const expectedMs = 60_000;
const mostExpected = 256;

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

interface Expected {
  readonly signed: Uint8Array;
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

  expect(query: string, signed: Uint8Array): void {
    const { ready } = this.#expected.get(query) ?? {};
    this.#expected.delete(query);
    this.#expected.set(query, { signed, untilMs: this.#now() + expectedMs, ready });
    for (const [oldest, { untilMs }] of this.#expected)
      if (this.#expected.size > mostExpected || untilMs <= this.#now())
        this.#expected.delete(oldest);
  }

  /** Those of which nothing was made yet. */
  unready(): readonly (readonly [query: string, signed: Uint8Array])[] {
    const now = this.#now();
    return [...this.#expected]
      .filter(([, { ready, untilMs }]) => ready === undefined && now < untilMs)
      .map(([query, { signed }]) => [query, signed]);
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
