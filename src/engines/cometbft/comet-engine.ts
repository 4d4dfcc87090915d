import { sha256 } from '../../crypto/hash.ts';
import { decodeCommit } from '../../ledger/chain/commit.ts';
import { decodeHeader } from '../../ledger/chain/header.ts';
import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import { encodeReceipt } from '../../ledger/chain/receipt.ts';
import { type TrustRoot, trustRootOf } from '../../ledger/chain/trust-root.ts';
import { sortValidators, type Validator } from '../../ledger/chain/validators.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { idBytes, type TxId, txIdOf } from '../../primitives/ids.ts';
import type { HeadsAnswer, StateAnswer } from '../application.ts';
import { BlockCache } from '../blocks/block-cache.ts';
import { BlockStore } from '../blocks/block-store.ts';
import { encodeKeptBlock } from '../blocks/kept-block.ts';
import type { CommitOutcome, CommittedBlock, LedgerEngine, SignedHeader } from '../engine.ts';
import { EarlierBlocks, type ShowKept } from './earlier-blocks.ts';
import { KeptBlocks } from './kept-blocks.ts';
import {
  consistencyPath,
  decodeHashes,
  decodeHeads,
  encodeConsistency,
  headsPath,
  queryCodes,
  statePath,
} from './queries.ts';
import { readQuery, readSent, readTurns } from './rpc/read-answers.ts';
import { type Answered, CometRpc, RpcError } from './rpc/rpc.ts';
import { ValidatorSets } from './validator-sets.ts';

export interface CometOptions {
  /** CometBFT's RPC on this machine, such as http://127.0.0.1:26657. */
  readonly rpcUrl: string;
  /** Where blocks and validator sets are kept. */
  readonly blocksPath: string;
  readonly validatorsPath: string;
  readonly chainId: string;
  readonly genesisHash: Uint8Array;
  readonly genesisMs: number;
  /** Of the genesis. */
  readonly validators: readonly Validator[];
  /** What the first header has to name. */
  readonly genesisAppHash: Uint8Array;
  /** The node shows what cannot be: nothing is believed of it any more. */
  readonly onFault: (error: unknown) => void;
  /** Other members, for blocks from before this one joined; missing: there are none to ask. */
  readonly sources?: readonly ShowKept[];
  readonly verifyVote?: VerifyVote;
  /** How long the first block may take; a node that joins fetches the state first. */
  readonly firstBlockMs?: number;
}

/** How many that were submitted here are remembered until a block has them. */
const mostSubmitted = 20_000;
/** How long a new ledger waits for its first block: the others' machines may still be starting. */
const firstBlockMs = 60_000;
/** How long a transaction waits for a node that fetches blocks, and how often the node is asked. */
const catchUpMs = 10_000;
const catchUpStepMs = 100;
const catchingUp = 'catching up';

/**
 * The ledger of a consortium, as one hospital's gateway sees it: its own CometBFT node, which orders transactions with the
 * others' nodes. Everything that was committed is read from what is kept here; only what is new is asked of the node, and
 * state of the application behind it. Source: docs/protocol/cometbft.md, rules CB-8 and CB-9.
 */
export class CometEngine implements LedgerEngine {
  readonly #options: CometOptions;
  readonly #rpc: CometRpc;
  readonly #store: BlockStore;
  readonly #sets: ValidatorSets;
  readonly #blocks: BlockCache;
  readonly #kept: KeptBlocks;
  #earlier: EarlierBlocks | undefined;
  /** The oldest block that is here; 0: none yet. */
  #first: number;
  /** What CheckTx let in here, and since when it waits. */
  readonly #submitted = new Map<TxId, number>();

  private constructor(options: CometOptions) {
    const { rpcUrl, blocksPath, validatorsPath, chainId, onFault } = options;
    const { genesisHash, genesisMs, validators } = options;
    this.#options = options;
    this.#rpc = new CometRpc(rpcUrl);
    this.#store = new BlockStore(blocksPath);
    if (this.#store.identity() === undefined) {
      this.#store.setIdentity({ chainId, genesisHash, genesisMs, validators });
    }
    this.#sets = new ValidatorSets(validatorsPath);
    this.#blocks = new BlockCache(this.#store);
    this.#first = this.#store.firstHeight();
    this.#kept = new KeptBlocks({
      ...{ rpc: this.#rpc, store: this.#store, sets: this.#sets, chainId, onFault },
      genesis: { height: 0, timeMs: options.genesisMs, appHash: options.genesisAppHash },
      onBlock: (block, txIds) => {
        if (this.#first === 0) this.#first = block.height;
        this.#blocks.add(block, txIds);
        for (const id of txIds) this.#submitted.delete(txIdOf(id));
      },
    });
  }

