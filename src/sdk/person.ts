import type { Question } from '../api/ask.ts';
import type { Card } from '../api/card.ts';
import { type NetworkAnswer, networkGet } from '../api/routes/network-get.ts';
import type { BlockEvent } from '../api/tx.ts';
import type { KeptCopy } from '../api/wallet-copy.ts';
import { parseTrustRoot } from '../ledger/chain/trust-root.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId, TxId } from '../primitives/ids.ts';
import { sdkWings } from '../wings/sdk.ts';
import type { Action } from './action.ts';
import type { ReportAsked, Reporting, SignedReport } from './actions/access-report.ts';
import type { AddedFile } from './actions/add-file.ts';
import type { EnrolOptions } from './actions/enrol.ts';
import type { ErasedRecords } from './actions/erase.ts';
import type { FileInput } from './actions/file-source.ts';
import { freezeAccount } from './actions/freeze.ts';
import type { ExportedFile, GivenBack } from './actions/give-back.ts';
import { Inboxes } from './actions/inboxes.ts';
import type { Looked } from './actions/looks.ts';
import type { WalletPlace } from './actions/make-wallet.ts';
import type { MovedRecords } from './actions/move-records.ts';
import type { MyPatient } from './actions/my-patients.ts';
import type { NewCodeAt, WaitingCode } from './actions/new-code.ts';
import type { WrittenByOther } from './actions/new-in-chart.ts';
import type { NoteToWrite } from './actions/note-to-write.ts';
import type { Noticed } from './actions/noticed.ts';
import type * as own from './actions/own-records.ts';
import type { PatientIdentity } from './actions/patient-identity.ts';
import type * as shared from './actions/read-shared.ts';
import type { RecordLine, SharedLines } from './actions/record-lines.ts';
import type { CodeAtHospital, WalletToRecover } from './actions/recover.ts';
import { isTakingBack, resumeTakingBack, takeBackGrant, tryResume } from './actions/resume.ts';
import type { AddFileOptions } from './actions/seal-import.ts';
import type { Access, SharedListing } from './actions/shared-pages.ts';
import type { Synced } from './actions/sync.ts';
import { forgetUnwritten, type UnwrittenNote, unwrittenNotes } from './actions/unwritten-notes.ts';
import { watch } from './actions/watch.ts';
import type { WrittenRecords } from './actions/write-shared.ts';
import { Accounts } from './client/accounts.ts';
import type { LiveItem } from './client/check-rows.ts';
import type { Context, ContextOptions, WorkOptions } from './client/context.ts';
import type { WaitingAsk, WaitingMessage } from './client/receive-messages.ts';
import type { ConfirmedTx } from './client/send-tx.ts';
import type { DeviceAdding, DeviceJoining, OwnDevice, OwnDevices } from './devices/own-devices.ts';
import * as people from './grants/address-book.ts';
import { ask, askKind } from './grants/asking.ts';
import { type GivenGrant, grantAccess, owesKeys } from './grants/grant.ts';
import { heldGrant, letterKind, type ReceivedGrant, receivedGrants } from './grants/received.ts';
import { type ListedGrant, listGrants } from './grants/revoke.ts';
import type { UnlistedGrant } from './grants/unlisted.ts';
import { later } from './later.ts';
import type { VerifiedTip } from './ledger/verified-headers.ts';
import { closedAccounts } from './wallet/closing.ts';
import { codeCheckOf, formatCode, parseCode } from './wallet/code.ts';
import type { HeldImport, OwnGrant, WalletAccount } from './wallet/content.ts';
import { unlockersOf } from './wallet/file.ts';
import { type Passkey, type PasskeyAnswer, passkeysIn } from './wallet/passkey.ts';
import { checkOfPrinted, requirePrinted } from './wallet/printed.ts';
import type { WalletStore } from './wallet/store.ts';
import { Vault } from './wallet/vault.ts';
import { type WayIn, waysIn, withWay } from './wallet/ways-in.ts';
import { kindsOf, type SdkWing } from './wing.ts';

/** Which account acts, when the wallet holds several; the only one when it is not said. */
export interface AsAccount extends WorkOptions {
  readonly as?: AccountId | undefined;
}

/** A grant that was given, as the wallet knows it; whether it lives, the ledger says. */
export type GivenBefore = Pick<
  OwnGrant,
  'account' | 'consent' | 'grantee' | 'granteeName' | 'notAfterMs' | 'ended'
>;

