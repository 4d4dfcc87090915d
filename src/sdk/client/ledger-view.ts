import { bytesOfText } from '../../api/message-parts.ts';
import { headerGet } from '../../api/routes/header-get.ts';
import { stateGet } from '../../api/routes/state-get.ts';
import { statePost } from '../../api/routes/state-post.ts';
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
import type { GatewayClient } from './gateway-client.ts';
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

/** A ledger signs a time every five minutes: what nobody has signed for twice as long hides something. */
const maxStateAgeMs = 10 * 60_000;

/** A ledger that slept with its machine makes a block when it is asked; so often we ask again. */
const freshWaitsMs = [20, 80, 400];

/** Headers that are remembered, to notice another one of the same height. */
const maxKnownHeaders = 4_096;

/** A row, or its absence, and the header that proves it. */
interface ProvenRow {
  readonly value: Uint8Array | undefined;
  readonly timeMs: number;
  readonly height: number;
}

/**
 * The ledger as a device believes it: every row comes with a proof to a header that the trusted validators
 * signed, and never an older one than was seen before. What may have been withdrawn meanwhile (grants, keys in
 * use) is believed only from a header of the last ten minutes. No gateway is taken at its word.
 *
 * Throws PROOF_INVALID, HEADER_INVALID, LEDGER_FORKED (with both header hashes), LEDGER_OLD, GATEWAY_LIED (an
 * older state), and what the gateway refuses. Source: docs/protocol/wallet.md, rules W-11 and W-13.
 */
export class LedgerView {
  readonly trustRoot: TrustRoot;
  readonly #gateway: GatewayClient;
  readonly #signedIn: GatewayClient | undefined;
  readonly #headers = new Map<number, Promise<VerifiedHeader>>();
  readonly #rows = new Map<string, Uint8Array>();
  readonly #keySets = new Map<AccountId, readonly OwnedKeySet[]>();
  readonly #keysAsOf = new Map<AccountId, { readonly keys: Keys; readonly asOf: number }>();
  readonly #now: () => number;
  /** Header hashes by height: every header that was verified here, and what the wallet kept. */
  readonly #known = new Map<number, Uint8Array>();
  /** What was known before this visit (the wallet's tip, or the trust root), until this gateway has shown it. */
  #unseen: number | undefined;
  #showing: Promise<unknown> | undefined;
  #tip: VerifiedTip;

  /** `signedIn`: many rows in one call are for those who have a session. */
  constructor(
    gateway: GatewayClient,
    trustRoot: TrustRoot,
    tip?: VerifiedTip,
    now: () => number = Date.now,
    signedIn?: GatewayClient,
  ) {
    this.#gateway = gateway;
    this.#now = now;
    this.#signedIn = signedIn;
    this.trustRoot = trustRoot;
    const rootHash = hexToBytes(trustRoot.headerHash) ?? new Uint8Array(0);
    this.#known.set(trustRoot.height, rootHash);
    if (tip !== undefined) this.#known.set(tip.height, tip.headerHash);
    this.#unseen = tip?.height ?? trustRoot.height;
    this.#tip = tip ?? { height: trustRoot.height, headerHash: rootHash, timeMs: 0 };
  }

  /** The newest header this view has verified. */
  get tip(): VerifiedTip {
    return this.#tip;
  }

  /** Asks for the newest block. */
  async latest(signal?: AbortSignal): Promise<VerifiedTip> {
    const answer = await this.#gateway.call(headerGet, { params: { height: 'latest' }, signal });
    const known = this.#tip.height;
    const { header } = await this.#verify(answer);
    if (header.height < known)
      throw new CodedError('GATEWAY_LIED', { height: header.height, known });
    return this.#tip;
  }

