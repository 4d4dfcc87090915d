import {
  type AccountId,
  CodedError,
  indexedDbItemStore,
  learnClosed,
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
import { SealedShelf } from './sealed-shelf.ts';
import { forgetAllSeen } from './seen.ts';
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
      /** Where this person has an account that is open, the one that is shown among them. */
      readonly hospitals: readonly HospitalView[];
    }
);

/** A hospital where somebody has an account that is open. */
export interface HospitalView {
  readonly account: AccountId;
  readonly title: string;
  readonly isShown: boolean;
}

const letterMs = 2_500;

interface Opened {
  readonly person: Person;
  readonly wallet: HeldWallet;
  readonly handles: Handles;
  readonly watching: AbortController;
  /** Whose account was chosen here, of several. */
  readonly shown: string | undefined;
}

/** In which place of the shelf it lies which account is shown. */
const shownPlace = 'shown account';
const shelfOf = (person: Person, walletId: string) =>
  new SealedShelf<{ readonly account: string }>('notes', person, walletId);

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

  /** The account that acts: the one that was chosen, else the first that is open. Throws LOCKED, PERSON_NOT_ENROLLED. */
  get account(): WalletAccount {
    const account = shownOf(this.#open());
    if (account === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
    return account;
  }

  /** From now on this account acts and is shown, also when the wallet is opened in this browser again. */
  async show(account: AccountId): Promise<void> {
    const { person, wallet } = this.#open();
    const shelf = shelfOf(person, wallet.id);
    await shelf.put(await shelf.placeOf(shownPlace), { account });
    await this.#restart(account);
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

  /**
   * Takes an unlocked wallet in; what was open before is closed. `at`: the hospital by which it came here, whose account is
   * shown where nobody chose another one in this browser.
   */
  async open(person: Person, wallet: HeldWallet, at?: string): Promise<void> {
    this.#opened?.watching.abort();
    this.touched();
    const opened = { person, wallet, handles: new Handles(), watching: new AbortController() };
    const shelf = shelfOf(person, wallet.id);
    const held = await shelf.get(await shelf.placeOf(shownPlace));
    const first = openAccounts(person).find((it) => it.organisation === at)?.account;
    if (held === undefined && first !== undefined) {
      await shelf.put(await shelf.placeOf(shownPlace), { account: first });
    }
    this.#opened = { ...opened, shown: held?.account ?? first };
    await holdWallet({ ...wallet, openedMs: Date.now() });
    await this.tellState();
    void this.#watch(this.#opened);
  }

  /** Watches what is shown from now on, and tells it. */
  async #restart(shown: AccountId | undefined): Promise<void> {
    const before = this.#open();
    before.watching.abort();
    const opened = { ...before, shown, watching: new AbortController() };
    this.#opened = opened;
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

  /** An account was closed: another one is shown, if there is one. */
  async closed(): Promise<void> {
    await forgetAllSeen(this);
    await this.#restart(undefined);
  }

  /** Accounts that another device of this person has closed are not shown here either; a hospital that is down has it wait. */
  async learnClosed(): Promise<void> {
    const { person } = this.#open();
    let isAny = false;
    for (const { account: as } of openAccounts(person)) {
      const isClosed = await person.run(learnClosed, undefined, { as }).catch(() => false);
      isAny ||= isClosed;
    }
    if (isAny && this.isOpenAs(person)) await this.closed();
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
    const account = shownOf(opened);
    const card =
      account === undefined || account.card.length === 0 ? undefined : readCard(account.card).card;
    const hospitals = await Promise.all(
      openAccounts(person).map(async (it) => ({
        ...{ account: it.account, isShown: it.account === account?.account },
        title: await titleOf(it),
      })),
    );
    return {
      open: true,
      awaySinceMs,
      clockOffMs,
      walletId: wallet.id,
      isDemo: wallet.isDemo,
      name: card?.name ?? person.name,
      role: account?.role,
      hospital: hospitals.find((it) => it.isShown)?.title,
      account: account?.account,
      hospitals,
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
  async #watch(opened: Opened): Promise<void> {
    const { person, watching } = opened;
    const { signal } = watching;
    for (let waitMs = 1_000; !signal.aborted; waitMs = Math.min(60_000, waitMs * 2)) {
      try {
        const own = shownOf(opened);
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

/** Accounts of this person that are enrolled and not closed. */
export function openAccounts({ accounts, closedAccounts }: Person): readonly WalletAccount[] {
  return accounts.filter((it) => it.enrolled && !closedAccounts.has(it.account));
}

function shownOf({ person, shown }: Opened): WalletAccount | undefined {
  const open = openAccounts(person);
  return open.find((it) => it.account === shown) ?? open[0];
}

/** What the hospital of an account is called here. */
export async function titleOf({ organisation, organisationName }: WalletAccount): Promise<string> {
  const hospital = await hospitalOf(organisation).catch(() => undefined);
  return hospital?.title ?? organisationName;
}

/** What a wallet of this app is opened with: hospitals answer below the address that the app came from. */
export async function personOptions(walletId: string): Promise<PersonOptions> {
  const site = await siteOf();
  return {
    http: { fetch: reach.fetch },
    // The page's policy lets it reach the address that it came from, and no other.
    onlyGateways: true,
    items: indexedDbItemStore(walletId),
    gatewayUrlOf: ({ organisation, gatewayUrl }) =>
      site.hospitals.find((it) => it.account === organisation)?.url ?? gatewayUrl,
  };
}
