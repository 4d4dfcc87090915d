import type { Card } from '../api/card.ts';
import { bytesOfText } from '../api/message-parts.ts';
import { cardGet } from '../api/routes/card-get.ts';
import { whoGet } from '../api/routes/who-get.ts';
import type { BlockEvent } from '../api/tx.ts';
import { randomBytes } from '../crypto/random.ts';
import { parseTrustRoot } from '../ledger/chain/trust-root.ts';
import type { Role } from '../ledger/roles.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import {
  type AccountId,
  type ConsentId,
  parseAccountId,
  type RecordId,
  type TxId,
} from '../primitives/ids.ts';
import {
  type AddedFile,
  type AddFileOptions,
  addFile,
  type FileInput,
} from './actions/add-file.ts';
import { enrol, newRoot } from './actions/enrol.ts';
import { type ErasedRecords, eraseRecords } from './actions/erase.ts';
import { type Looked, looked } from './actions/looks.ts';
import {
  type ExportedFile,
  exportImport,
  historyOfRecord,
  type ListedRecord,
  listRecords,
  type MissingRecords,
  missingRecords,
  type OpenedRecord,
  openRecord,
  openRecords,
} from './actions/own-records.ts';
import {
  type Access,
  type ReadOptions,
  readShared,
  receiptOfAccess,
  requestRows,
  type SharedListing,
  type SharedRead,
} from './actions/read-shared.ts';
import { receiptOfItem, receiptOfTx } from './actions/receipts.ts';
import { type Resumed, resume, tryResume } from './actions/resume.ts';
import { rotateKeys } from './actions/rotate.ts';
import { watch } from './actions/watch.ts';
import { type NoteToWrite, type WrittenRecords, writeShared } from './actions/write-shared.ts';
import type { LiveItem } from './client/check-rows.ts';
import { Context, type ContextOptions, type WorkOptions } from './client/context.ts';
import { GatewayClient } from './client/gateway-client.ts';
import { Http } from './client/http.ts';
import type { ConfirmedTx } from './client/send-tx.ts';
import { checkCard, readCard } from './grants/card.ts';
import { type GivenGrant, type GrantTerms, grantAccess, renewKeys } from './grants/grant.ts';
import { grantMany } from './grants/grant-many.ts';
import { fetchLetters, heldGrant, type ReceivedGrant, receivedGrants } from './grants/received.ts';
import { type ListedGrant, listGrants, revokeAccess } from './grants/revoke.ts';
import { epochHabitMs } from './keys/schedule.ts';
import { formatCode, parseCode } from './wallet/code.ts';
import {
  emptyWallet,
  type HeldImport,
  type OwnGrant,
  type WalletAccount,
} from './wallet/content.ts';
import { copyKeyOf, copyLocatorOf, openCopy } from './wallet/copy.ts';
import type { WalletStore } from './wallet/store.ts';
import { Vault } from './wallet/vault.ts';

/** Which account acts, when the wallet holds several; the only one when it is not said. */
export interface AsAccount extends WorkOptions {
  readonly as?: AccountId | undefined;
}

export interface EnrolOptions {
  readonly gatewayUrl: string;
  readonly invitation: string;
  readonly role: Role;
  /** The wallet's name when it is not said. */
  readonly name?: string | undefined;
  readonly licence?: string | undefined;
  /** As printed; not needed by the `Person` that made the wallet. */
  readonly code?: string | undefined;
  /** Neither copy nor way back: for devices and servers. */
  readonly withoutCopy?: boolean;
  readonly trustRootJson?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** As many headers does a wallet that wakes look at one by one: three days of an idle ledger. */
const maxWalk = 1_000;

export type GrantRequest = Omit<GrantTerms, 'grantee' | 'granteeName'> & {
  /** An account, or the nickname of somebody whose card the wallet holds. */
  readonly grantee: string;
};

/**
 * A person with an unlocked wallet: everything that the command line and the web page do, they do through
 * this. Every method verifies what it is told, stops at its signal (INTERRUPTED) and throws coded errors.
 */
export class Person {
  readonly #vault: Vault;
  readonly #options: ContextOptions;
  readonly #contexts = new Map<AccountId, Context>();
  /** Only between making the wallet and enrolling: it is printed, never stored. */
  #code: Uint8Array | undefined;

  private constructor(vault: Vault, options: ContextOptions, code?: Uint8Array) {
    this.#vault = vault;
    this.#options = options;
    this.#code = code;
  }