  /**
   * Walks from one header back to an older one and compares every one with what is known: an operator who
   * signs two ledgers cannot show the end of one on top of the beginning of the other.
   * Throws LEDGER_FORKED with the lowest height at which the two differ.
   */
  async requireLinked(from: number, to: number, signal?: AbortSignal): Promise<void> {
    const headers: VerifiedHeader[] = [];
    for (let at = from; at <= to; at += linkedAtOnce) {
      const heights = Array.from(
        { length: Math.min(linkedAtOnce, to - at + 1) },
        (_, index) => at + index,
      );
      headers.push(...(await Promise.all(heights.map((it) => this.#headerAt(it, signal)))));
    }
    for (const [index, next] of headers.entries()) {
      const before = headers[index - 1];
      if (before === undefined) continue;
      const linked = next.header.lastBlockId.hash;
      if (equalBytes(linked, before.headerHash)) continue;
      throw forked(before.header.height, before.headerHash, linked);
    }
  }

  /**
   * After LEDGER_FORKED: the same with the lowest height, of those that this view knows, at which the gateway
   * shows another header. From there on the ledgers differ at every height, so halving finds it.
   */
  async firstFork(found: CodedError, signal?: AbortSignal): Promise<CodedError> {
    const heights = [...this.#known.keys()]
      .filter((height) => height < Number(found.details.height))
      .sort((a, b) => a - b);
    let first = found;
    for (let low = 0, high = heights.length; low < high; ) {
      const middle = (low + high) >> 1;
      const fork = await this.#forkAt(heights[middle] ?? 0, signal);
      if (fork === undefined) low = middle + 1;
      else {
        first = fork;
        high = middle;
      }
    }
    return first;
  }

  async #forkAt(height: number, signal?: AbortSignal): Promise<CodedError | undefined> {
    try {
      // Asked anew: what is kept is what was shown before.
      await this.#verify(await this.#gateway.call(headerGet, { params: { height }, signal }));
      return undefined;
    } catch (error) {
      if (isCoded(error, 'LEDGER_FORKED')) return error;
      throw error;
    }
  }

  /** A header that was verified elsewhere, in a receipt. Throws LEDGER_FORKED. */
  meet(height: number, headerHash: Uint8Array): void {
    const known = this.#known.get(height);
    if (known !== undefined && !equalBytes(known, headerHash)) {
      throw forked(height, known, headerHash);
    }
    this.#known.set(height, headerHash);
    if (this.#known.size <= maxKnownHeaders) return;
    for (const old of this.#known.keys()) {
      if (old === this.trustRoot.height || old === this.#tip.height) continue;
      this.#known.delete(old);
      break;
    }
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

  /** As it stands now, for who is about to seal to what it names. Throws ACCOUNT_UNKNOWN, LEDGER_OLD. */
  async currentAccount(account: AccountId, signal?: AbortSignal): Promise<Account> {
    const row = await this.#row('accounts', account, signal, maxStateAgeMs);
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

  /** The identity in use. Throws ACCOUNT_UNKNOWN, LEDGER_OLD. */
  async identity(account: AccountId, signal?: AbortSignal): Promise<Identity> {
    const row = await this.#row('keys', account, signal, maxStateAgeMs);
    return identityInUse(account, row);
  }

  /** Of many accounts at once. Throws ACCOUNT_UNKNOWN, LEDGER_OLD. */
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

  /** As it stands now: that it is not revoked is news of the last ten minutes. Throws LEDGER_OLD. */
  consent(consent: ConsentId, signal?: AbortSignal): Promise<Consent | undefined> {
    return this.#row('consents', consent, signal, maxStateAgeMs);
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
    maxAgeMs = Number.POSITIVE_INFINITY,
  ): Promise<Tables[Name] | undefined> {
    const name = `${table}/${id}`;
    const kept = this.#rows.get(name);
    if (kept !== undefined) return decodeRow(table, kept);
    for (const waitMs of [...freshWaitsMs, undefined]) {
      const { value, timeMs, height } = await this.#provenRow(table, id, signal);
      const ageMs = this.#now() - timeMs;
      if (ageMs <= maxAgeMs) {
        if (value === undefined) return undefined;
        if (lasting.has(table)) this.#rows.set(name, value);
        return decodeRow(table, value);
      }
      if (waitMs === undefined) throw new CodedError('LEDGER_OLD', { height, ageMs });
      await pause(waitMs, signal);
    }
    throw new CodedError('INTERNAL');
  }

  /** A row, or its absence, and the header that proves it. */
  async #provenRow(table: TableName, id: string, signal?: AbortSignal): Promise<ProvenRow> {
    const newestSeen = this.#tip.height;
    const answer = await this.#gateway.call(stateGet, {
      params: { table, key: id },
      query: { proof: '1' },
      signal,
    });
    return this.#believe({ table, id }, answer, newestSeen, signal);
  }

  /** Rows that change, as they stand now, a few calls for all of them. Throws LEDGER_OLD. */
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
        const found = await Promise.all(
          part.map((id) => this.#row(table, id, signal, maxStateAgeMs)),
        );
        for (const [i, id] of part.entries()) rows.set(id, found[i]);
        continue;
      }
      const newestSeen = this.#tip.height;
      const body = { rows: part.map((key) => ({ table, key })) };
      const { answers } = await signedIn.call(statePost, { body, signal });
      for (const [i, id] of part.entries()) {
        const answer = answers[i];
        if (answer === undefined) throw new CodedError('GATEWAY_LIED', { table });
        const { value, timeMs } = await this.#believe({ table, id }, answer, newestSeen, signal);
        // One that is too old is asked for alone, with patience for the next header.
        if (this.#now() - timeMs > maxStateAgeMs) {
          rows.set(id, await this.#row(table, id, signal, maxStateAgeMs));
        } else rows.set(id, value === undefined ? undefined : decodeRow(table, value));
      }
    }
    return rows;
  }

  async #believe(
    row: { readonly table: TableName; readonly id: string },
    answer: StateAnswerMessage,
    newestSeen: number,
    signal?: AbortSignal,
  ): Promise<ProvenRow> {
    const { table } = row;
    // The state after block h is what header h + 1 carries.
    if (answer.height + 1 < newestSeen) {
      throw new CodedError('GATEWAY_LIED', { height: answer.height, known: newestSeen });
    }
    if (answer.proof === undefined) throw new CodedError('PROOF_INVALID', { table });
    const value = answer.value === null ? undefined : bytesOfText(answer.value);
    const proof = bytesOfText(answer.proof);
    const header = await this.#prove(answer.height, signal, (appHash) =>
      verifyStateAnswer(appHash, row, value, proof),
    );
    return { value, timeMs: msOfTimestamp(header.time), height: header.height };
  }

  /**
   * The state after a block stands in the next header; after an empty block it is still the one that its
   * own header carries, and the next may be long in coming.
   */
  async #prove(
    height: number,
    signal: AbortSignal | undefined,
    check: (appHash: Uint8Array) => void,
  ): Promise<Header> {
    if (height >= 1 && height >= this.#tip.height) {
      const { header } = await this.#headerAt(height, signal);
      if (equalBytes(header.dataHash, emptyRoot)) {
        check(header.appHash);
        return header;
      }
    }
    const { header } = await this.#headerAt(height + 1, signal);
    check(header.appHash);
    return header;
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
        const verified = await this.#verify(
          await this.#gateway.call(headerGet, { params: { height }, signal }),
        );
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
    await this.#requireKnownHeader(header.height);
    this.#accept(header, headerHash);
    return { header, headerHash };
  }

  /**
   * Before anything newer is believed, this gateway shows once the header that was known before: else a
   * ledger that was written anew would only have to be longer.
   */
  async #requireKnownHeader(height: number): Promise<void> {
    const known = this.#unseen;
    if (known === undefined || height <= known) return;
    this.#showing ??= this.#headerAt(known)
      .then(() => {
        this.#unseen = undefined;
      })
      .finally(() => {
        this.#showing = undefined;
      });
    await this.#showing;
  }

  /** Two signed headers of one height are evidence of a fork; older news moves nothing. */
  #accept(header: Header, headerHash: Uint8Array): void {
    const { height } = header;
    this.meet(height, headerHash);
    if (height < this.#tip.height) return;
    this.#tip = { height, headerHash, timeMs: msOfTimestamp(header.time) };
  }
}

const linkedAtOnce = 16;

/** Both hashes: what was known of this height, and what was shown; with the signed headers, evidence. */
function forked(height: number, known: Uint8Array, shown: Uint8Array): CodedError {
  const details = { height, known: bytesToHex(known), shown: bytesToHex(shown) };
  return new CodedError('LEDGER_FORKED', details);
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
