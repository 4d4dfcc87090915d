import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';

/** How often one account has something done in a time, a minute unless told: counted from the first on, and then anew. */
export class AccountLimit {
  readonly #most: number;
  readonly #ms: number;
  readonly #counted = new Map<AccountId, { readonly count: number; readonly endsMs: number }>();

  constructor(most: number, ms = 60_000) {
    this.#most = most;
    this.#ms = ms;
  }

  /** Throws RATE_LIMITED: so often already. */
  count(account: AccountId, nowMs: number): void {
    const before = this.#counted.get(account);
    // Also where the clock was set back meanwhile.
    const isRunning =
      before !== undefined && nowMs < before.endsMs && before.endsMs - nowMs <= this.#ms;
    const { count, endsMs } = isRunning ? before : { count: 0, endsMs: nowMs + this.#ms };
    if (count >= this.#most) throw new CodedError('RATE_LIMITED');
    this.#counted.set(account, { count: count + 1, endsMs });
  }
}
