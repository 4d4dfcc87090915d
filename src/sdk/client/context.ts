import { itemsGet } from '../../api/routes/items-get.ts';
import { decodeItemsPage } from '../../api/rows.ts';
import { xwingKeyFromSeed } from '../../crypto/kem.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { type ReceiptVerdict, verifyReceipt } from '../../ledger/chain/receipt.ts';
import { parseTrustRoot, type TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { idBytes, type TxId } from '../../primitives/ids.ts';
import type { ItemStore } from '../kept/item-store.ts';
import { KeptItems } from '../kept/kept-items.ts';
import { ProvenLedger } from '../ledger/proven-ledger.ts';
import type { VerifiedTip } from '../ledger/verified-headers.ts';
import type { HalfKeeper } from '../records/double.ts';
import type { WalletAccount, WalletContent } from '../wallet/content.ts';
import { devicePairs, listAlone } from '../wallet/device-list.ts';
import {
  AccountKeyring,
  type AccountKeys,
  deriveAccountKeys,
  rootSecretOf,
} from '../wallet/identity.ts';
import { ImportIndex } from '../wallet/import-index.ts';
import { adopted, withNext } from '../wallet/local.ts';
import type { ChangeOptions, Vault } from '../wallet/vault.ts';
import { believed, GatewayClient } from './gateway-client.ts';
import { Http, type HttpOptions } from './http.ts';
import { type Openers, openHere } from './opener-pool.ts';
import { OwnRows } from './own-rows.ts';
import { type PendingKind, type PendingKinds, pendingKinds } from './pending.ts';
import { keySession } from './session.ts';
import { vouchedReceipt } from './vouched-receipt.ts';
import { WalletCopies } from './wallet-copies.ts';

/** `preparing`: what is needed once, such as a key. */
type Phase =
  | 'preparing'
  | 'reading'
  | 'sealing'
  | 'uploading'
  | 'anchoring'
  | 'fetching'
  | 'opening';

/** What work reports while it goes on; `total` 0 while it is not known. */
export interface Progress {
  readonly phase: Phase;
  readonly done: number;
  readonly total: number;
}

/** How work is stopped (INTERRUPTED) and followed. */
export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a device may have of its own: a clock, a network, addresses of hospitals. */
export interface ContextOptions {
  readonly now?: () => number;
  readonly http?: HttpOptions;
  /** Threads that open items: on Node `nodeOpeners`, in a browser `browserOpeners`; without, this one does. */
  readonly openers?: Openers;
  /** Where this device keeps sealed what its person opened, to read it while no hospital answers; missing: it keeps nothing. */
  readonly items?: ItemStore | undefined;
  /** Where an account's hospital answers now, when that is not where it answered at enrolment. */
  readonly gatewayUrlOf?: (hospital: Pick<WalletAccount, 'organisation' | 'gatewayUrl'>) => string;
  /** This device reaches gateways and nothing else, as a page under a strict policy does: other servers by way of one. */
  readonly onlyGateways?: boolean;
  /** What wings write down before it is sent, beside the wallet's own kinds. */
  readonly pendingKinds?: readonly PendingKind[];
  /** Where second halves of keys come from: of wings. */
  readonly halfKeepers?: readonly HalfKeeper<Context>[];
}

/** So long the copy may take where nothing waits for it. */
const noteMs = 15_000;

/**
 * One account of a person at work: its keys, its own gateway signed in, and the ledger as this device
 * believes it.
 */
export class Context {
  readonly vault: Vault;
  readonly gateway: GatewayClient;
  readonly ledger: ProvenLedger;
  /** What is in this account's chart. */
  readonly rows: OwnRows;
  readonly now: () => number;
  /** The wallet's copy at this account's hospital. */
  readonly copies: WalletCopies = new WalletCopies(this);
  /** Who opens items. */
  readonly openers: Openers;
  /** Items that this device keeps, sealed. */
  readonly kept: KeptItems;
  /** What answers to transactions change in the wallet. */
  readonly pendingKinds: PendingKinds;
  /** Where second halves of the keys of doubly encrypted items come from. */
  readonly halfKeepers: readonly HalfKeeper<Context>[];
  readonly #account: string;
  readonly #imported = new ImportIndex();
  readonly #keyring = new AccountKeyring();
  readonly #options: ContextOptions;

  constructor(vault: Vault, account: WalletAccount, options: ContextOptions = {}) {
    this.vault = vault;
    this.now = options.now ?? Date.now;
    this.openers = options.openers ?? openHere;
    this.pendingKinds = pendingKinds(options.pendingKinds);
    this.halfKeepers = options.halfKeepers ?? [];
    this.kept = new KeptItems(options.items, vault, () => this.nowMs());
    this.#account = account.account;
    const gatewayUrl = options.gatewayUrlOf?.(account) ?? account.gatewayUrl;
    const plain = new GatewayClient(new Http(gatewayUrl, options.http));
    this.#options = options;
    const session = keySession(plain, account, async () => (await this.keys()).sign, this.now);
    this.gateway = plain.as(session);
    const { root, tip } = trustOf(vault.content, account.chainId);
    this.ledger = new ProvenLedger(plain, root, tip, this.now, this.gateway);
    this.rows = new OwnRows(
      async (query, signal) =>
        believed(decodeItemsPage, await this.gateway.call(itemsGet, { query, signal })),
      this.ledger,
      account.account,
    );
  }

  /** Whether this device reaches gateways and nothing else. */
  get onlyGateways(): boolean {
    return this.#options.onlyGateways ?? false;
  }

  /** As the wallet has it now: a rotation changes it. */
  get account(): WalletAccount {
    return accountIn(this.vault.content, this.#account);
  }

  /** What was imported into its chart, as the wallet has it now. */
  get imported(): ImportIndex {
    const { imports, erased } = this.vault.content;
    const own = imports.filter((it) => it.account === this.#account);
    return this.#imported.update(own, erased);
  }

  /**
   * The keys in use: those that the ledger has, while a rotation is on its way. One that the ledger shows to stand is
   * taken into the wallet.
   */
  async keys(signal?: AbortSignal): Promise<AccountKeys> {
    const all = await this.allKeys();
    const [newest] = all;
    if (newest === undefined) throw new CodedError('WALLET_INVALID');
    if (all.length === 1) return newest;
    // Whoever used up what strangers may ask here must not keep her from signing in: the newest is likely the one.
    const row = await this.ledger.account(this.account.account, signal).catch((error: unknown) => {
      if (!isCoded(error, 'RATE_LIMITED')) throw error;
      return undefined;
    });
    const current = all.find(
      (it) => row !== undefined && equalBytes(it.sign.publicKey, row.signKey),
    );
    if (current !== undefined) await this.adopt(current.sign.publicKey);
    return current ?? newest;
  }

  /** Newest first, those on their way included: what was sealed to an old key opens still. */
  allKeys(): Promise<readonly AccountKeys[]> {
    const content = withNext(this.vault.content, this.vault.local);
    return this.#keyring.all(content, accountIn(content, this.#account));
  }

  /** The root from which new epochs derive. */
  newestRoot(): { readonly rootId: string; readonly secret: Uint8Array } {
    const generation = this.account.generations.at(-1);
    if (generation === undefined) throw new CodedError('WALLET_INVALID');
    const { rootId } = generation;
    return { rootId, secret: this.rootSecret(rootId) };
  }

  /** Also of a root on its way. Throws WALLET_INVALID. */
  rootSecret(rootId: string): Uint8Array {
    return rootSecretOf(withNext(this.vault.content, this.vault.local), rootId);
  }

  /**
   * A rotation to this signing key stands: its root is the wallet's from now on, the device has the pair that was made
   * with it, and no other device is listed. Nothing changes for keys that are the wallet's already.
   */
  async adopt(signKey: Uint8Array, options?: ChangeOptions): Promise<void> {
    const { next } = this.vault.local;
    const mine = next.filter((it) => it.account === this.#account);
    for (const taken of mine) {
      const keys = await deriveAccountKeys(taken.root.secret, this.account.organisation, 0);
      if (!equalBytes(keys.sign.publicKey, signKey)) continue;
      const { publicKey: key } = await xwingKeyFromSeed(taken.seed);
      const before = await devicePairs(this.vault.local);
      await this.vault.changeAll(
        (wallet) => listAlone(adopted(wallet, taken), { key, before, nowMs: this.now() }),
        options,
      );
      this.copies.renewed();
    }
  }

  /**
   * Every hospital of the ledger; the person's own first, where she asks as herself once others behind her address have
   * used up what strangers may ask.
   */
  gateways(): readonly GatewayClient[] {
    const { chainId } = this.account;
    const trust = this.vault.content.trust.find((it) => it.chainId === chainId);
    const { gatewayUrlOf, http } = this.#options;
    const others = (trust?.gateways ?? []).map(({ organisation, url: gatewayUrl }) => {
      const url = gatewayUrlOf?.({ organisation, gatewayUrl }) ?? gatewayUrl;
      return new GatewayClient(new Http(url, http));
    });
    const byUrl = new Map([this.gateway, ...others].map((it) => [it.http.baseUrl, it]));
    return [...byUrl.values()];
  }

  /** The later of the device's clock and the newest block that was verified. */
  nowMs(): number {
    return Math.max(this.now(), this.ledger.tip.timeMs);
  }

  /**
   * Writes down here and in the copy at the hospital, before anything is sent: another device of this
   * person can then repeat what this one began.
   */
  async writeDown(
    edit: (content: WalletContent) => WalletContent,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.vault.change(edit);
    await this.copies.keep(signal);
  }

  /**
   * Writes down what other devices would find out by themselves: here for certain, and in the copy when the
   * hospital answers.
   */
  async noteDown(
    edit: (content: WalletContent) => WalletContent,
    options?: ChangeOptions,
  ): Promise<void> {
    await this.vault.change(edit, options);
    await this.copies.keep(AbortSignal.timeout(noteMs)).catch(() => undefined);
  }

  /**
   * The receipt of a transaction, once as many witnesses signed it as the trust root asks for; whether it holds says
   * `verifyReceipt`. Throws TX_UNKNOWN, RECEIPT_INVALID, WITNESSES_FEW.
   */
  receipt(txId: TxId, signal?: AbortSignal, gateway = this.gateway): Promise<Uint8Array> {
    return vouchedReceipt(gateway, this.ledger.trustRoot, txId, signal);
  }

  /**
   * A receipt of this ledger: also of the one that this device has seen, not of another that the same
   * operator signed. Throws RECEIPT_INVALID, TRUST_ROOT_WRONG, LEDGER_FORKED.
   */
  async verifyReceipt(receipt: Uint8Array): Promise<ReceiptVerdict> {
    const verdict = await verifyReceipt(receipt, this.ledger.trustRoot, verifyVote);
    this.ledger.headers.meet(verdict.height, idBytes(verdict.headerHash));
    return verdict;
  }

  /** Keeps the newest verified header, so that nobody can show this wallet an older ledger later. */
  async keepTip(): Promise<void> {
    const { tip, trustRoot } = this.ledger;
    await this.vault.change((content) => withTip(content, trustRoot.chain, tip));
  }
}

/** Throws WALLET_INVALID. */
function accountIn(content: WalletContent, account: string): WalletAccount {
  const found = content.accounts.find((it) => it.account === account);
  if (found === undefined) throw new CodedError('WALLET_INVALID', { account });
  return found;
}

function withTip(content: WalletContent, chainId: string, tip: VerifiedTip): WalletContent {
  const held = content.trust.find((it) => it.chainId === chainId);
  if (held === undefined || held.height >= tip.height) return content;
  const moved = { ...held, ...tip };
  return {
    ...content,
    trust: content.trust.map((it) => (it.chainId === chainId ? moved : it)),
  };
}

/** Throws WALLET_INVALID: an account on a ledger that the wallet has no trust root for. */
function trustOf(
  content: WalletContent,
  chainId: string,
): { readonly root: TrustRoot; readonly tip: VerifiedTip | undefined } {
  const held = content.trust.find((it) => it.chainId === chainId);
  if (held === undefined) throw new CodedError('WALLET_INVALID', { chainId });
  const root = parseTrustRoot(held.rootJson);
  const { height, headerHash, timeMs } = held;
  const isRoot = bytesToHex(headerHash) === root.headerHash;
  return { root, tip: isRoot ? undefined : { height, headerHash, timeMs } };
}
