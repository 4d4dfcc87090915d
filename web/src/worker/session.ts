import {
  type AccountId,
  indexedDbItemStore,
  type Person,
  type PersonOptions,
  readCard,
  type WalletAccount,
} from '@salus/salus/sdk/browser';
import { AppError } from './call.ts';
import { type HeldWallet, heldWallets, holdWallet } from './device.ts';
import { Handles } from './handles.ts';
import { Idle } from './idle.ts';
import { reach } from './reach.ts';
import { hospitalOf, siteOf } from './site.ts';
import { sendWaiting } from './waiting-work.ts';

/** What every page knows of the session, and what no page needs more of. */
/** `awaySinceMs`: since when no hospital can be reached; undefined: it can. */
export type SessionState = {
  readonly awaySinceMs: number | undefined;
  /** How far this device's clock is before the hospital's; less than 0: behind. Undefined: it is right. */
  readonly clockOffMs: number | undefined;
} & (
  | {
      readonly open: false;
      readonly wallets: readonly HeldWallet[];
      /** `idle`: nobody touched it for ten minutes. */
      readonly why: 'start' | 'asked' | 'idle';
    }
  | {
      readonly open: true;
      readonly walletId: string;
      readonly isDemo: boolean;
      readonly name: string;
      /** Undefined: the wallet is made and nobody enrolled it yet. */
      readonly role: string | undefined;
      readonly hospital: string | undefined;
      readonly account: string | undefined;
    }
);

const letterMs = 2_500;

interface Opened {
  readonly person: Person;
  readonly wallet: HeldWallet;
  readonly handles: Handles;
  readonly watching: AbortController;
}

/** The one unlocked wallet of this browser; all its tabs share it. */
export class Session {
  #opened: Opened | undefined;
  #why: 'start' | 'asked' | 'idle' = 'start';
  readonly #tell: (state: SessionState) => void;
  readonly #news: () => void;
  readonly #idle = new Idle(() => {
    if (this.#opened !== undefined) void this.lock('idle');
  });
  #later: ReturnType<typeof setTimeout> | undefined;
  #watchAgain: () => void = () => {};

  constructor(tell: (state: SessionState) => void, news: () => void) {
    this.#tell = tell;
    this.#news = news;
    reach.onChange(() => void this.#reached());
  }

  /** Throws LOCKED. */
  get person(): Person {
    return this.#open().person;
  }

  /** The account that acts: the only one, or the first that is open. Throws LOCKED, PERSON_NOT_ENROLLED. */
  get account(): WalletAccount {
    const { person } = this.#open();
    const closed = person.closedAccounts;
    const own = person.accounts.find((it) => it.enrolled && !closed.has(it.account));
    return own ?? person.account();
  }

  /** What the SDK's methods take: as whom. */
  get as(): { readonly as: AccountId } {
    return { as: this.account.account };
  }

  /** Throws LOCKED. */
  get handles(): Handles {
    return this.#open().handles;
  }

  /** What this browser holds of the open wallet. Throws LOCKED. */
  get wallet(): HeldWallet {
    return this.#open().wallet;
  }

  /** What this browser holds of the open wallet has changed. */
  async held(wallet: HeldWallet): Promise<void> {
    this.#opened = { ...this.#open(), wallet };
    await holdWallet(wallet);
  }

  /** Whether this wallet is the one that is open still. */
  isOpenAs(person: Person): boolean {
    return this.#opened?.person === person;
  }

  touched(): void {
    this.#idle.touched();
  }

  /** Takes an unlocked wallet in; what was open before is closed. */
  async open(person: Person, wallet: HeldWallet): Promise<void> {
    this.#opened?.watching.abort();
    this.touched();
    const opened = { person, wallet, handles: new Handles(), watching: new AbortController() };
    this.#opened = opened;
    await holdWallet({ ...wallet, openedMs: Date.now() });
    await this.tellState();
    void this.#watch(opened);
    void sendWaiting(this);
  }

  /** Pages ask again for what they show. */
  tellNews(): void {
    this.#news();
  }

  /** Hospitals went, or came back: pages say so, and what waited goes on. */
  async #reached(): Promise<void> {
    await this.tellState();
    this.#news();
    if (reach.isAway) return;
    this.#watchAgain();
    if (this.#opened !== undefined) void sendWaiting(this);
  }

  /** After enrolling, closing, a new name: what pages know of it changes. */
  async tellState(): Promise<void> {
    this.#tell(await this.state());
  }

  async lock(why: 'asked' | 'idle' = 'asked'): Promise<void> {
    this.#opened?.watching.abort();
    this.#opened = undefined;
    this.#why = why;
    await this.tellState();
  }

  async state(): Promise<SessionState> {
    const opened = this.#opened;
    const { awaySinceMs, clockOffMs } = reach;
    if (opened === undefined) {
      return { open: false, awaySinceMs, clockOffMs, wallets: await heldWallets(), why: this.#why };
    }
    const { person, wallet } = opened;
    const account = person.accounts.find((it) => it.enrolled);
    const card =
      account === undefined || account.card.length === 0 ? undefined : readCard(account.card).card;
    const hospital =
      account === undefined
        ? undefined
        : await hospitalOf(account.organisation).catch(() => undefined);
    return {
      open: true,
      awaySinceMs,
      clockOffMs,
      walletId: wallet.id,
      isDemo: wallet.isDemo,
      name: card?.name ?? person.name,
      role: account?.role,
      hospital: hospital?.title,
      account: account?.account,
    };
  }

  #open(): Opened {
    if (this.#opened === undefined) throw new AppError('LOCKED');
    return this.#opened;
  }

  /** A letter comes behind its block: pages ask once more when it will be there. */
  #newsLater(): void {
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#news(), letterMs);
  }

  /** Blocks are hints to look: pages ask again. A stream that ends is begun anew, ever later. */
  async #watch({ person, watching }: Opened): Promise<void> {
    const { signal } = watching;
    for (let waitMs = 1_000; !signal.aborted; waitMs = Math.min(60_000, waitMs * 2)) {
      try {
        const own = person.accounts.find((it) => it.enrolled);
        if (own !== undefined) {
          for await (const _block of person.watch({ as: own.account, signal })) {
            waitMs = 1_000;
            this.#news();
            this.#newsLater();
          }
        }
      } catch {
        // The network, or an end of the session at the hospital: the next round asks again.
        void reach.ask();
      }
      await new Promise<void>((resolve) => {
        this.#watchAgain = resolve;
        setTimeout(resolve, waitMs);
      });
    }
  }
}

/** What a wallet of this app is opened with: hospitals answer below the address that the app came from. */
export async function personOptions(walletId: string): Promise<PersonOptions> {
  const site = await siteOf();
  return {
    http: { fetch: reach.fetch },
    items: indexedDbItemStore(walletId),
    gatewayUrlOf: ({ organisation, gatewayUrl }) =>
      site.hospitals.find((it) => it.account === organisation)?.url ?? gatewayUrl,
  };
}
