import type { AccountId } from '../../primitives/ids.ts';
import type { Reporting } from '../actions/access-report.ts';
import { Inboxes } from '../actions/inboxes.ts';
import { Accounts } from '../client/accounts.ts';
import type { Context, ContextOptions, WorkOptions } from '../client/context.ts';
import { askKind } from '../grants/asking.ts';
import { letterKind } from '../grants/received.ts';
import type { WalletAccount } from '../wallet/content.ts';
import type { Vault } from '../wallet/vault.ts';
import { kindsOf, type SdkWing } from '../wing.ts';

/** Which account acts, when the wallet holds several; the only one when it is not said. */
export interface AsAccount extends WorkOptions {
  readonly as?: AccountId | undefined;
}

/** What a device may have of its own; nothing is needed. */
export interface PersonOptions extends Omit<ContextOptions, 'pendingKinds'> {
  /** In place of the wings that this build has. */
  readonly wings?: readonly SdkWing[];
}

/** How a wallet was opened, beside what is in it. */
export interface Opened {
  /** Only between making the wallet and enrolling: it is printed, never stored. */
  readonly code?: Uint8Array | undefined;
  /** Parts that the copy of which this wallet came back did not have. */
  readonly missing?: number;
}

/** An unlocked wallet, and work that runs as one of its accounts: what everything that a person does stands on. */
export abstract class Acting {
  readonly #vault: Vault;
  readonly #options: ContextOptions;
  readonly #accounts: Accounts;
  readonly #inboxes: Inboxes;
  readonly #reporting: readonly Reporting[];
  readonly #opened: Opened;

  protected constructor(
    vault: Vault,
    { wings, ...options }: PersonOptions & { readonly wings: readonly SdkWing[] },
    opened: Opened = {},
  ) {
    const { pendingKinds, messageKinds, halfKeepers } = kindsOf(wings, [letterKind, askKind]);
    this.#vault = vault;
    this.#options = { ...options, pendingKinds, halfKeepers };
    this.#accounts = new Accounts(vault, this.#options);
    this.#inboxes = new Inboxes(messageKinds);
    this.#reporting = wings.flatMap(({ name, reports = {} }) =>
      Object.entries(reports).map(([what, load]) => ({ wing: `${name}/${what}`, load })),
    );
    this.#opened = opened;
  }

  /** One for each hospital; `enrolled` false: begun and not confirmed. */
  get accounts(): readonly WalletAccount[] {
    return this.#vault.content.accounts;
  }

  /** The account that acts. Throws PERSON_NOT_ENROLLED, PERSON_UNKNOWN, USAGE (which of several?). */
  account(as?: AccountId): WalletAccount {
    return this.#accounts.acting(as);
  }

  protected get vault(): Vault {
    return this.#vault;
  }

  protected get options(): ContextOptions {
    return this.#options;
  }

  protected get inboxes(): Inboxes {
    return this.#inboxes;
  }

  /** What wings add to a report. */
  protected get reporting(): readonly Reporting[] {
    return this.#reporting;
  }

  protected get opened(): Opened {
    return this.#opened;
  }

  protected context(as?: AccountId): Context {
    return this.#accounts.context(as);
  }

  /** One for each hospital at which this person is. */
  protected enrolled(): readonly Context[] {
    return this.accounts
      .filter((it) => it.enrolled)
      .map((it) => this.#accounts.context(it.account));
  }

  /** As one account, see `Accounts.run`. */
  protected act<T>({ as }: AsAccount, work: (ctx: Context) => Promise<T>): Promise<T> {
    return this.#accounts.run(as, work);
  }
}
