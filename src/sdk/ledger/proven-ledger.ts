import { asItCounts } from '../../ledger/acts/consents.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { isFolded } from '../../ledger/folded-identities.ts';
import type { Identity } from '../../ledger/identity.ts';
import type { StateTable } from '../../ledger/table.ts';
import { type Account, accounts } from '../../ledger/tables/accounts.ts';
import { type Consent, consents } from '../../ledger/tables/consents.ts';
import { type HeldIdentity, type Keys, keys } from '../../ledger/tables/keys.ts';
import { keySetRowId, keysets, type StoredKeySet } from '../../ledger/tables/keysets.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { foldedIdentity } from './folded-identity.ts';
import { maxStateAgeMs, ProvenRows, type RowsTogether, type RowWanted } from './proven-rows.ts';
import { VerifiedHeaders, type VerifiedTip } from './verified-headers.ts';

export interface OwnedKeySet extends StoredKeySet {
  readonly after: number;
}

/** As much of the ledger as opening an item asks: which keys an account had, and which ledger it is. */
export type SignerDirectory = Pick<ProvenLedger, 'trustRoot' | 'headers' | 'identityOfKey'>;

/** How a row is asked for. */
export interface RowOptions {
  readonly signal?: AbortSignal | undefined;
  /** How old the header may be that proves it; missing: any, for what does not change or was just seen. */
  readonly maxAgeMs?: number;
  /** A block that somebody else showed: a row that is not there is waited for until the state after it. */
  readonly since?: number;
}

/**
 * The ledger as a device believes it: every row comes with a proof to a header that the trusted validators
 * signed, and never an older one than was seen before. What may have been withdrawn meanwhile (grants, keys in
 * use) is believed only from a header of the last ten minutes. No gateway is taken at its word.
 *
 * Throws PROOF_INVALID, HEADER_INVALID, LEDGER_FORKED (with both header hashes), LEDGER_OLD, GATEWAY_LIED (an
 * older state), and what the gateway refuses. Source: docs/protocol/wallet.md, rules W-11 and W-13.
 */
export class ProvenLedger {
  readonly headers: VerifiedHeaders;
  readonly #gateway: GatewayClient;
  readonly #rows: ProvenRows;
  readonly #foldedOnes = new Map<string, HeldIdentity>();
  readonly #keySets = new Map<AccountId, readonly OwnedKeySet[]>();
  readonly #keysAsOf = new Map<AccountId, { readonly keys: Keys; readonly asOf: number }>();

  /** `signedIn`: many rows in one call are for those who have a session. */
  constructor(
    gateway: GatewayClient,
    trustRoot: TrustRoot,
    tip?: VerifiedTip,
    now: () => number = Date.now,
    signedIn?: GatewayClient,
  ) {
    this.#gateway = gateway;
    this.headers = new VerifiedHeaders(gateway, trustRoot, tip);
    this.#rows = new ProvenRows({ plain: gateway, signedIn }, this.headers, now);
  }

  get trustRoot(): TrustRoot {
    return this.headers.trustRoot;
  }

  /** The newest header that was verified. */
  get tip(): VerifiedTip {
    return this.headers.tip;
  }

  /** Any row of any table, proven; undefined: proven to be absent. */
  row<Row>(table: StateTable<Row>, id: string, options: RowOptions = {}): Promise<Row | undefined> {
    return this.#rows.row(table, id, options);
  }

  /** Rows of any tables in one call, as they stand now. Throws UNAUTHENTICATED (for who has a session), LEDGER_OLD. */
  rowsTogether(wanted: readonly RowWanted[], signal?: AbortSignal): Promise<RowsTogether> {
    return this.#rows.together(wanted, signal);
  }

  account(account: AccountId, signal?: AbortSignal): Promise<Account | undefined> {
    return this.row(accounts, account, { signal });
  }

  /** Throws ACCOUNT_UNKNOWN. */
  async knownAccount(account: AccountId, signal?: AbortSignal): Promise<Account> {
    return known(account, await this.account(account, signal));
  }

  /** As it stands now, for who is about to seal to what it names. Throws ACCOUNT_UNKNOWN, LEDGER_OLD. */
  async currentAccount(account: AccountId, signal?: AbortSignal): Promise<Account> {
    const options = { signal, maxAgeMs: maxStateAgeMs };
    return known(account, await this.row(accounts, account, options));
  }

