import { bytesOfText } from '../../api/common.ts';
import { type HeaderAnswer, maxStateRows, type StateAnswerMessage } from '../../api/tx.ts';
import { verifyVote } from '../../crypto/signature.ts';
import type { Identity } from '../../ledger/acts.ts';
import { decodeCommit, emptyRoot } from '../../ledger/chain/commit.ts';
import { decodeHeader, type Header } from '../../ledger/chain/header.ts';
import { verifySigned } from '../../ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import {
  type Account,
  type Anchor,
  anchorRowId,
  type Batch,
  type Consent,
  decodeRow,
  type Keys,
  keySetRowId,
  type Organisation,
  type StoredKeySet,
  type TableName,
  type Tables,
} from '../../ledger/state.ts';
import { verifyStateAnswer } from '../../ledger/state-proof.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../primitives/ids.ts';
import type { Gateway } from './gateway.ts';
import { pause } from './http.ts';

/** The newest header somebody verified: what a wallet keeps between visits. */
export interface VerifiedTip {
  readonly height: number;
  readonly headerHash: Uint8Array;
  readonly timeMs: number;
}

/** Rows that never change once they stand. */
const lasting: ReadonlySet<TableName> = new Set(['keysets', 'anchors', 'batches', 'organisations']);

/** The proof block follows at once; so long we wait for it. */
const headerWaitMs = 10_000;

/**
 * The ledger as a device believes it: every row comes with a proof to a header that the trusted validators
 * signed, and never an older one than was seen before. No gateway is taken at its word.
 *
 * Throws PROOF_INVALID, HEADER_INVALID, LEDGER_FORKED, GATEWAY_LIED (an older state), and what the gateway
 * refuses. Source: docs/protocol/receipts.md; docs/protocol/state.md, rule S-6.
 */
export class LedgerView {
  readonly trustRoot: TrustRoot;
  readonly #gateway: Gateway;
  readonly #signedIn: Gateway | undefined;
  readonly #headers = new Map<number, Promise<VerifiedHeader>>();
  readonly #rows = new Map<string, Uint8Array>();
  readonly #keySets = new Map<AccountId, readonly OwnedKeySet[]>();
  readonly #keysAsOf = new Map<AccountId, { readonly keys: Keys; readonly asOf: number }>();
  #tip: VerifiedTip;

