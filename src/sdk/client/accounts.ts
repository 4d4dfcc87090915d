import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { WalletAccount } from '../wallet/content.ts';
import type { Vault } from '../wallet/vault.ts';
import { Context, type ContextOptions } from './context.ts';

/** The accounts of an unlocked wallet, and work that runs as one of them. */
export class Accounts {
  readonly #vault: Vault;
  readonly #options: ContextOptions;
  readonly #contexts = new Map<AccountId, Context>();

  constructor(vault: Vault, options: ContextOptions) {
    this.#vault = vault;
    this.#options = options;
  }

  /** The account that acts. Throws PERSON_NOT_ENROLLED, PERSON_UNKNOWN, USAGE (which of several?). */
  acting(as?: AccountId): WalletAccount {
    const enrolled = this.#vault.content.accounts.filter((it) => it.enrolled);
    if (as !== undefined) {
      const named = enrolled.find((it) => it.account === as);
      if (named === undefined) throw new CodedError('PERSON_UNKNOWN', { account: as });
      return named;
    }
    const [only, another] = enrolled;
    if (only === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
    if (another !== undefined) throw new CodedError('USAGE', { accounts: enrolled.length });
    return only;
  }

  /** One for each account while the wallet is open: it keeps the session and what was proven. */
  context(as?: AccountId): Context {
    const account = this.acting(as);
    const kept = this.#contexts.get(account.account);
    if (kept !== undefined) return kept;
    const context = new Context(this.#vault, account, this.#options);
    this.#contexts.set(account.account, context);
    return context;
  }

  /**
   * Runs as one account, and keeps the newest header that was verified on the way, also when the work
   * failed: what was seen stays seen. What does not verify names the hospital that handed it over.
   */
  async run<T>(as: AccountId | undefined, work: (ctx: Context) => Promise<T>): Promise<T> {
    const ctx = this.context(as);
    const before = ctx.ledger.tip.height;
    try {
      return await work(ctx);
    } catch (error) {
      if (!isCoded(error) || error.kind !== 'verification') throw error;
      const named = isCoded(error, 'LEDGER_FORKED')
        ? await ctx.ledger.headers.firstFork(error)
        : error;
      const details = { ...named.details, servedBy: ctx.account.organisation };
      throw new CodedError(named.code, details, error);
    } finally {
      // A device that cannot write has done its work all the same, and keeps what it saw while it runs.
      const isNewTip = ctx.ledger.tip.height !== before;
      await Promise.all([
        isNewTip ? ctx.keepTip().catch(() => undefined) : undefined,
        ctx.copies.settled(),
      ]);
    }
  }
}