  /**
   * A new wallet, and the code to print: with it and nothing else the wallet comes back when this device is
   * lost. Throws PASSPHRASE_SHORT, WALLET_EXISTS.
   */
  static async create(
    wallet: { readonly store: WalletStore; readonly passphrase: string; readonly name: string },
    options: ContextOptions = {},
  ): Promise<{ readonly person: Person; readonly code: string }> {
    const code = randomBytes(20);
    const nowMs = (options.now ?? Date.now)();
    const content = {
      ...emptyWallet(wallet.name),
      copyKey: copyKeyOf(code),
      roots: [newRoot(nowMs)],
    };
    const vault = await Vault.create(wallet.store, wallet.passphrase, content);
    return { person: new Person(vault, options, code), code: formatCode(code) };
  }

  /** Throws WALLET_UNKNOWN, WALLET_INVALID, WALLET_KDF, PASSPHRASE_WRONG. */
  static async open(
    wallet: { readonly store: WalletStore; readonly passphrase: string },
    options: ContextOptions = {},
  ): Promise<Person> {
    return new Person(await Vault.open(wallet.store, wallet.passphrase), options);
  }

  /**
   * The wallet from its copy at the hospital. Throws RECOVERY_CODE_WRONG, RATE_LIMITED, PASSPHRASE_SHORT,
   * WALLET_EXISTS.
   */
  static async recover(
    wallet: {
      readonly store: WalletStore;
      readonly passphrase: string;
      readonly code: string;
      readonly gatewayUrl: string;
      readonly signal?: AbortSignal;
    },
    options: ContextOptions = {},
  ): Promise<Person> {
    const code = parseCode(wallet.code);
    const gateway = new GatewayClient(new Http(wallet.gatewayUrl, options.http));
    const { organisation } = await gateway.call(whoGet, { signal: wallet.signal });
    const copy = await gateway.getCopy(copyLocatorOf(code, organisation), wallet.signal);
    if (copy === undefined) throw new CodedError('RECOVERY_CODE_WRONG');
    const content = await openCopy(copyKeyOf(code), copy.sealed);
    const vault = await Vault.create(wallet.store, wallet.passphrase, content);
    return new Person(vault, options, code);
  }

  get name(): string {
    return this.#vault.content.name;
  }

  get accounts(): readonly WalletAccount[] {
    return this.#vault.content.accounts;
  }

  /** Files that were imported; `anchored` false: not confirmed. */
  get imports(): readonly HeldImport[] {
    return this.#vault.content.imports;
  }

  /** What is written down and not confirmed: `sync` repeats it. */
  get pendingCount(): number {
    return this.#vault.content.pending.length;
  }

  /** The account that acts. Throws PERSON_NOT_ENROLLED, PERSON_UNKNOWN, USAGE (which of several?). */
  account(as?: AccountId): WalletAccount {
    const enrolled = this.accounts.filter((it) => it.enrolled);
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

  /** JSON of `{chain, genesisHash, height, headerHash, validatorsHash, witnesses}`. */
  trustRootJson(as?: AccountId): string {
    const { chainId } = this.account(as);
    const held = this.#vault.content.trust.find((it) => it.chainId === chainId);
    if (held === undefined) throw new CodedError('WALLET_INVALID', { chainId });
    return held.rootJson;
  }

  async enrol(options: EnrolOptions): Promise<WalletAccount> {
    const { code: printed, trustRootJson, withoutCopy } = options;
    const code = printed === undefined ? this.#code : parseCode(printed);
    if (code === undefined && withoutCopy !== true) throw new CodedError('RECOVERY_CODE_WRONG');
    return enrol(
      this.#vault,
      {
        ...options,
        name: options.name ?? this.name,
        code: withoutCopy === true ? undefined : code,
        trustRoot: trustRootJson === undefined ? undefined : parseTrustRoot(trustRootJson),
      },
      this.#options,
    );
  }

  changePassphrase(passphrase: string): Promise<void> {
    return this.#vault.changePassphrase(passphrase);
  }

  /** New keys. With the code: also the way back from a freeze. */
  rotate(options: AsAccount & { readonly code?: string | undefined } = {}): Promise<ConfirmedTx> {
    const code = options.code === undefined ? undefined : parseCode(options.code);
    return this.#work(options, (ctx) => rotateKeys(ctx, { ...options, code }));
  }

  /**
   * What a device does when it wakes: learns what this person's other devices did, repeats what was not
   * confirmed, fetches letters, and renews keys that are 90 days old.
   */
  sync(options: AsAccount = {}): Promise<{
    readonly height: number;
    readonly timeMs: number;
    readonly resumed: readonly Resumed[];
  }> {
    return this.#work(options, async (ctx) => {
      const before = ctx.ledger.tip.height;
      const { height, timeMs } = await ctx.ledger.headers.latest(options.signal);
      if (height - before <= maxWalk)
        await ctx.ledger.headers.requireLinked(before, height, options.signal);
      await ctx.writeDown((content) => content);
      const resumed = await resume(ctx, options);
      await fetchLetters(ctx, options);
      if (ctx.account.role === 'patient') await this.#renewOldKeys(ctx, options);
      return { height, timeMs, resumed };
    });
  }