/** What a device may have of its own; nothing is needed. */
export interface PersonOptions extends Omit<ContextOptions, 'pendingKinds'> {
  /** In place of the wings that this build has. */
  readonly wings?: readonly SdkWing[];
}

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
 * One file beyond the usual length, because it is the SDK's face, a comment and a line for each thing that can be done:
 * who uses it reads it from top to bottom.
 */
export class Person {
  readonly #vault: Vault;
  readonly #options: ContextOptions;
  readonly #accounts: Accounts;
  readonly #inboxes: Inboxes;
  readonly #reporting: readonly Reporting[];
  /** Only between making the wallet and enrolling: it is printed, never stored. */
  #code: Uint8Array | undefined;
  /** Parts that the copy of which this wallet came back did not have. */
  #missing = 0;

  private constructor(
    vault: Vault,
    { wings = sdkWings, ...options }: PersonOptions,
    code?: Uint8Array,
  ) {
    const { pendingKinds, messageKinds, halfKeepers } = kindsOf(wings, [letterKind, askKind]);
    this.#vault = vault;
    this.#options = { ...options, pendingKinds, halfKeepers };
    this.#accounts = new Accounts(vault, this.#options);
    this.#inboxes = new Inboxes(messageKinds);
    this.#reporting = wings.flatMap(({ name, reports = {} }) =>
      Object.entries(reports).map(([what, load]) => ({ wing: `${name}/${what}`, load })),
    );
    this.#code = code;
  }

  // The wallet

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
    return { person: new Person(vault, options, code), code: formatCode(code) };
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

  /** Passkeys by which the wallet opens on this device. */
  get passkeys(): readonly Passkey[] {
    return this.#vault.passkeys;
  }

  /** One more way into the wallet on this device; the copy does not hang on it. Throws PASSKEY_WRONG, WALLET_FULL. */
  addPasskey(made: Passkey & PasskeyAnswer): Promise<void> {
    return this.#vault.addPasskey(made);
  }

  /** Takes that way away. Whoever copied the file and has the passkey still opens the copied one. */
  removePasskey(credentialId: Uint8Array): Promise<void> {
    return this.#vault.removePasskey(credentialId);
  }

  /** The ways into this wallet and the day on which each last worked, on whichever device. */
  get waysIn(): readonly WayIn[] {
    return waysIn(this.#vault.content);
  }

  /** Writes down that a way worked now, for every device of this person to show. */
  async wayWorked(way: Omit<WayIn, 'workedMs'>): Promise<void> {
    const workedMs = (this.#options.now ?? Date.now)();
    await this.#vault.change((content) => withWay(content, { ...way, workedMs }));
  }

  /**
   * Tries the printed code: it is the one that counts now, and the day is written down. Throws RECOVERY_CODE_WRONG (not
   * this wallet's, or another took its place).
   */
  async tryPrintedCode(code: string): Promise<void> {
    const printed = parseCode(code);
    requirePrinted(this.#vault.content, printed);
    await this.wayWorked({ kind: 'sheet', id: codeCheckOf(printed) });
  }

  /** Of the printed code that counts now, what `waysIn` names it by; undefined: there is none. */
  get printedCheck(): Uint8Array | undefined {
    return checkOfPrinted(this.#vault.content);
  }

  /** What opens this wallet on this device without the passphrase: for who keeps it for minutes, and never in a file. */
  sessionRoot(): Uint8Array {
    return this.#vault.root();
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
    const person = new Person(vault, options, code);
    person.#missing = missing;
    await sealCopiesByCode(person.#enrolled(), code);
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

  /** As it was given when the wallet was made; other people see the name on the card. */
  get name(): string {
    return this.#vault.content.name;
  }

  /** Accounts that were closed; they stay among `accounts`. */
  get closedAccounts(): ReadonlySet<string> {
    return closedAccounts(this.#vault.content);
  }

  /** One for each hospital; `enrolled` false: begun and not confirmed. */
  get accounts(): readonly WalletAccount[] {
    return this.#vault.content.accounts;
  }

  /** Files that were imported; `anchored` false: not confirmed. */
  get imports(): readonly HeldImport[] {
    return this.#vault.content.imports;
  }

  /** Parts of the wallet on this device that cannot be read: they are kept, and what is in them is not shown. */
  get unreadableParts(): number {
    return this.#vault.unreadable + this.#missing;
  }

  /** Whether hospitals keep a copy of this wallet; false: of before, or without a printed code. */
  get hasCopy(): boolean {
    return this.#vault.content.codes.length > 0;
  }

  /** What is written down and not confirmed: `sync` repeats it. */
  get pendingCount(): number {
    return this.#vault.content.pending.length;
  }

  /**
   * Messages of a kind that this version does not know, as of the last `inbox` or `sync`. They stay at the
   * hospital; a newer version reads them.
   */
  get notUnderstoodCount(): number {
    return this.#inboxes.notUnderstood;
  }

  /**
   * Letters that hold and wait at the hospital, as of the last `inbox` or `sync`: of people who are not known here, or
   * who sent enough. `acceptLetters` takes them, `dropLetters` removes them.
   */
  get waitingLetters(): readonly WaitingMessage[] {
    return this.#inboxes.waiting;
  }

  /** Questions of others that wait for an answer, as of the last `inbox` or `sync`: the newest of each person. */
  get asks(): readonly WaitingAsk[] {
    return this.#inboxes.asks;
  }

  /** Messages at the hospital that no key of this wallet opens, as of the last `inbox` or `sync`. */
  get unreadableCount(): number {
    return this.#inboxes.unreadable;
  }

  /** The account that acts. Throws PERSON_NOT_ENROLLED, PERSON_UNKNOWN, USAGE (which of several?). */
  account(as?: AccountId): WalletAccount {
    return this.#accounts.acting(as);
  }

  /**
   * What the wallet believes of its ledger, for `checkReceipt` and for others to believe: JSON of `{chain,
   * genesisHash, height, headerHash, validatorsHash, witnesses}`. Throws as `account()`.
   */
  trustRootJson(as?: AccountId): string {
    const { chainId } = this.account(as);
    const held = this.#vault.content.trust.find((it) => it.chainId === chainId);
    if (held === undefined) throw new CodedError('WALLET_INVALID', { chainId });
    return held.rootJson;
  }

  /**
   * The ledger that the wallet believes, as twelve words to compare with those on a desk's sheet or with a
   * colleague's. Throws as `account()`, and GATEWAY_UNREACHABLE where the list of words cannot be loaded.
   */
  async trustWords(as?: AccountId): Promise<readonly string[]> {
    const json = this.trustRootJson(as);
    return (await later.trustWords()).wordsOfTrustRoot(json);
  }

  /**
   * Enrols at a hospital and returns the account there. Throws RECOVERY_CODE_WRONG (not this wallet's code, or
   * none where one is needed), INVITATION_INVALID, TRUST_ROOT_WRONG, ACCOUNT_EXISTS, CARD_INVALID, GATEWAY_LIED.
   */
  async enrol(options: EnrolOptions): Promise<WalletAccount> {
    const { code: printed, trustRootJson, withoutCopy } = options;
    const code = printed === undefined ? this.#code : parseCode(printed);
    if (code === undefined && withoutCopy !== true) throw new CodedError('RECOVERY_CODE_WRONG');
    const { enrol } = await later.enrol();
    return enrol(
      this.#vault,
      {
        ...options,
        code: withoutCopy === true ? undefined : code,
        trustRoot: trustRootJson === undefined ? undefined : parseTrustRoot(trustRootJson),
      },
      this.#options,
    );
  }

  /** Seals the wallet on this device anew; the copy hangs on the code alone. Throws PASSPHRASE_SHORT. */
  changePassphrase(passphrase: string): Promise<void> {
    return this.#vault.changePassphrase(passphrase);
  }

  /**
   * New keys; readers get theirs anew. With the code: also the way back from a freeze and from somebody else's
   * rotation, and what was granted at the height `endGrantsFrom` or later ends.
   * Throws RECOVERY_CODE_WRONG, RECOVERY_NEEDED (frozen, rotated today or too often, without the code), KEY_NOT_CURRENT (another code).
   */
  rotate(
    options: AsAccount & {
      readonly code?: string | undefined;
      readonly endGrantsFrom?: number | undefined;
    } = {},
  ): Promise<ConfirmedTx> {
    const code = options.code === undefined ? undefined : parseCode(options.code);
    return this.#run(options, async (ctx) =>
      (await later.rotate()).rotateKeys(ctx, { ...options, code }),
    );
  }

  /**
   * Stops this account at once, for a device that was stolen: nobody acts with its keys any more but to take grants
   * back. `rotate` with the printed code is the way back. Throws ACCOUNT_FROZEN (it is), KEY_NOT_CURRENT.
   */
  freeze(options: AsAccount = {}): Promise<ConfirmedTx> {
    return this.#run(options, (ctx) => freezeAccount(ctx, options));
  }

  /**
   * This person's devices, and when wrong digits were entered on any of them. A rotation leaves this one alone; the
   * others come back by being added.
   */
  async devices(): Promise<OwnDevices> {
    const { ownDevices } = await later.ownDevices();
    return ownDevices(this.#vault);
  }

  /**
   * Adds a device that has nothing yet: `onLink` shows it a link, `askDigits` asks for the digits that it shows. See
   * `Person.join` for the other side. Throws DEVICE_ADDING_STOPPED, DEVICE_DIGITS_WRONG, DEVICE_SESSION_OVER,
   * DEVICE_RELAY_LIED, DEVICE_TOO_MANY, DEVICE_ENDED.
   */
  addDevice(options: AsAccount & DeviceAdding): Promise<OwnDevice> {
    return this.#run(options, async (ctx) =>
      (await later.ownDevices()).addOwnDevice(ctx, this.#others(ctx), options),
    );
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

  /**
   * Another printed code, for the account `as` or for all. With the old one it counts at once and the keys are made
   * anew; without it after seven days, in which `stopNewCode` stops it. It is told before anything is sent.
   * Throws RECOVERY_CODE_WRONG, KEY_NOT_CURRENT (another code), RECOVERY_PENDING, RECOVERY_NEEDED (the keys are younger
   * than seven days).
   */
  newCode(
    options: AsAccount & {
      readonly oldCode?: string | undefined;
      readonly onCode: (code: string) => void | Promise<void>;
    },
  ): Promise<readonly NewCodeAt[]> {
    const { as, onCode, signal } = options;
    const oldCode = options.oldCode === undefined ? undefined : parseCode(options.oldCode);
    const contexts = as === undefined ? this.#enrolled() : [this.#accounts.context(as)];
    if (contexts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
    return later.newCode().then((it) => it.newCode(contexts, { oldCode, onCode, signal }));
  }

  /** A printed code that somebody made for this account and that waits; undefined: none does. */
  waitingCode(options: AsAccount = {}): Promise<WaitingCode | undefined> {
    return this.#run(options, async (ctx) =>
      (await later.newCode()).waitingCode(ctx, options.signal),
    );
  }

  /** Stops it, also on a device whose keys are old, or with the printed code of now. Throws RECOVERY_UNKNOWN. */
  stopNewCode(
    options: AsAccount & { readonly code?: string | undefined } = {},
  ): Promise<ConfirmedTx> {
    const code = options.code === undefined ? undefined : parseCode(options.code);
    return this.#run(options, async (ctx) =>
      (await later.newCode()).stopNewCode(ctx, { code, signal: options.signal }),
    );
  }

  /**
   * What a device does when it wakes: learns what this person's other devices did, repeats what was not
   * confirmed, fetches letters, and renews keys that are 90 days old. Returns the newest height it verified.
   */
  sync(options: AsAccount = {}): Promise<Synced> {
    return this.#run(options, async (ctx) => {
      const receive = () => this.#inboxes.receive(ctx, options);
      return (await later.sync()).syncAccount(ctx, receive, options);
    });
  }

  /**
   * Learns from the copy at the hospital what this person's other devices did, and brings it what this one did: what a
   * listing does first. Throws DEVICE_ENDED (the keys were changed on another device), WALLET_FULL, WALLET_CONFLICT.
   */
  catchUp(options: AsAccount = {}): Promise<void> {
    return this.#run(options, (ctx) => ctx.copies.keep(options.signal));
  }

  /** The newest block that this account's hospital shows, verified: the clock that the ledger's rules know. */
  newestBlock(options: AsAccount = {}): Promise<VerifiedTip> {
    return this.#run(options, (ctx) => ctx.ledger.headers.latest(options.signal));
  }

  /** Runs what a wing declares; returns and throws what its action says. */
  run<Input, Output>(
    action: Action<Input, Output>,
    input: Input,
    options: AsAccount = {},
  ): Promise<Output> {
    return this.#run(options, (ctx) => action.run(ctx, input, options));
  }

  // People

  /** This person's own card, to give to others. Throws as `account()`. */
  card(as?: AccountId): Uint8Array {
    return this.account(as).card;
  }

  /** Keeps somebody's card under a nickname, once it is proven; returns what it says. Throws CARD_INVALID. */
  addCard(
    card: Uint8Array,
    options: AsAccount & { readonly nickname?: string } = {},
  ): Promise<Card> {
    return this.#run(options, (ctx) => people.keepCard(ctx, card, options));
  }

  /**
   * A colleague's card from the hospital's directory, proven; patients are not in it.
   * Throws NOT_FOUND, CARD_INVALID.
   */
  findCard(account: AccountId, options: AsAccount = {}): Promise<Card> {
    return this.#run(options, (ctx) => people.fetchCard(ctx, account, options));
  }

  /**
   * Colleagues who carry this whole name, from the hospital's directory, proven; `addCard` keeps one. Throws
   * CARD_INVALID.
   */
  findCards(name: string, options: AsAccount = {}): Promise<readonly people.FoundCard[]> {
    return this.#run(options, (ctx) => people.fetchCardsOf(ctx, name, options));
  }

  /** Everybody whose card the wallet holds. */
  get cards(): readonly people.KnownPerson[] {
    return people.knownPeople(this.#vault.content);
  }

  /** An account by its id, or by the nickname or the name of a card. Throws PERSON_UNKNOWN (none, or several). */
  findPerson(who: string): { readonly account: AccountId; readonly name: string } {
    return people.findPerson(this.#vault.content, who);
  }

  // One's own records

  /**
   * Imports a file: cut into items, sealed here, stored, anchored. Returns what was added; a file that was imported
   * before adds nothing. Throws FILE_EMPTY, FILE_TOO_LARGE, FILE_UNREADABLE; of FHIR files JSON_INVALID,
   * JSON_DUPLICATE_KEY, BUNDLE_TOO_LARGE, BUNDLE_TOO_DEEP, BUNDLE_TOO_MANY, BUNDLE_DUPLICATE_ID, RESOURCE_TYPE,
   * RESOURCE_INVALID; and EPOCH_NONE, KEY_NOT_HERE, QUOTA_EXCEEDED.
   */
  addFile(file: FileInput, options: AsAccount & AddFileOptions = {}): Promise<AddedFile> {
    return this.#run(options, async (ctx) => (await later.addFile()).addFile(ctx, file, options));
  }

  /** What there is, oldest first, anchored above the height `since`: nothing is opened, nothing is logged. */
  listRecords(
    options: AsAccount & { readonly since?: number } = {},
  ): Promise<readonly own.ListedRecord[]> {
    return this.#run(options, async (ctx) => (await later.ownRecords()).listRecords(ctx, options));
  }

  /** What others wrote into this chart since this device last told it; with `isTold` it is told now. */
  newInChart(
    options: AsAccount & { readonly isTold?: boolean } = {},
  ): Promise<readonly WrittenByOther[]> {
    return this.#run(options, async (ctx) => (await later.newInChart()).newInChart(ctx, options));
  }

  /**
   * The same in one line each, imports' bookkeeping left out: name, date, value, marks. No body is fetched but once of each
   * that somebody else wrote or that was moved here: what it amends stands inside.
   */
  recordLines(options: AsAccount = {}): Promise<readonly RecordLine[]> {
    return this.#run(options, async (ctx) => (await later.recordLines()).ownLines(ctx, options));
  }

  /** What the hospital leaves out of the listing, as far as that can be known; empty: nothing is missing. */
  missingRecords(options: AsAccount = {}): Promise<readonly own.MissingRecords[]> {
    return this.#run(options, async (ctx) =>
      (await later.ownRecords()).missingRecords(ctx, options),
    );
  }

  /** One record, opened. Throws RECORD_UNKNOWN, RECORD_ERASED, KEY_NOT_HERE, BLOB_CORRUPT, ITEM_FORGED. */
  openRecord(recordId: RecordId, options: AsAccount = {}): Promise<own.OpenedRecord> {
    return this.#run(options, async (ctx) =>
      (await later.ownRecords()).openRecord(ctx, recordId, options),
    );
  }

  /** Several, in the order they were asked for. Throws as `openRecord`, at the first that does not open. */
  openRecords(
    recordIds: readonly RecordId[],
    options: AsAccount = {},
  ): Promise<readonly own.OpenedRecord[]> {
    return this.#run(options, async (ctx) =>
      (await later.ownRecords()).openRecords(ctx, recordIds, options),
    );
  }

  /** All versions of a record, newest first, whichever is named; erased ones are left out. Throws as `openRecord`. */
  history(recordId: RecordId, options: AsAccount = {}): Promise<readonly own.OpenedRecord[]> {
    return this.#run(options, async (ctx) =>
      (await later.ownHistory()).historyOfRecord(ctx, recordId, options),
    );
  }

  /** An imported file, byte for byte. Throws IMPORT_UNKNOWN, EXPORT_INCOMPLETE (a part was erased). */
  exportImport(importId: RecordId, options: AsAccount = {}): Promise<ExportedFile> {
    return this.#run(options, async (ctx) =>
      (await later.giveBack()).exportImport(ctx, importId, options),
    );
  }

  /**
   * Everything of a chart: imported files byte for byte, then what no file gave back, one after the other, and what does
   * not open. Throws KEY_NOT_HERE, and what `keep` throws.
   */
  exportAll(keep: (file: GivenBack) => Promise<void>, options: AsAccount = {}): Promise<void> {
    return this.#run(options, async (ctx) =>
      (await later.giveBack()).exportAll(ctx, keep, options),
    );
  }

  /**
   * Erases records for good: returns their holder's signed words, one for each. What readers copied stays.
   * Throws RECORD_UNKNOWN, SIGNATURE_WRONG.
   */
  erase(recordIds: readonly RecordId[], options: AsAccount = {}): Promise<ErasedRecords> {
    return this.#run(options, async (ctx) =>
      (await later.erase()).eraseRecords(ctx, recordIds, options),
    );
  }

  /**
   * Moves this account's records to another account of this person, whole: who reads them there sees who wrote them and
   * where they lay. It goes on where it stopped; nothing of the old chart is erased. Throws REQUEST_INVALID (two
   * ledgers, or no two charts), and as `addFile` and `openRecord`.
   */
  moveRecords(
    options: AsAccount & { readonly to: AccountId; readonly dryRun?: boolean | undefined },
  ): Promise<MovedRecords> {
    return this.#run({ as: options.to }, (to) =>
      this.#run(options, async (from) =>
        (await later.moveRecords()).moveRecords(from, to, options),
      ),
    );
  }

  // Grants given

  /**
   * Lets somebody read, or write, until a time. Throws PERSON_UNKNOWN, ACCOUNT_UNKNOWN, GRANTEE_ROLE,
   * CONSENT_TIMES, NOT_AFTER_FAR, GRANT_TOO_LARGE, ACCOUNT_FROZEN.
   */
  grant(request: people.GrantRequest, options: AsAccount = {}): Promise<GivenGrant> {
    return this.#run(options, async (ctx) => {
      const terms = people.termsOf(this.#vault.content, request);
      await tryResume(ctx, options);
      const given = await grantAccess(ctx, terms, options);
      // What he asked is answered; where the hospital does not let it go now, it stays to be seen.
      await this.#inboxes.dropAsks(ctx, terms.grantee, options).catch(() => 0);
      return given;
    });
  }

  /** Many grants with one KeySet for all of them. Throws as `grant`; what was confirmed by then stands. */
  grantMany(
    requests: readonly people.GrantRequest[],
    options: AsAccount = {},
  ): Promise<readonly OwnGrant[]> {
    return this.#run(options, async (ctx) => {
      const terms = requests.map((request) => people.termsOf(this.#vault.content, request));
      await tryResume(ctx, options);
      return (await later.grantMany()).grantMany(ctx, terms, options);
    });
  }

  /** What the wallet itself knows of the grants it gave, without asking anybody: enough to take one back. */
  get givenGrants(): readonly GivenBefore[] {
    return this.#vault.content.grants.map((it) => {
      const { account, consent, grantee, granteeName, notAfterMs, ended } = it;
      return { account, consent, grantee, granteeName, notAfterMs, ended };
    });
  }

  /** The grants that were given, each with its state and the looks that the ledger counts. */
  grants(options: AsAccount = {}): Promise<readonly ListedGrant[]> {
    return this.#run(options, (ctx) => listGrants(ctx, options));
  }

  /**
   * Live grants of this account that the wallet does not know: of another device, whose copy did not come. `revoke` ends
   * them by their id.
   */
  unlistedGrants(options: AsAccount = {}): Promise<readonly UnlistedGrant[]> {
    return this.#run(options, async (ctx) => (await later.unlisted()).unlistedGrants(ctx, options));
  }

  /** Takes a grant back: he holds no key of what is written from now on. Throws CONSENT_UNKNOWN, CONSENT_ENDED. */
  revoke(consent: ConsentId, options: AsAccount = {}): Promise<ConfirmedTx> {
    return this.#run(options, (ctx) => takeBackGrant(ctx, consent, options));
  }

  /** Whether something was taken back that the ledger does not prove to have ended. */
  get isTakingBack(): boolean {
    return this.#owing().length > 0;
  }

  /** Whether somebody was taken back without new keys: `sync`, and whatever writes, makes them first. */
  get owesKeys(): boolean {
    return this.accounts.some((it) => owesKeys(this.#vault.content, it.account));
  }

  /**
   * Takes back, at every account, what was taken back and could not be sent: every program that holds this wallet
   * open does so, when it begins and while it runs. What still cannot be done stays written down.
   */
  async takeBack({ signal }: WorkOptions = {}): Promise<void> {
    for (const { account } of this.#owing()) {
      await this.#run({ as: account.account }, (ctx) => resumeTakingBack(ctx, { signal }));
    }
  }

  /**
   * Who looked at this person's records, who was refused, and what was erased, each checked once; a notice that
   * does not verify is `doubtful`, and `withheld` names grants of which the ledger counts more looks than are shown.
   */
  looked(options: AsAccount = {}): Promise<Looked> {
    return this.#run(options, async (ctx) => (await later.looks()).looked(ctx, options));
  }

  /**
   * Everything that was done with this account's record in a time, as it is known now, signed: of three years unless said. What a
   * wing could not be asked is in `missing`.
   */
  accessReport(asked: ReportAsked, options: AsAccount = {}): Promise<SignedReport> {
    const parts = this.#reporting;
    return this.#run(options, async (ctx) =>
      (await later.accessReport()).accessReport(ctx, { ...asked, parts }, options),
    );
  }

  /** The receipt of a notice that `looked` gave. Throws NOT_FOUND: it is not anchored yet, or left the inbox. */
  receiptOfNotice(notice: Noticed, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#run(options, async (ctx) =>
      (await later.looks()).receiptOfNotice(ctx, notice, options),
    );
  }

  // Grants received

  /** Fetches new messages, and lists every grant this person holds. */
  inbox(options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.#run(options, async (ctx) => {
      await this.#inboxes.receive(ctx, options);
      return receivedGrants(ctx, options);
    });
  }

  /** `inbox`, and with it the letters of this account that wait: from then on its person is known here. */
  acceptLetters(from: AccountId, options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.#run(options, async (ctx) => {
      await this.#inboxes.receive(ctx, { ...options, accept: new Set([from]) });
      return receivedGrants(ctx, options);
    });
  }

  /** Removes the letters of this account that wait; of nobody: the messages that do not open. Returns how many. */
  dropLetters(from: AccountId | undefined, options: AsAccount = {}): Promise<number> {
    return this.#run(options, (ctx) => this.#inboxes.dropLetters(ctx, from, options));
  }

  /**
   * Asks somebody to be granted something, or who he is, or says who this person is; he sees it with this person's card
   * at his next `inbox`. Throws ACCOUNT_UNKNOWN.
   */
  ask(to: AccountId, question: Question, options: AsAccount = {}): Promise<void> {
    return this.#run(options, (ctx) => ask(ctx, to, question, options));
  }

  /** Lets go what this account asked, answered or not: he is not told. Returns how many. */
  dropAsks(from: AccountId, options: AsAccount = {}): Promise<number> {
    return this.#run(options, async (ctx) => {
      await this.#inboxes.receive(ctx, options);
      return this.#inboxes.dropAsks(ctx, from, options);
    });
  }

  /** Every grant this person holds, with what the ledger says about each now; the inbox is not asked. */
  received(options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.#run(options, (ctx) => receivedGrants(ctx, options));
  }

  /** Who granted this person something that lives, until when, and what is new; fetches letters first. */
  patients(options: AsAccount = {}): Promise<readonly MyPatient[]> {
    return this.#run(options, async (ctx) => {
      await this.#inboxes.receive(ctx, options);
      return (await later.myPatients()).myPatients(ctx, options);
    });
  }

  /**
   * Who the patient of a grant is, by her own chart: as this device read it before, or, with `look`, as it reads it now
   * under the grant. Undefined: not known. Throws as `readShared`.
   */
  patientIdentity(
    consent: ConsentId,
    options: AsAccount & { readonly look?: boolean } = {},
  ): Promise<PatientIdentity | undefined> {
    return this.#run(options, async (ctx) => {
      const { knownIdentity, readIdentity } = await later.patientIdentity();
      return options.look === true
        ? readIdentity(ctx, consent, options)
        : knownIdentity(ctx, consent);
    });
  }

  /** What there is under a grant, unopened: a look like any other. Throws as `readShared`. */
  listShared(
    consent: ConsentId,
    options: AsAccount & shared.ReadOptions = {},
  ): Promise<SharedListing> {
    return this.#run(options, async (ctx) =>
      (await later.sharedPages()).requestRows(ctx, heldGrant(ctx, consent), options),
    );
  }

  /** What there is under a grant, in one line each, without its bodies: one look. Throws as `readShared`. */
  sharedLines(
    consent: ConsentId,
    options: AsAccount & shared.ReadOptions = {},
  ): Promise<SharedLines> {
    return this.#run(options, async (ctx) =>
      (await later.recordLines()).sharedLines(ctx, consent, options),
    );
  }

  /**
   * Reads under a grant: the look stands on the ledger before anything comes back. Throws NOT_SHARED,
   * PURPOSE_NOT_GRANTED, CONSENT_ENDED, CONSENT_NOT_LIVE, REQUEST_STALE (the device's clock), KEY_NOT_HERE.
   */
  readShared(
    consent: ConsentId,
    options: AsAccount & shared.ReadOptions = {},
  ): Promise<shared.SharedRead> {
    return this.#run(options, async (ctx) =>
      (await later.readShared()).readShared(ctx, consent, options),
    );
  }

  /**
   * Writes under a grant with write classes; notes of class `diagnosis` are anchored on Docchain, and stand alone.
   * Throws NOT_SHARED, CONSENT_CANNOT_WRITE, CLASS_NOT_GRANTED, CONSENT_ENDED, EPOCH_NONE, REQUEST_INVALID;
   * WRITE_KEY_ENDED: keys were changed, and with `kept` true the notes are written once the new write key has come.
   */
  write(
    consent: ConsentId,
    notes: readonly NoteToWrite[],
    options: AsAccount = {},
  ): Promise<WrittenRecords> {
    return this.#run(options, async (ctx) =>
      (await later.writeShared()).writeShared(ctx, consent, notes, options),
    );
  }

  /** Notes that wait for a new write key of their grant: `inbox` and `sync` write them when it has come. */
  get unwritten(): readonly UnwrittenNote[] {
    return unwrittenNotes(this.#vault.content);
  }

  /** Lets notes of this account go that wait for a new write key: of a grant that has ended, say. */
  dropUnwritten(recordIds: readonly RecordId[], options: AsAccount = {}): Promise<void> {
    return this.#run(options, (ctx) =>
      forgetUnwritten(
        ctx,
        recordIds.map((recordId) => ({ recordId })),
      ),
    );
  }

  /** `write` of one note of class `diagnosis`. */
  diagnose(
    consent: ConsentId,
    note: Omit<NoteToWrite, 'recordClass'>,
    options: AsAccount = {},
  ): Promise<WrittenRecords> {
    return this.write(consent, [{ ...note, recordClass: 'diagnosis' }], options);
  }

  // Receipts: bytes that anybody checks offline with `checkReceipt`

  /** Of a transaction. Throws TX_UNKNOWN. */
  receiptOf(txId: TxId, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#run(options, async (ctx) =>
      (await later.fetchReceipt()).receiptOfTx(ctx, txId, options),
    );
  }

  /** Of one own record by its id, or of a record that was read, by its row. Throws RECORD_UNKNOWN. */
  receiptOfRecord(record: RecordId | LiveItem, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#run(options, async (ctx) =>
      (await later.fetchReceipt()).receiptOfRecord(ctx, record, options),
    );
  }

  /**
   * A receipt with the cards of those whom it names and the hospitals' names, each proven: for somebody who knows
   * nobody in it (`checkReceiptFile`). Whoever gets it learns those names.
   */
  bundleOf(receipt: Uint8Array, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#run(options, async (ctx) =>
      (await later.makeBundle()).bundleOf(ctx, receipt, options),
    );
  }

  /** Of one's own look, opened by the signed request. */
  receiptOfAccess(access: Access, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#run(options, async (ctx) =>
      (await later.readShared()).receiptOfAccess(ctx, access, options),
    );
  }

  /** How this person's hospital is, for an operator of it. Throws FORBIDDEN to everybody else. */
  network(options: AsAccount = {}): Promise<NetworkAnswer> {
    return this.#run(options, (ctx) => ctx.gateway.call(networkGet, { signal: options.signal }));
  }

  /** Blocks as they are committed, until the signal: hints to look, not proofs. Throws as `account()`. */
  watch(options: {
    readonly as?: AccountId | undefined;
    readonly signal: AbortSignal;
    readonly since?: number;
  }): AsyncGenerator<BlockEvent, void, undefined> {
    return watch(this.#accounts.context(options.as), options);
  }

  /** One for each hospital at which this person is. */
  #enrolled(): readonly Context[] {
    return this.accounts
      .filter((it) => it.enrolled)
      .map((it) => this.#accounts.context(it.account));
  }

  #others({ account }: Context): readonly Context[] {
    return this.#enrolled().filter((it) => it.account.account !== account.account);
  }

  /** Accounts with something that is still to be taken back. */
  #owing(): readonly Context[] {
    return this.#enrolled().filter(isTakingBack);
  }

  #run<T>({ as }: AsAccount, work: (ctx: Context) => Promise<T>): Promise<T> {
    return this.#accounts.run(as, work);
  }
}
