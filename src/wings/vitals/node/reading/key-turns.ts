import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';

/** Of one account, and of all. */
const mostOfAccount = 4;
const mostInAll = 512;

const restOf = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Work with keys that others choose, a tenth of a second and more a piece: one piece at a time, of accounts by turns, and after each
 * the server is free for as long as it took. So however many accounts show keys, half of its time is for everything else.
 * Source: docs/protocol/vitals-paillier.md, VD-22.
 */
export class KeyTurns {
  readonly #rest: (ms: number) => Promise<void>;
  /** Whose turn it is next stands first. */
  readonly #waiting = new Map<AccountId, (() => void)[]>();
  #count = 0;
  #isRunning = false;

  constructor(rest = restOf) {
    this.#rest = rest;
  }

  /** Resolves and rejects as the work does. Throws RATE_LIMITED: so much of this account waits already; STORE_BUSY: of all. */
  run<Result>(account: AccountId, work: () => Result): Promise<Result> {
    const own = this.#waiting.get(account) ?? [];
    if (own.length >= mostOfAccount) throw new CodedError('RATE_LIMITED');
    if (this.#count >= mostInAll) throw new CodedError('STORE_BUSY');
    this.#count++;
    const done = new Promise<Result>((resolve, reject) => {
      own.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
    this.#waiting.set(account, own);
    if (!this.#isRunning) void this.#goOn();
    return done;
  }

  async #goOn(): Promise<void> {
    this.#isRunning = true;
    for (const [account, own] of this.#waiting) {
      const work = own.shift();
      // Behind the others: a map gives what is set anew last.
      this.#waiting.delete(account);
      if (own.length > 0) this.#waiting.set(account, own);
      this.#count--;
      const began = performance.now();
      work?.();
      await this.#rest(performance.now() - began);
    }
    this.#isRunning = false;
  }
}
