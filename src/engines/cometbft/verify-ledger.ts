import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../crypto/hash.ts';
import { decodeCommit } from '../../ledger/chain/commit.ts';
import { decodeHeader, type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import { verifySigned } from '../../ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { sortValidators, type Validator, validatorsHash } from '../../ledger/chain/validators.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { headerHashOf } from '../../primitives/ids.ts';
import type { Application } from '../application.ts';
import { BlockStore } from '../blocks/block-store.ts';
import { copyBlocks } from '../blocks/copy-blocks.ts';
import { dataHash, resultsHash } from '../blocks/roots.ts';
import type { LedgerIdentity, StoredBlock } from '../blocks/stored-block.ts';
import type { LedgerVerdict, VerifyOptions } from '../blocks/verification.ts';
import { ValidatorSets } from './validator-sets.ts';

/**
 * Hashes every block that a hospital keeps of a consortium's ledger, counts the votes on each, and executes every
 * transaction again. Who may vote follows from the genesis and from what was executed, so nothing that the node said is
 * believed. Source: docs/protocol/cometbft.md, rule CB-11. Throws STORE_BUSY, INTERRUPTED.
 */
export async function verifyConsortiumLedger(options: VerifyOptions): Promise<LedgerVerdict> {
  const temporary = mkdtempSync(join(tmpdir(), 'salus-verify-'));
  try {
    if (existsSync(join(options.directory, 'blocks.db'))) copyBlocks(options.directory, temporary);
    const store = new BlockStore(join(temporary, 'blocks.db'));
    try {
      const from = store.firstHeight();
      if (from > 1) return await verifyLater({ options, store, from });
      const application = await options.openApplication(temporary);
      try {
        return await new Verification(options, store, application).run();
      } finally {
        application.close();
      }
    } finally {
      store.close();
    }
  } catch (error) {
    if (!isCoded(error, 'LEDGER_CORRUPT')) throw error;
    const { height, what } = error.details;
    return { ok: false, height: Number(height ?? 0), what: String(what ?? 'storage') };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * The blocks of a home that joined by a snapshot and lacks those before it: that each follows from the one before, its data,
 * results and app hash are what the next header says, and its votes are of the set that it names, which follows the set
 * before it by the header before it. Source: docs/protocol/cometbft.md, rule CB-15.
 */
async function verifyLater(of: {
  readonly options: VerifyOptions;
  readonly store: BlockStore;
  readonly from: number;
}): Promise<LedgerVerdict> {
  const { options, store, from } = of;
  const { signal, onBlock, verifyVote } = options;
  const chainId = store.identity()?.chainId;
  if (chainId === undefined) throw broken('missing', 0);
  const sets = new ValidatorSets(join(options.directory, 'validators.db'), { readOnly: true });
  try {
    const last = store.lastHeight();
    let before: { readonly stored: StoredBlock; readonly header: Header } | undefined;
    for (let height = from; height <= last; height++) {
      if (signal?.aborted === true) throw new CodedError('INTERRUPTED');
      const stored = store.block(height);
      if (stored === undefined) throw broken('missing', height);
      const header = headerIn(stored);
      if (header.chainId !== chainId || header.height !== height) throw broken('chain', height);
      if (before !== undefined) requireFollows(before, header);
      const txIds = stored.txs.map((tx) => sha256(tx));
      if (!equalBytes(header.dataHash, dataHash(txIds))) throw broken('data', height);
      const validators = setNamed(sets, header);
      const parts = { header, commit: decodeCommit(stored.commit), validators };
      try {
        await verifySigned(parts, chainId, verifyVote);
      } catch (error) {
        if (isCoded(error, 'HEADER_INVALID')) throw broken('signature', height);
        throw error;
      }
      before = { stored, header };
      onBlock?.(height, last);
    }
    if (before === undefined) throw broken('missing', from);
    const headerHash = headerHashOf(headerHashBytes(before.header));
    return { ok: true, height: last, headerHash, from };
  } finally {
    sets.close();
  }
}

function requireFollows(
  before: { readonly stored: StoredBlock; readonly header: Header },
  header: Header,
): void {
  const { height } = header;
  const isLinked =
    equalBytes(header.lastBlockId.hash, headerHashBytes(before.header)) &&
    equalBytes(header.validatorsHash, before.header.nextValidatorsHash);
  if (!isLinked) throw broken('chain', height);
  if (!equalBytes(header.appHash, before.stored.appHash)) throw broken('state', height);
  const results = resultsHash(before.stored.results);
  if (!equalBytes(header.lastResultsHash, results)) throw broken('result', height - 1);
}

function setNamed(sets: ValidatorSets, { validatorsHash: hash, height }: Header) {
  try {
    return sets.of(hash);
  } catch (cause) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'votes', height }, cause);
  }
}