  /** `signedIn`: many rows in one call are for those who have a session. */
  constructor(gateway: Gateway, trustRoot: TrustRoot, tip?: VerifiedTip, signedIn?: Gateway) {
    this.#gateway = gateway;
    this.#signedIn = signedIn;
    this.trustRoot = trustRoot;
    this.#tip = tip ?? {
      height: trustRoot.height,
      headerHash: hexToBytes(trustRoot.headerHash) ?? new Uint8Array(0),
      timeMs: 0,
    };
  }

  /** The newest header this view has verified. */
  get tip(): VerifiedTip {
    return this.#tip;
  }

  /** Asks for the newest block. */
  async latest(signal?: AbortSignal): Promise<VerifiedTip> {
    const answer = await this.#gateway.header('latest', signal);
    const known = this.#tip.height;
    const { header } = await this.#verify(answer);
    if (header.height < known)
      throw new CodedError('GATEWAY_LIED', { height: header.height, known });
    return this.#tip;
  }

  /** A signed header of this height; waits while the block is not there yet. */
  async header(height: number, signal?: AbortSignal): Promise<Header> {
    return (await this.#headerAt(height, signal)).header;
  }

  account(account: AccountId, signal?: AbortSignal): Promise<Account | undefined> {
    return this.#row('accounts', account, signal);
  }

  /** Throws ACCOUNT_UNKNOWN. */
  async knownAccount(account: AccountId, signal?: AbortSignal): Promise<Account> {
    const row = await this.account(account, signal);
    if (row === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
    return row;
  }

  /** The directory: every identity that the account has had. Throws ACCOUNT_UNKNOWN. */
  async keys(account: AccountId, signal?: AbortSignal): Promise<Keys> {
    const row = await this.#row('keys', account, signal);
    if (row === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
    return row;
  }

  /** The directory as it was at a height: what was once proven of the past stays so. */
  async keysAt(account: AccountId, height: number, signal?: AbortSignal): Promise<Keys> {
    const kept = this.#keysAsOf.get(account);
    if (kept !== undefined && height <= kept.asOf) return kept.keys;
    const asOf = Math.max(height, this.#tip.height - 1);
    const keys = await this.keys(account, signal);
    this.#keysAsOf.set(account, { keys, asOf });
    return keys;
  }

  /** The identity in use. Throws ACCOUNT_UNKNOWN. */
  async identity(account: AccountId, signal?: AbortSignal): Promise<Identity> {
    return identityInUse(account, await this.keys(account, signal));
  }

  /** Of many accounts at once. Throws ACCOUNT_UNKNOWN. */
  async identities(
    accounts: Iterable<AccountId>,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<AccountId, Identity>> {
    const rows = await this.#manyRows('keys', [...new Set(accounts)], signal);
    return new Map([...rows].map(([account, keys]) => [account, identityInUse(account, keys)]));
  }

  organisation(account: AccountId, signal?: AbortSignal): Promise<Organisation | undefined> {
    return this.#row('organisations', account, signal);
  }

  consent(consent: ConsentId, signal?: AbortSignal): Promise<Consent | undefined> {
    return this.#row('consents', consent, signal);
  }

  /** Of many consents at once; what is unknown is undefined. */
  consents(
    consents: Iterable<ConsentId>,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<ConsentId, Consent | undefined>> {
    return this.#manyRows('consents', [...new Set(consents)], signal);
  }

  keySet(
    account: AccountId,
    after: number,
    signal?: AbortSignal,
  ): Promise<StoredKeySet | undefined> {
    return this.#row('keysets', keySetRowId(account, after), signal);
  }

  /** Every KeySet of the account, oldest first; each names the one before it. */
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
      const row = await this.keySet(id, after, signal);
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

  anchor(account: AccountId, root: Uint8Array, signal?: AbortSignal): Promise<Anchor | undefined> {
    return this.#row('anchors', anchorRowId(account, root), signal);
  }

  batch(
    organisation: AccountId,
    root: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Batch | undefined> {
    return this.#row('batches', anchorRowId(organisation, root), signal);
  }

  async #row<Name extends TableName>(
    table: Name,
    id: string,
    signal?: AbortSignal,
  ): Promise<Tables[Name] | undefined> {
    const name = `${table}/${id}`;
    const kept = this.#rows.get(name);
    if (kept !== undefined) return decodeRow(table, kept);
    const newestSeen = this.#tip.height;
    const answer = await this.#gateway.state(table, id, signal);
    return this.#believe({ table, id }, answer, newestSeen, signal);
  }

  /** Rows that change, a few calls for all of them. */
  async #manyRows<Name extends TableName, Id extends string>(
    table: Name,
    ids: readonly Id[],
    signal?: AbortSignal,
  ): Promise<Map<Id, Tables[Name] | undefined>> {
    const rows = new Map<Id, Tables[Name] | undefined>();
    const signedIn = this.#signedIn;
    const askedAtOnce = signedIn === undefined ? 16 : maxStateRows;
    for (let at = 0; at < ids.length; at += askedAtOnce) {
      const part = ids.slice(at, at + askedAtOnce);
      if (signedIn === undefined || part.length === 1) {
        const found = await Promise.all(part.map((id) => this.#row(table, id, signal)));
        for (const [i, id] of part.entries()) rows.set(id, found[i]);
        continue;
      }
      const newestSeen = this.#tip.height;
      const { answers } = await signedIn.states(
        part.map((key) => ({ table, key })),
        signal,
      );
      for (const [i, id] of part.entries()) {
        const answer = answers[i];
        if (answer === undefined) throw new CodedError('GATEWAY_LIED', { table });
        rows.set(id, await this.#believe({ table, id }, answer, newestSeen, signal));
      }
    }
    return rows;
  }

  async #believe<Name extends TableName>(
    row: { readonly table: Name; readonly id: string },
    answer: StateAnswerMessage,
    newestSeen: number,
    signal?: AbortSignal,
  ): Promise<Tables[Name] | undefined> {
    const { table, id } = row;
    // The state after block h is what header h + 1 carries.
    if (answer.height + 1 < newestSeen) {
      throw new CodedError('GATEWAY_LIED', { height: answer.height, known: newestSeen });
    }
    if (answer.proof === undefined) throw new CodedError('PROOF_INVALID', { table });
    const value = answer.value === null ? undefined : bytesOfText(answer.value);
    const proof = bytesOfText(answer.proof);
    await this.#prove(answer.height, signal, (appHash) =>
      verifyStateAnswer(appHash, row, value, proof),
    );
    if (value === undefined) return undefined;
    if (lasting.has(table)) this.#rows.set(`${table}/${id}`, value);
    return decodeRow(table, value);
  }

  /**
   * The state after a block stands in the next header; after an empty block it is still the one that its
   * own header carries, and the next may be long in coming.
   */
  async #prove(
    height: number,
    signal: AbortSignal | undefined,
    check: (appHash: Uint8Array) => void,
  ): Promise<void> {
    if (height >= 1 && height >= this.#tip.height) {
      const { header } = await this.#headerAt(height, signal);
      if (equalBytes(header.dataHash, emptyRoot)) return check(header.appHash);
    }
    check((await this.#headerAt(height + 1, signal)).header.appHash);
  }

  #headerAt(height: number, signal?: AbortSignal): Promise<VerifiedHeader> {
    const kept = this.#headers.get(height);
    if (kept !== undefined) return kept;
    const fetched = this.#fetchHeader(height, signal);
    this.#headers.set(height, fetched);
    fetched.catch(() => this.#headers.delete(height));
    if (this.#headers.size > 256) {
      const oldest = this.#headers.keys().next();
      if (!oldest.done) this.#headers.delete(oldest.value);
    }
    return fetched;
  }

  async #fetchHeader(height: number, signal?: AbortSignal): Promise<VerifiedHeader> {
    let stepMs = 2;
    for (let waitedMs = 0; ; ) {
      try {
        const verified = await this.#verify(await this.#gateway.header(height, signal));
        if (verified.header.height === height) return verified;
        throw new CodedError('GATEWAY_LIED', { height });
      } catch (error) {
        if (!isCoded(error, 'HEIGHT_UNKNOWN')) throw error;
        if (waitedMs >= headerWaitMs) throw new CodedError('LEDGER_STALLED', { height }, error);
      }
      await pause(stepMs, signal);
      waitedMs += stepMs;
      stepMs = Math.min(250, stepMs * 2);
    }
  }

  async #verify(answer: HeaderAnswer): Promise<VerifiedHeader> {
    const header = decodeHeader(bytesOfText(answer.header));
    const parts = {
      header,
      commit: decodeCommit(bytesOfText(answer.commit)),
      validators: answer.validators.map(({ publicKey, power }) => ({
        publicKey: bytesOfText(publicKey, 32),
        power,
      })),
    };
    if (bytesToHex(header.validatorsHash) !== this.trustRoot.validatorsHash) {
      throw new CodedError('HEADER_INVALID', { reason: 'validators', height: header.height });
    }
    const { headerHash } = await verifySigned(parts, this.trustRoot.chain, verifyVote);
    this.#accept(header, headerHash);
    return { header, headerHash };
  }

  /** Two signed headers of one height are evidence of a fork; older news moves nothing. */
  #accept(header: Header, headerHash: Uint8Array): void {
    const { height } = header;
    for (const known of [
      { height: this.trustRoot.height, hash: hexToBytes(this.trustRoot.headerHash) },
      { height: this.#tip.height, hash: this.#tip.headerHash },
    ]) {
      if (known.height !== height || known.hash === undefined) continue;
      if (!equalBytes(known.hash, headerHash)) throw new CodedError('LEDGER_FORKED', { height });
    }
    if (height < this.#tip.height) return;
    this.#tip = { height, headerHash, timeMs: msOfTimestamp(header.time) };
  }
}

/** Throws ACCOUNT_UNKNOWN. */
function identityInUse(account: AccountId, keys: Keys | undefined): Identity {
  const identities = keys?.identities ?? [];
  const current = identities.find((it) => it.untilHeight === 0) ?? identities.at(-1);
  if (current === undefined) throw new CodedError('ACCOUNT_UNKNOWN', { account });
  return current.identity;
}

interface VerifiedHeader {
  readonly header: Header;
  readonly headerHash: Uint8Array;
}

export interface OwnedKeySet extends StoredKeySet {
  readonly after: number;
}