  /** Of many accounts at once, as they stand now; who is unknown is undefined. Throws LEDGER_OLD. */
  accountsOf(
    ids: Iterable<AccountId>,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<AccountId, Account | undefined>> {
    return this.#rows.manyRows(accounts, [...new Set(ids)], signal);
  }

  /** The directory: every identity that the account has had. Throws ACCOUNT_UNKNOWN. */
  async keys(account: AccountId, signal?: AbortSignal): Promise<Keys> {
    return known(account, await this.row(keys, account, { signal }));
  }

  /** The directory as it was at a height: what was once proven of the past stays so. */
  async keysAt(account: AccountId, height: number, signal?: AbortSignal): Promise<Keys> {
    const kept = this.#keysAsOf.get(account);
    if (kept !== undefined && height <= kept.asOf) return kept.keys;
    const asOf = Math.max(height, this.tip.height - 1);
    const directory = await this.keys(account, signal);
    this.#keysAsOf.set(account, { keys: directory, asOf });
    return directory;
  }

  /**
   * The identity that the account had with this signing key, in its row or folded away by it and proven to it;
   * undefined: it had none, or the gateway does not show it. Throws ACCOUNT_UNKNOWN.
   */
  async identityOfKey(
    account: AccountId,
    signKey: Uint8Array,
    height: number,
    signal?: AbortSignal,
  ): Promise<HeldIdentity | undefined> {
    const kept = inRow(await this.keysAt(account, height, signal), signKey);
    if (kept !== undefined) return kept;
    // It may have come since, or be folded away by now.
    const directory = await this.keys(account, signal);
    const held = inRow(directory, signKey);
    if (held !== undefined || directory.folded.count === 0) return held;
    return this.#folded(account, signKey, signal);
  }

  async #folded(
    account: AccountId,
    signKey: Uint8Array,
    signal?: AbortSignal,
  ): Promise<HeldIdentity | undefined> {
    const name = `${account} ${bytesToHex(signKey)}`;
    const kept = this.#foldedOnes.get(name);
    if (kept !== undefined) return kept;
    const found = await foldedIdentity(this.#gateway, account, signKey, signal);
    if (found === undefined) return undefined;
    // The row of now: the proof is to the tree as it is now.
    const { folded, ...row } = await this.keys(account, signal);
    if (!isFolded(found, folded)) return inRow(row, signKey);
    this.#foldedOnes.set(name, found.held);
    return found.held;
  }

  /** The identity in use. Throws ACCOUNT_UNKNOWN, LEDGER_OLD. */
  async identity(account: AccountId, signal?: AbortSignal): Promise<Identity> {
    const directory = await this.row(keys, account, { signal, maxAgeMs: maxStateAgeMs });
    return identityInUse(account, directory);
  }

  /** Of many accounts at once. Throws ACCOUNT_UNKNOWN, LEDGER_OLD. */
  async identities(
    ids: Iterable<AccountId>,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<AccountId, Identity>> {
    const rows = await this.#rows.manyRows(keys, [...new Set(ids)], signal);
    return new Map([...rows].map(([account, row]) => [account, identityInUse(account, row)]));
  }

  /**
   * As it stands now: that it is not revoked is news of the last ten minutes. Its account's row has a say in that, so
   * `revokedHeight` is the whole answer (docs/protocol/consent.md, C-3). Throws LEDGER_OLD.
   */
  async consent(consent: ConsentId, signal?: AbortSignal): Promise<Consent | undefined> {
    const options = { signal, maxAgeMs: maxStateAgeMs };
    const row = await this.row(consents, consent, options);
    if (row === undefined) return undefined;
    return asItCounts(row, await this.row(accounts, row.account, options));
  }

  /** Of many consents at once, as they stand now; what is unknown is undefined. Throws LEDGER_OLD. */
  async consents(
    ids: Iterable<ConsentId>,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<ConsentId, Consent | undefined>> {
    const rows = await this.#rows.manyRows(consents, [...new Set(ids)], signal);
    const owners = [...new Set([...rows.values()].flatMap((row) => row?.account ?? []))];
    const owned = await this.#rows.manyRows(accounts, owners, signal);
    return new Map(
      [...rows].map(([id, row]) => [id, row && asItCounts(row, owned.get(row.account))]),
    );
  }

  /** Every KeySet of the account, oldest first; each names the one before it. Throws GATEWAY_LIED. */
  async keySets(
    account: Account,
    id: AccountId,
    signal?: AbortSignal,
  ): Promise<readonly OwnedKeySet[]> {
    if (account.highestEpoch === 0) return [];
    const kept = this.#keySets.get(id) ?? [];
    const newest = kept.at(-1);
    const found: OwnedKeySet[] = [];
    for (let after = account.newestKeySet; after !== newest?.after; ) {
      const row = await this.row(keysets, keySetRowId(id, after), { signal });
      if (row === undefined) throw new CodedError('GATEWAY_LIED', { account: id, after });
      found.push({ after, ...row });
      if (after === 0) return this.#keepKeySets(id, found.reverse());
      if (row.previous >= after) throw new CodedError('GATEWAY_LIED', { account: id, after });
      after = row.previous;
    }
    return found.length === 0 ? kept : this.#keepKeySets(id, [...kept, ...found.reverse()]);
  }

  #keepKeySets(id: AccountId, keySets: readonly OwnedKeySet[]): readonly OwnedKeySet[] {
    this.#keySets.set(id, keySets);
    return keySets;
  }
}

/** Throws ACCOUNT_UNKNOWN. */
function known<Row>(account: AccountId, row: Row | undefined): Row {
  if (row === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  return row;
}

function inRow({ identities }: Pick<Keys, 'identities'>, signKey: Uint8Array) {
  return identities.find((it) => equalBytes(it.identity.signKey, signKey));
}

/** Throws ACCOUNT_UNKNOWN. */
function identityInUse(account: AccountId, directory: Keys | undefined): Identity {
  const identities = directory?.identities ?? [];
  const current = identities.find((it) => it.untilHeight === 0) ?? identities.at(-1);
  if (current === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  return current.identity;
}