  /** Once the node answers and everything it has is kept. Throws NODE_SILENT, NODE_WRONG, LEDGER_CORRUPT. */
  static async open(options: CometOptions): Promise<CometEngine> {
    const engine = new CometEngine(options);
    try {
      await engine.#kept.start();
      await engine.#untilFirst();
      engine.#fetchEarlier();
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** A new ledger's validators agree on its first block once most of them are there. Throws LEDGER_STALLED. */
  async #untilFirst(): Promise<void> {
    const deadline = performance.now() + (this.#options.firstBlockMs ?? firstBlockMs);
    // Of a snapshot's height nothing is kept but what the next header says of it.
    while (this.#first === 0) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new CodedError('LEDGER_STALLED', { height: 0 });
      await this.#kept.next(leftMs);
    }
  }

  #fetchEarlier(): void {
    const { sources = [], verifyVote, chainId, genesisAppHash, validators } = this.#options;
    if (this.#first <= 1 || sources.length === 0 || verifyVote === undefined) return;
    this.#earlier = new EarlierBlocks({
      ...{ store: this.#store, sets: this.#sets, chainId, verifyVote, sources, genesisAppHash },
      genesisValidators: sortValidators(validators),
      onKept: () => {
        this.#first = this.#store.firstHeight();
        this.#kept.wake();
      },
    });
    this.#earlier.start(this.#options.onFault);
  }

  historyFrom(): number | undefined {
    return this.#first > 1 ? this.#first : undefined;
  }

  /** Throws HISTORY_MISSING: below what is here, or (of no height) anywhere there. */
  #requireHere(height = 0): void {
    if (this.#first > 1 && height < this.#first) {
      throw new CodedError('HISTORY_MISSING', { from: this.#first });
    }
  }

  async keptBlock(height: number): Promise<Uint8Array> {
    this.#requireOpen();
    this.#requireHere(height);
    const block = this.#store.block(height);
    if (block === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    const validators = this.#sets.of(decodeHeader(block.header).validatorsHash);
    return encodeKeptBlock({ block, validators });
  }

  async turns(height: number): Promise<readonly number[]> {
    this.#requireOpen();
    if (height > this.#kept.tip.height) throw new CodedError('HEIGHT_UNKNOWN', { height });
    const asked = { height: String(height), per_page: '100' };
    return readTurns(await this.#rpc.ask('validators', asked));
  }

  get chainId(): string {
    return this.#options.chainId;
  }

  status() {
    const { height, timeMs, appHash } = this.#kept.tip;
    return { height, timeMs, appHash, stalledMs: this.#stalledMs() };
  }

  /** Since when the oldest that waits has waited, and no block came. */
  #stalledMs(): number {
    const [oldest] = this.#submitted.values();
    return oldest === undefined ? 0 : Math.floor(performance.now() - oldest);
  }

  /** Throws LEDGER_BUSY, NODE_SILENT. */
  async submit(tx: Uint8Array): Promise<{ readonly code: number; readonly txId: TxId }> {
    this.#requireOpen();
    const hash = sha256(tx);
    const txId = txIdOf(hash);
    if (this.#store.find(hash) !== undefined) return { code: 0, txId };
    try {
      const { code } = readSent(await this.#send(tx));
      if (code === 0) this.#remember(txId);
      return { code, txId };
    } catch (error) {
      const said = error instanceof CodedError ? error.cause : undefined;
      if (!(said instanceof RpcError)) throw error;
      // It waits already, or was refused and is in the node's memory of those: what comes of it is had from waitCommit.
      if (said.data.includes('tx already exists in cache')) {
        this.#remember(txId);
        return { code: 0, txId };
      }
      throw new CodedError('LEDGER_BUSY', {}, error);
    }
  }

  /** CometBFT v0.40 takes none while it fetches blocks from its peers, as for a moment after each start. */
  async #send(tx: Uint8Array): Promise<Answered> {
    const params = { tx: Buffer.from(tx).toString('base64') };
    const deadline = performance.now() + catchUpMs;
    for (;;) {
      try {
        return await this.#rpc.ask('broadcast_tx_sync', params);
      } catch (error) {
        const said = error instanceof CodedError ? error.cause : undefined;
        const catchesUp = said instanceof RpcError && said.data.includes(catchingUp);
        if (!catchesUp) throw error;
        // Without its cause: it is no answer of a node that has no room.
        if (performance.now() > deadline) throw new CodedError('NODE_SILENT', { what: catchingUp });
      }
      await this.#kept.next(catchUpStepMs);
      this.#requireOpen();
    }
  }

  #remember(txId: TxId): void {
    if (!this.#submitted.has(txId)) this.#submitted.set(txId, performance.now());
    if (this.#submitted.size <= mostSubmitted) return;
    const [oldest] = this.#submitted.keys();
    if (oldest !== undefined) this.#submitted.delete(oldest);
  }

  async waitCommit(txId: TxId, timeoutMs: number): Promise<CommitOutcome> {
    this.#requireOpen();
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const outcome = this.#outcome(txId);
      if (outcome !== undefined) return outcome;
      if (!this.#submitted.has(txId)) {
        this.#requireHere();
        throw new CodedError('TX_UNKNOWN');
      }
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new CodedError('COMMIT_TIMEOUT');
      await this.#kept.next(leftMs);
      this.#requireOpen();
    }
  }

  #outcome(txId: TxId): CommitOutcome | undefined {
    const place = this.#store.find(idBytes(txId));
    if (place === undefined) return undefined;
    const { height, index } = place;
    const block = this.#blocks.block(height);
    const result = block?.results[index];
    if (block === undefined || result === undefined) return undefined;
    // One that a liar brought again was judged at its first place, which may not be here yet.
    if (result.code !== 0) this.#requireHere();
    return { txId, height, timeMs: block.timeMs, index, result };
  }

  async query(
    table: string,
    key: Uint8Array,
    { prove }: { readonly prove: boolean },
  ): Promise<StateAnswer> {
    const { code, value, height, proof } = await this.#query(statePath(table), key, prove);
    if (code !== queryCodes.found && code !== queryCodes.absent) {
      throw new CodedError('NODE_WRONG', { what: 'query', code });
    }
    return { height, value: code === queryCodes.found ? value : undefined, proof };
  }

  async heads(): Promise<HeadsAnswer> {
    return decodeHeads((await this.#query(headsPath, new Uint8Array(0), false)).value);
  }

  async logConsistency(log: LogName, from: number, to: number): Promise<readonly Uint8Array[]> {
    if (from < 1 || from > to) throw new CodedError('HEIGHT_UNKNOWN', { from, to });
    const question = encodeConsistency({ log, from, to });
    const { code, value } = await this.#query(consistencyPath, question, false);
    if (code === queryCodes.heightUnknown) throw new CodedError('HEIGHT_UNKNOWN', { from, to });
    return decodeHashes(value);
  }

  async #query(path: string, data: Uint8Array, prove: boolean) {
    this.#requireOpen();
    return readQuery(await this.#rpc.ask('abci_query', { path, data: bytesToHex(data), prove }));
  }

  async block(height: number): Promise<CommittedBlock> {
    this.#requireOpen();
    this.#requireHere(height);
    const block = this.#blocks.block(height);
    if (block === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return block;
  }

  async signedHeader(height: number): Promise<SignedHeader> {
    this.#requireOpen();
    this.#requireHere(height);
    const signed = this.#store.signed(height);
    if (signed === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    const { validatorsHash } = decodeHeader(signed.header);
    return { height, ...signed, validators: this.#sets.of(validatorsHash) };
  }

  /** What people need to check this ledger's receipts: its first header and those who signed it. */
  async trustRoot(witnesses: readonly Uint8Array[] = []): Promise<TrustRoot> {
    const { header } = await this.signedHeader(1);
    return trustRootOf(decodeHeader(header), this.#options.genesisHash, witnesses);
  }

  async receipt(txId: TxId, timeoutMs: number): Promise<Uint8Array> {
    const deadline = performance.now() + timeoutMs;
    const { height, index, result } = await this.waitCommit(txId, timeoutMs);
    // It leads over every change of the validators since the first block.
    this.#requireHere();
    // The node makes a block after each that changed the state, so that its hash is signed.
    while (this.#kept.tip.height === height) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new CodedError('COMMIT_TIMEOUT');
      await this.#kept.next(leftMs);
      this.#requireOpen();
    }
    const next = this.#signed(height + 1);
    return encodeReceipt({
      ...this.#blocks.proof(height, index),
      ...{ height, index, result },
      nextHeader: next.header,
      nextCommit: next.commit,
      nextValidators: next.validators,
      witnesses: [],
      changes: this.#sets.endsBefore(height + 1).map((end) => this.#signed(end)),
      claim: undefined,
    });
  }

  #signed(height: number) {
    const signed = this.#store.signed(height);
    if (signed === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    const header = decodeHeader(signed.header);
    const commit = decodeCommit(signed.commit);
    return { header, commit, validators: this.#sets.of(header.validatorsHash) };
  }

  async *subscribe(from: number, signal: AbortSignal): AsyncIterable<CommittedBlock> {
    let height = Math.max(1, from);
    while (!signal.aborted && !this.#kept.isClosed) {
      if (height >= this.#first && height <= this.#kept.tip.height)
        yield await this.block(height++);
      else await this.#kept.next(undefined, signal);
    }
  }

  async close(): Promise<void> {
    if (this.#kept.isClosed) return;
    await this.#earlier?.close();
    await this.#kept.close();
    this.#store.close();
    this.#sets.close();
  }

  #requireOpen(): void {
    if (this.#kept.isClosed) throw new CodedError('LEDGER_CLOSED');
  }
}
