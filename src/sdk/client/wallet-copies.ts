import { walletGet } from '../../api/routes/wallet-get.ts';
import { walletPut } from '../../api/routes/wallet-put.ts';
import { walletShardGet } from '../../api/routes/wallet-shard-get.ts';
import { walletShardPut } from '../../api/routes/wallet-shard-put.ts';
import { decodeSignedCopy, encodeSignedCopy, type SignedCopy } from '../../api/wallet-copy.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { KemKey } from '../../crypto/kem.ts';
import { recoveryHash, recoveryOf } from '../../ledger/recovery.ts';
import type { Keys } from '../../ledger/tables/keys.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, hexId, list, struct, uint } from '../../primitives/shape.ts';
import type { ProvenLedger } from '../ledger/proven-ledger.ts';
import type { WalletContent } from '../wallet/content.ts';
import { syncCopy } from '../wallet/copy.ts';
import type { CopyPlace } from '../wallet/copy-index.ts';
import type { CopyStore, CopyWriter, RememberedCopy, SyncedCopy } from '../wallet/copy-store.ts';
import { devicePairs, devicesIn, withoutStrangers } from '../wallet/device-list.ts';
import type { AccountKeys } from '../wallet/identity.ts';
import type { WalletLocal } from '../wallet/local.ts';
import { mergeWallets } from '../wallet/merge.ts';
import type { Vault } from '../wallet/vault.ts';
import type { GatewayClient } from './gateway-client.ts';

/** So long it is believed which printed code is bound, as what else stands on the ledger (W-11). */
const believedMs = 10 * 60_000;

/** The account whose copy is kept, at work. */
export interface CopiedAccount {
  readonly vault: Vault;
  readonly gateway: GatewayClient;
  readonly ledger: Pick<ProvenLedger, 'keys'>;
  readonly account: CopyPlace;
  /** In use, as the ledger has it; and all that the wallet knows. */
  keys(signal?: AbortSignal): Promise<AccountKeys>;
  allKeys(): Promise<readonly AccountKeys[]>;
  nowMs(): number;
}

/** The copy as a hospital's gateway keeps it for who is signed in. `serial`: an older one. */
export function copyStoreOf(
  gateway: GatewayClient,
  { signal, serial }: { readonly signal?: AbortSignal | undefined; readonly serial?: number } = {},
): CopyStore {
  return {
    head: async () => {
      const found = await orNone(gateway.call(walletGet, { query: { serial }, signal }));
      return found && believed(found);
    },
    shard: (name) => orNone(gateway.call(walletShardGet, { params: { name }, signal })),
    putShard: async (name, stream) => {
      await gateway.call(walletShardPut, { params: { name }, stream, signal });
    },
    putHead: async (copy) => {
      await gateway.call(walletPut, { stream: encodeSignedCopy(copy), signal });
    },
  };
}

function orNone<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (!isCoded(error, 'NOT_FOUND')) throw error;
    return undefined;
  });
}

/** Throws GATEWAY_LIED. */
function believed(found: Uint8Array): SignedCopy {
  try {
    return decodeSignedCopy(found);
  } catch (cause) {
    throw new CodedError('GATEWAY_LIED', { path: walletGet.path }, cause);
  }
}

/**
 * Keeps the copy of one account at its hospital: one run after the other, each beginning with what the one before
 * learned, else it would write that away.
 */
export class WalletCopies {
  readonly #ctx: CopiedAccount;
  #known: SyncedCopy | RememberedCopy | undefined;
  #directory: { readonly of: Keys; readonly askedMs: number } | undefined;
  #last: Promise<void> = Promise.resolve();
  #remembering: Promise<void> = Promise.resolve();
  #isOld = false;
  #code: readonly KemKey[] = [];
  #pairs:
    | { readonly of: WalletLocal['seeds']; readonly pairs: Promise<readonly KemKey[]> }
    | undefined;

  constructor(ctx: CopiedAccount) {
    this.#ctx = ctx;
  }

  /** Whether the hospital showed an older copy than this device had seen there. */
  get isOld(): boolean {
    return this.#isOld;
  }