  async #renewOldKeys(ctx: Context, options: WorkOptions): Promise<void> {
    const row = await ctx.ledger.knownAccount(ctx.account.account, options.signal);
    const running = row.schedule.findLast((it) => it.validFromMs <= ctx.nowMs());
    const isOld = running === undefined || running.validFromMs + epochHabitMs <= ctx.nowMs();
    if (isOld && !row.frozen) await renewKeys(ctx, options);
  }

  // People

  /** This person's own card, to give to others. */
  card(as?: AccountId): Uint8Array {
    return this.account(as).card;
  }

  /** Keeps somebody's card under a nickname, once it is proven. Throws CARD_INVALID. */
  addCard(
    card: Uint8Array,
    options: AsAccount & { readonly nickname?: string } = {},
  ): Promise<Card> {
    return this.#work(options, async (ctx) => {
      const proven = await checkCard(ctx.ledger, card, options.signal);
      const held = { account: proven.account, nickname: options.nickname ?? proven.name, card };
      await ctx.writeDown((content) => ({
        ...content,
        cards: [...content.cards.filter((it) => it.account !== held.account), held],
      }));
      return proven;
    });
  }

  /** A colleague's card from the hospital's directory; patients are not in it. */
  findCard(account: AccountId, options: AsAccount = {}): Promise<Card> {
    return this.#work(options, async (ctx) => {
      const { signal } = options;
      const signed = await ctx.gateway.call(cardGet, { params: { account }, signal });
      const card = await checkCard(ctx.ledger, bytesOfText(signed.card), signal);
      // A true card of somebody else would have the patient share with him.
      if (card.account !== account) throw new CodedError('GATEWAY_LIED', { account });
      return card;
    });
  }

  get cards(): readonly { readonly nickname: string; readonly card: Card }[] {
    return this.#vault.content.cards.map(({ nickname, card }) => ({
      nickname,
      card: readCard(card).card,
    }));
  }

  /** An account by its id, or by the nickname or the name of a card. Throws PERSON_UNKNOWN. */
  findPerson(who: string): { readonly account: AccountId; readonly name: string } {
    const named = this.cards.filter(
      (it) => it.nickname === who || it.card.name === who || it.card.account === who,
    );
    const [only, another] = named;
    if (another !== undefined) throw new CodedError('PERSON_UNKNOWN', { matches: named.length });
    if (only !== undefined) return { account: only.card.account, name: only.nickname };
    try {
      const account = parseAccountId(who);
      return { account, name: `${account.slice(0, 8)}…` };
    } catch (error) {
      if (isCoded(error, 'ID_FORMAT')) throw new CodedError('PERSON_UNKNOWN', {}, error);
      throw error;
    }
  }

  // One's own records

  addFile(file: FileInput, options: AsAccount & AddFileOptions = {}): Promise<AddedFile> {
    return this.#work(options, (ctx) => addFile(ctx, file, options));
  }

  listRecords(
    options: AsAccount & { readonly since?: number } = {},
  ): Promise<readonly ListedRecord[]> {
    return this.#work(options, (ctx) => listRecords(ctx, options));
  }

  /** What the hospital leaves out of the listing, as far as that can be known. */
  missingRecords(options: AsAccount = {}): Promise<readonly MissingRecords[]> {
    return this.#work(options, (ctx) => missingRecords(ctx, options));
  }

  openRecord(recordId: RecordId, options: AsAccount = {}): Promise<OpenedRecord> {
    return this.#work(options, (ctx) => openRecord(ctx, recordId, options));
  }

  openRecords(
    recordIds: readonly RecordId[],
    options: AsAccount = {},
  ): Promise<readonly OpenedRecord[]> {
    return this.#work(options, (ctx) => openRecords(ctx, recordIds, options));
  }

  /** The record and the versions before it, newest first. */
  history(recordId: RecordId, options: AsAccount = {}): Promise<readonly OpenedRecord[]> {
    return this.#work(options, (ctx) => historyOfRecord(ctx, recordId, options));
  }

  exportImport(importId: RecordId, options: AsAccount = {}): Promise<ExportedFile> {
    return this.#work(options, (ctx) => exportImport(ctx, importId, options));
  }

  erase(recordIds: readonly RecordId[], options: AsAccount = {}): Promise<ErasedRecords> {
    return this.#work(options, (ctx) => eraseRecords(ctx, recordIds, options));
  }

  // Grants given

  grant(request: GrantRequest, options: AsAccount = {}): Promise<GivenGrant> {
    return this.#work(options, async (ctx) => {
      const { account, name } = this.findPerson(request.grantee);
      await tryResume(ctx, options);
      return grantAccess(ctx, { ...request, grantee: account, granteeName: name }, options);
    });
  }

  /** Many grants with one KeySet for all of them. */
  grantMany(
    requests: readonly GrantRequest[],
    options: AsAccount = {},
  ): Promise<readonly OwnGrant[]> {
    return this.#work(options, async (ctx) => {
      const terms = requests.map((request) => {
        const { account, name } = this.findPerson(request.grantee);
        return { ...request, grantee: account, granteeName: name };
      });
      await tryResume(ctx, options);
      return grantMany(ctx, terms, options);
    });
  }

  grants(options: AsAccount = {}): Promise<readonly ListedGrant[]> {
    return this.#work(options, (ctx) => listGrants(ctx, options));
  }

  revoke(consent: ConsentId, options: AsAccount = {}): Promise<ConfirmedTx> {
    return this.#work(options, async (ctx) => {
      await tryResume(ctx, options);
      return revokeAccess(ctx, consent, options);
    });
  }

  /** Who looked at this person's records, who was refused, and what was erased. */
  looked(options: AsAccount = {}): Promise<Looked> {
    return this.#work(options, (ctx) => looked(ctx, options));
  }

  // Grants received

  /** Fetches new letters, and lists every grant this person holds. */
  inbox(options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.#work(options, (ctx) => fetchLetters(ctx, options));
  }

  received(options: AsAccount = {}): Promise<readonly ReceivedGrant[]> {
    return this.#work(options, (ctx) => receivedGrants(ctx, options));
  }

  /** What there is under a grant, unopened: a look like any other. */
  listShared(consent: ConsentId, options: AsAccount & ReadOptions = {}): Promise<SharedListing> {
    return this.#work(options, (ctx) => requestRows(ctx, heldGrant(ctx, consent), options));
  }

  readShared(consent: ConsentId, options: AsAccount & ReadOptions = {}): Promise<SharedRead> {
    return this.#work(options, (ctx) => readShared(ctx, consent, options));
  }

  /** Under a grant with write classes; notes of class `diagnosis` are anchored on Docchain. */
  write(
    consent: ConsentId,
    notes: readonly NoteToWrite[],
    options: AsAccount = {},
  ): Promise<WrittenRecords> {
    return this.#work(options, (ctx) => writeShared(ctx, consent, notes, options));
  }

  diagnose(
    consent: ConsentId,
    note: Omit<NoteToWrite, 'recordClass'>,
    options: AsAccount = {},
  ): Promise<WrittenRecords> {
    return this.write(consent, [{ ...note, recordClass: 'diagnosis' }], options);
  }

  // Receipts

  receiptOf(txId: TxId, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#work(options, (ctx) => receiptOfTx(ctx, txId, options));
  }

  /** Of one own record by its id, or of a record that was read, by its row. */
  receiptOfRecord(record: RecordId | LiveItem, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#work(options, async (ctx) => {
      const row =
        typeof record === 'string'
          ? (await ctx.rows.refresh(options.signal)).liveOf(record)
          : record;
      if (row === undefined) throw new CodedError('RECORD_UNKNOWN');
      return receiptOfItem(ctx, row, options);
    });
  }

  receiptOfAccess(access: Access, options: AsAccount = {}): Promise<Uint8Array> {
    return this.#work(options, (ctx) => receiptOfAccess(ctx, access, options));
  }

  /** Blocks as they are committed, until the signal. */
  watch(options: {
    readonly as?: AccountId | undefined;
    readonly signal: AbortSignal;
    readonly since?: number;
  }): AsyncGenerator<BlockEvent, void, undefined> {
    return watch(this.#context(options.as), options);
  }

  #context(as?: AccountId): Context {
    const account = this.account(as);
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
  async #work<T>(options: AsAccount, work: (ctx: Context) => Promise<T>): Promise<T> {
    const ctx = this.#context(options.as);
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
      if (ctx.ledger.tip.height !== before) await ctx.keepTip();
    }
  }
}
