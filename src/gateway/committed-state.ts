import type { LedgerEngine } from '../engines/engine.ts';
import { asItCounts } from '../ledger/acts/consents.ts';
import type { Identity } from '../ledger/identity.ts';
import { countsAt } from '../ledger/members.ts';
import { decodeRow, onlyRow, type StateTable } from '../ledger/table.ts';
import { type Account, accounts } from '../ledger/tables/accounts.ts';
import { type Consent, consents } from '../ledger/tables/consents.ts';
import { keys } from '../ledger/tables/keys.ts';
import { members } from '../ledger/tables/members.ts';
import { type Organisation, organisations } from '../ledger/tables/organisations.ts';
import { equalBytes, hexToBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, ConsentId } from '../primitives/ids.ts';

/**
 * The ledger's committed state as a gateway asks the engine for it: rows of any table, unproven because the
 * engine is its own, and who may act with which key now.
 */
export class CommittedState {
  readonly #engine: LedgerEngine;

  constructor(engine: LedgerEngine) {
    this.#engine = engine;
  }

  /** The row as of the newest block; undefined: there is none. Throws ID_FORMAT, as the engine's `query`. */
  async row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined> {
    const key = hexToBytes(id);
    if (key === undefined) throw new CodedError('ID_FORMAT', { field: table.name });
    const { value } = await this.#engine.query(table.name, key, { prove: false });
    return value === undefined ? undefined : decodeRow(table, value);
  }

  account(id: AccountId): Promise<Account | undefined> {
    return this.row(accounts, id);
  }

  /** With what its account's row says about it: `revokedHeight` is the whole answer. */
  async consent(id: ConsentId): Promise<Consent | undefined> {
    const consent = await this.row(consents, id);
    if (consent === undefined) return undefined;
    return asItCounts(consent, await this.account(consent.account));
  }

  organisation(id: AccountId): Promise<Organisation | undefined> {
    return this.row(organisations, id);
  }

  /** Whether this organisation is a member as of the newest block: it counts when the ledger is decided about, and follows it whole. */
  async isMember(organisation: AccountId): Promise<boolean> {
    const rows = await this.row(members, onlyRow);
    const { height } = this.#engine.status();
    // Without a row all organisations are those of the genesis.
    if (rows === undefined) return (await this.organisation(organisation)) !== undefined;
    return rows.some((it) => it.organisation === organisation && countsAt(it, height));
  }

  /** The keys in use. Throws ACCOUNT_UNKNOWN. */
  async identity(id: AccountId): Promise<Identity> {
    const directory = await this.row(keys, id);
    const current = directory?.identities.find(({ untilHeight }) => untilHeight === 0);
    if (current === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account: id });
    return current.identity;
  }

  /**
   * The account, if it may act now with this key. Throws ACCOUNT_UNKNOWN, ACCOUNT_FROZEN (its keys may only
   * revoke, which needs no gateway's trust), KEY_NOT_CURRENT.
   */
  async accountActingWith(id: AccountId, publicKey: Uint8Array): Promise<Account> {
    const account = await this.account(id);
    if (account === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account: id });
    if (account.frozen) throw new CodedError('ACCOUNT_FROZEN', { account: id });
    if (!equalBytes(account.signKey, publicKey)) throw new CodedError('KEY_NOT_CURRENT');
    return account;
  }
}