  /** Throws as `syncCopy`, and what the hospital refuses. */
  keep(signal?: AbortSignal): Promise<void> {
    const next = this.#last.then(() => this.#keep(signal));
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Waits for what is flushed beside the wallet; that it failed the next `keep` throws. */
  async settled(): Promise<void> {
    await this.#remembering.catch(() => undefined);
  }

  /** The printed code is at hand: a device that is new opens with it what was sealed before it came. */
  openAlso(codeKem: KemKey): void {
    this.#code = [codeKem];
  }

  /** Asks anew who may open the copy: keys or the printed code have changed. */
  renewed(): void {
    this.#directory = undefined;
  }

  async #keep(signal?: AbortSignal): Promise<void> {
    const { vault, account, gateway } = this.#ctx;
    if (!vault.content.codes.some((it) => it.account === account.account)) return;
    const remembering = this.#remembering;
    this.#remembering = Promise.resolve();
    await remembering;
    this.#known ??= await this.#recall();
    const store = copyStoreOf(gateway, { signal });
    const head = await this.#headSoon(store);
    const writer = await this.#writer(signal);
    const { content } = vault;
    const brought = await syncCopy({ ...store, head }, writer, content, this.#known);
    this.#isOld ||= brought.isOld;
    if (brought.content !== content) {
      await vault.change((held) =>
        withoutStrangers(mergeWallets(held, brought.content), vault.local),
      );
    }
    const isNews = !equalBytes(brought.copy.hash, this.#known?.hash ?? new Uint8Array(0));
    this.#known = brought.copy;
    if (!isNews) return;
    // Flushed while what comes next is under way: nothing that is sent hangs on it, and a flush takes as long as a block.
    this.#remembering = this.#remember(brought.copy);
    this.#remembering.catch(() => undefined);
  }

  /**
   * The head, asked for while it is found out who writes, since neither waits for the other; from the second call on as
   * it is then. Not during a rotation: which key signs in is then asked of the ledger first.
   */
  async #headSoon(store: CopyStore): Promise<CopyStore['head']> {
    const { length } = await this.#ctx.allKeys();
    let coming = length === 1 ? store.head() : undefined;
    coming?.catch(() => undefined);
    return () => {
      const head = coming ?? store.head();
      coming = undefined;
      return head;
    };
  }

  async #writer(signal?: AbortSignal): Promise<CopyWriter> {
    const { vault, account: own } = this.#ctx;
    const { account, organisation } = own;
    const [keys, all, pairs, code] = await Promise.all([
      this.#ctx.keys(signal),
      this.#ctx.allKeys(),
      this.#pairsOf(vault.local),
      this.#codeKem(signal),
    ]);
    const { local } = vault;
    const recipientsIn = (held: WalletContent) => [
      ...devicesIn(held, local).map(({ key }) => key),
      ...code,
    ];
    const knownKeys = all.map(({ sign }) => sign.publicKey);
    const opening = [...pairs, ...this.#code];
    return {
      ...{ organisation, account, sign: keys.sign, knownKeys },
      ...{ pairs: opening, recipientsIn, local },
    };
  }

  /** Made once: that takes longer than all else here. */
  #pairsOf(local: WalletLocal): Promise<readonly KemKey[]> {
    if (this.#pairs?.of !== local.seeds) {
      this.#pairs = { of: local.seeds, pairs: devicePairs(local) };
    }
    return this.#pairs.pairs;
  }

  /** Of the printed code that the ledger binds; none: of a code that this wallet does not know. */
  async #codeKem(signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    const { vault, account, ledger } = this.#ctx;
    const nowMs = this.#ctx.nowMs();
    const held = this.#directory;
    // Another device may have bound another code: a process that runs for weeks must not write it away.
    const isOld = held === undefined || Math.abs(nowMs - held.askedMs) > believedMs;
    const of = isOld ? await ledger.keys(account.account, signal) : held.of;
    if (isOld) this.#directory = { of, askedMs: nowMs };
    const bound = recoveryOf(of, nowMs);
    const code = vault.content.codes.find(
      (it) =>
        it.account === account.account &&
        equalBytes(bound, recoveryHash(it.recoveryKey, sha256(it.kem))),
    );
    return code === undefined ? [] : [code.kem];
  }

  async #recall(): Promise<RememberedCopy | undefined> {
    const kept = await this.#ctx.vault.recall(nameOf(this.#ctx));
    if (kept === undefined) return undefined;
    try {
      const { digests, ...copy } = decodeAs(remembered, kept, 'copy');
      return { ...copy, digests: new Map(digests.map(({ name, digest }) => [name, digest])) };
    } catch (error) {
      if (!isCoded(error)) throw error;
      return undefined;
    }
  }

  async #remember({ serial, hash, copyKey, digests }: SyncedCopy): Promise<void> {
    const kept = [...digests].map(([name, digest]) => ({ name, digest }));
    const encoded = encodeAs(remembered, { serial, hash, copyKey, digests: kept });
    await this.#ctx.vault.remember(nameOf(this.#ctx), encoded);
  }
}

/** Beside the wallet: what can be read again at the hospital, but for how far this device had seen. */
const remembered = struct({
  serial: uint,
  hash: bytes(32),
  copyKey: bytes(32),
  digests: list(struct({ name: hexId(16), digest: hexId(32) })),
});

const nameOf = ({ account }: CopiedAccount): string => `copy-${account.account.slice(0, 16)}`;
