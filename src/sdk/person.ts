import type { KeptCopy } from '../api/wallet-copy.ts';
import { sdkWings } from '../wings/sdk.ts';
import type { WalletPlace } from './actions/make-wallet.ts';
import type { CodeAtHospital, WalletToRecover } from './actions/recover.ts';
import type { DeviceJoining } from './devices/own-devices.ts';
import { later } from './later.ts';
import type { Opened, PersonOptions } from './person/acting.ts';
import { LooksAndReceipts } from './person/looks-and-receipts.ts';
import { formatCode } from './wallet/code.ts';
import { unlockersOf } from './wallet/file.ts';
import { type Passkey, type PasskeyAnswer, passkeysIn } from './wallet/passkey.ts';
import type { WalletStore } from './wallet/store.ts';
import { Vault } from './wallet/vault.ts';

/**
 * A person with an unlocked wallet: everything that the command line and the web page do, they do through
 * this. Every method verifies what it is told and throws coded errors (`CodedError`) alone; how it is done stands in
 * `actions/`.
 *
 * What takes `as` runs as one account at its hospital, and throws beside its own codes: which account, as
 * `account()` does; INTERRUPTED at its signal; what the hospital or the ledger refuses, REFUSAL_UNKNOWN when this
 * version is too old to say why; GATEWAY_UNREACHABLE, RATE_LIMITED, LEDGER_STALLED (try later);
 * and of kind `verification`, with the hospital in `details.servedBy`, what does not verify: GATEWAY_LIED,
 * PROOF_INVALID, HEADER_INVALID, LEDGER_FORKED, LEDGER_OLD, RECEIPT_INVALID.
 *
 * What sends a transaction resolves once its receipt is verified. At COMMIT_TIMEOUT it may still be taken: it stays
 * written down, and `sync` repeats it.
 *
 * What can be done stands in `person/`, a file for what it is about: the wallet (`own-wallet`), accounts, keys and devices (`own-account`),
 * cards (`known-people`), letters and questions (`letters`), one's own chart (`own-records`), grants given and received
 * (`given-grants`, `received-grants`), looks and receipts (`looks-and-receipts`). Here is how a person comes to be.
 */
export class Person extends LooksAndReceipts {
  private constructor(
    vault: Vault,
    { wings = sdkWings, ...options }: PersonOptions,
    opened?: Opened,
  ) {
    super(vault, { ...options, wings }, opened);
  }

  /**
   * A new wallet in this store, and the code to print: with it and nothing else the wallet comes back when this
   * device is lost. Throws PASSPHRASE_SHORT, WALLET_EXISTS, and what the store throws.
   */
  static async create(
    wallet: WalletPlace & { readonly name: string },
    options: PersonOptions = {},
  ): Promise<{ readonly person: Person; readonly code: string }> {
    const { makeWallet } = await later.makeWallet();
    const { vault, code } = await makeWallet(wallet, (options.now ?? Date.now)());
    return { person: new Person(vault, options, { code }), code: formatCode(code) };
  }

  /** The wallet in this store, unlocked. Throws WALLET_UNKNOWN, WALLET_INVALID, WALLET_KDF, PASSPHRASE_WRONG. */
  static async open(wallet: WalletPlace, options: PersonOptions = {}): Promise<Person> {
    return new Person(await Vault.open(wallet.store, wallet.passphrase), options);
  }

  /**
   * The wallet in this store, by the root that `sessionRoot` gave: no passphrase is stretched. Throws WALLET_UNKNOWN,
   * WALLET_INVALID (another root, a file of before, or damaged).
   */
  static async openByRoot(
    wallet: Pick<WalletPlace, 'store'> & { readonly root: Uint8Array },
    options: PersonOptions = {},
  ): Promise<Person> {
    return new Person(await Vault.openByRoot(wallet.store, wallet.root), options);
  }

  /** The passkeys by which the wallet in this store opens; nothing needs to be unlocked. Throws WALLET_INVALID. */
  static async passkeysOf(store: WalletStore): Promise<readonly Passkey[]> {
    const file = await store.load();
    return file === undefined ? [] : passkeysIn(unlockersOf(file));
  }

  /** The wallet in this store, by what an authenticator gave. Throws WALLET_UNKNOWN, WALLET_INVALID, PASSKEY_WRONG. */
  static async openByPasskey(
    wallet: Pick<WalletPlace, 'store'> & { readonly answer: PasskeyAnswer },
    options: PersonOptions = {},
  ): Promise<Person> {
    return new Person(await Vault.openByPasskey(wallet.store, wallet.answer), options);
  }

  /**
   * The wallet from its copy at the hospital, put into this store, which is a device of its own from then on; `sync`
   * then learns what happened since. Throws RECOVERY_CODE_WRONG, COPY_NONE, COPY_FORGED (not by a device of the
   * owner; try another), PASSPHRASE_SHORT, WALLET_EXISTS, NAME_INVALID, GATEWAY_UNREACHABLE.
   */
  static async recover(wallet: WalletToRecover, options: PersonOptions = {}): Promise<Person> {
    const now = options.now ?? Date.now;
    const { recoverWallet, sealCopiesByCode } = await later.recover();
    const { vault, code, missing } = await recoverWallet(wallet, options.http, now);
    const person = new Person(vault, options, { code, missing });
    await sealCopiesByCode(person.enrolled(), code);
    return person;
  }

  /**
   * Which copies a hospital keeps for a printed code, the newest first: where somebody else wrote the newest ones, an
   * older one is the wallet. Throws RECOVERY_CODE_WRONG, GATEWAY_UNREACHABLE.
   */
  static async keptCopies(
    asked: CodeAtHospital,
    options: PersonOptions = {},
  ): Promise<readonly KeptCopy[]> {
    const { keptCopies } = await later.recover();
    return keptCopies(asked, options.http, options.now ?? Date.now);
  }

  /**
   * The wallet that another device of the person hands over, put into this store; `sync` then fetches the rest.
   * Throws DEVICE_LINK_INVALID, NAME_INVALID, DEVICE_SESSION_OVER, DEVICE_RELAY_LIED, DEVICE_NOT_CONFIRMED,
   * PASSPHRASE_SHORT, WALLET_EXISTS.
   */
  static async join(joining: DeviceJoining, options: PersonOptions = {}): Promise<Person> {
    const { joinOwnDevice } = await later.ownDevices();
    const { vault } = await joinOwnDevice(joining, options);
    return new Person(vault, options);
  }
}