const broken = (what: string, height: number) => new CodedError('LEDGER_CORRUPT', { what, height });

/** What the next header has to name. */
interface Expected {
  readonly headerHash: Uint8Array;
  readonly timeMs: number;
  readonly appHash: Uint8Array;
  readonly resultsHash: Uint8Array;
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #store: BlockStore;
  readonly #application: Application;
  readonly #identity: LedgerIdentity;
  /** Of the next block and of the one after it. */
  #sets: { readonly now: readonly Validator[]; readonly next: readonly Validator[] };
  #expected: Expected;
  #lastHash: Uint8Array = new Uint8Array(0);

  constructor(options: VerifyOptions, store: BlockStore, application: Application) {
    const identity = store.identity();
    if (identity === undefined) throw broken('missing', 0);
    this.#options = options;
    this.#store = store;
    this.#application = application;
    this.#identity = identity;
    const first = sortValidators(identity.validators);
    this.#sets = { now: first, next: first };
    this.#expected = {
      ...{ headerHash: new Uint8Array(0), timeMs: 0 },
      ...{ appHash: application.info().appHash, resultsHash: resultsHash([]) },
    };
  }

  async run(): Promise<LedgerVerdict> {
    const { trustRoot, signal, onBlock } = this.#options;
    const { chainId, genesisHash } = this.#identity;
    const isSameLedger =
      trustRoot === undefined ||
      (trustRoot.chain === chainId && trustRoot.genesisHash === bytesToHex(genesisHash));
    if (!isSameLedger) throw broken('trust-root', 0);
    const last = this.#store.lastHeight();
    let txs = 0;
    for (let height = 1; height <= last; height++) {
      if (signal?.aborted === true) throw new CodedError('INTERRUPTED');
      const stored = this.#store.block(height);
      if (stored === undefined) throw broken('missing', height);
      await this.#verify(stored);
      txs += this.#requireIndex(stored);
      onBlock?.(height, last);
    }
    if (this.#store.indexedTxs() !== txs) throw broken('index', last);
    if (trustRoot !== undefined && trustRoot.height > last) throw broken('missing', last + 1);
    return { ok: true, height: last, headerHash: headerHashOf(this.#lastHash) };
  }

  async #verify(stored: StoredBlock): Promise<void> {
    const { height, txs, results } = stored;
    const { handedTo } = this.#options;
    if (handedTo?.afterHeight === height) {
      this.#sets = { now: this.#sets.now, next: sortValidators(handedTo.validators) };
    }
    const header = headerIn(stored);
    const txIds = txs.map((tx) => sha256(tx));
    this.#requireNext(header, stored, txIds);
    await this.#requireVotes(header, stored);
    const headerHash = headerHashBytes(header);
    const { trustRoot } = this.#options;
    if (trustRoot?.height === height && headerHashOf(headerHash) !== trustRoot.headerHash) {
      throw broken('trust-root', height);
    }
    await this.#execute(stored);
    const { timeMs, appHash } = stored;
    // The first header of those to whom it was handed over names none before it.
    const named = handedTo?.afterHeight === height ? new Uint8Array(0) : headerHash;
    this.#lastHash = headerHash;
    this.#expected = { headerHash: named, timeMs, appHash, resultsHash: resultsHash(results) };
  }

  #requireNext(header: Header, stored: StoredBlock, txIds: readonly Uint8Array[]): void {
    const { height } = stored;
    const { headerHash, timeMs, appHash, resultsHash: lastResults } = this.#expected;
    const { now, next } = this.#sets;
    const follows =
      header.chainId === this.#identity.chainId &&
      header.height === height &&
      msOfTimestamp(header.time) === stored.timeMs &&
      (stored.timeMs > timeMs || height === 1) &&
      equalBytes(header.lastBlockId.hash, headerHash) &&
      equalBytes(header.validatorsHash, validatorsHash(now)) &&
      equalBytes(header.nextValidatorsHash, validatorsHash(next));
    if (!follows) throw broken('chain', height);
    if (!equalBytes(header.dataHash, dataHash(txIds))) throw broken('data', height);
    if (stored.results.length !== stored.txs.length) throw broken('result', height);
    if (!equalBytes(header.appHash, appHash)) throw broken('state', height);
    if (!equalBytes(header.lastResultsHash, lastResults)) throw broken('result', height);
  }

  /** How many transactions stand in this block first: one that a liar brought again is found where it stood before. */
  #requireIndex({ height, txs }: StoredBlock): number {
    let first = 0;
    for (const [index, tx] of txs.entries()) {
      const place = this.#store.find(sha256(tx));
      const isHere = place?.height === height && place.index === index;
      if (isHere) first += 1;
      const isBefore =
        place !== undefined &&
        (place.height < height || (place.height === height && place.index < index));
      const there = isBefore ? this.#store.block(place.height)?.txs[place.index] : undefined;
      if (!isHere && (there === undefined || !equalBytes(there, tx))) throw broken('index', height);
    }
    return first;
  }

  async #requireVotes(header: Header, { commit, height }: StoredBlock): Promise<void> {
    const parts = { header, commit: decodeCommit(commit), validators: this.#sets.now };
    try {
      await verifySigned(parts, this.#identity.chainId, this.#options.verifyVote);
    } catch (error) {
      if (isCoded(error, 'HEADER_INVALID')) throw broken('signature', height);
      throw error;
    }
  }

  /** The stored results and app hash must say the same, and what the block decided of the validators holds two later. */
  async #execute(stored: StoredBlock): Promise<void> {
    const { height, timeMs, txs, misbehaviour = [], results, appHash } = stored;
    const block = { height, timeMs, txs, misbehaviour };
    const output = await this.#application.finalizeBlock(block);
    const areSame =
      output.results.length === results.length &&
      output.results.every(({ code, data }, at) => {
        const kept = results[at];
        return kept !== undefined && kept.code === code && equalBytes(kept.data, data);
      });
    if (!areSame) throw broken('result', height);
    if (!equalBytes(output.appHash, appHash)) throw broken('state', height);
    this.#application.commit();
    this.#sets = {
      now: this.#sets.next,
      next: setAfter(this.#sets.next, output.validatorUpdates),
    };
  }
}

/** A set with what a block changed of it; power 0 leaves. */
function setAfter(set: readonly Validator[], updates: readonly Validator[]): readonly Validator[] {
  if (updates.length === 0) return set;
  const changed = new Set(updates.map(({ publicKey }) => bytesToHex(publicKey)));
  const stayed = set.filter(({ publicKey }) => !changed.has(bytesToHex(publicKey)));
  return sortValidators([...stayed, ...updates.filter(({ power }) => power > 0)]);
}

function headerIn({ header, height }: StoredBlock): Header {
  try {
    return decodeHeader(header);
  } catch (cause) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'header', height }, cause);
  }
}
