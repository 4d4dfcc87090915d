import { setTimeout as pause } from 'node:timers/promises';
import { sha256 } from '../../crypto/hash.ts';
import { txLeaf } from '../../ledger/chain/block-leaves.ts';
import { encodeCommit } from '../../ledger/chain/commit.ts';
import { follows } from '../../ledger/chain/hand-over.ts';
import {
  decodeHeader,
  encodeHeader,
  type Header,
  headerHashBytes,
} from '../../ledger/chain/header.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { type Validator, validatorsHash } from '../../ledger/chain/validators.ts';
import { merkleTree } from '../../ledger/merkle.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { Bell } from '../bell.ts';
import type { BlockStore } from '../blocks/block-store.ts';
import type { StoredBlock } from '../blocks/stored-block.ts';
import { isDiskFull } from '../disk-full.ts';
import {
  readBlock,
  readCommitted,
  readResults,
  readSigned,
  readSync,
  readValidators,
} from './rpc/read-answers.ts';
import type { CometRpc } from './rpc/rpc.ts';
import type { ValidatorSets } from './validator-sets.ts';

/** Without news for so long the node is asked: a socket may be dead and not say so. */
const askMs = 500;
const setPage = 100;
/** A node that starts reads its files first, and replays what its application lacks. */
const patienceMs = 60_000;

/** What the newest block that is kept says. */
export interface KeptTip {
  /** 0: none yet. */
  readonly height: number;
  readonly timeMs: number;
  readonly appHash: Uint8Array;
}

export interface KeptBlocksParts {
  readonly rpc: CometRpc;
  readonly store: BlockStore;
  readonly sets: ValidatorSets;
  readonly chainId: string;
  /** Before the first block. */
  readonly genesis: KeptTip;
  readonly onBlock: (block: StoredBlock, txIds: readonly Uint8Array[]) => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * Every block of this hospital's node, as soon as the node has it, in a file of our own: what receipts, the gateway's index
 * and verification read, on whichever engine, whatever the node itself still keeps. A block that does not follow from the
 * one before it is not kept: the node lies, or is another chain's. Source: docs/protocol/cometbft.md, rule CB-9.
 */
export class KeptBlocks {
  readonly #parts: KeptBlocksParts;
  readonly #stop = new AbortController();
  readonly #bell = new Bell();
  #tip: KeptTip;
  #lastHeader: Header | undefined;
  #news: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(parts: KeptBlocksParts) {
    this.#parts = parts;
    const newest = parts.store.block(parts.store.lastHeight());
    this.#tip = newest ?? parts.genesis;
    this.#lastHeader = newest === undefined ? undefined : decodeHeader(newest.header);
  }

  get tip(): KeptTip {
    return this.#tip;
  }

  get isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Resolves when what the node has now is kept; it may still be starting. Throws NODE_SILENT, NODE_WRONG. */
  async start(): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        await this.#catchUp();
        break;
      } catch (error) {
        if (!isCoded(error, 'NODE_SILENT') || performance.now() > deadline) throw error;
      }
      await pause(askMs);
    }
    this.#listen();
    this.#running = this.#follow();
  }

  /** Resolves at the next block, after `timeoutMs`, at the signal, or when this is closed. */
  async next(timeoutMs?: number, signal?: AbortSignal): Promise<void> {
    if (!this.isClosed) await this.#bell.next(timeoutMs, signal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#news();
    this.#bell.ring();
    await this.#running;
  }

  #listen(): void {
    const { signal } = this.#stop;
    const again = () => {
      if (!signal.aborted) setTimeout(() => this.#listen(), askMs).unref();
    };
    this.#parts.rpc.listen(() => this.#news(), again, signal);
  }

  async #follow(): Promise<void> {
    while (!this.isClosed) {
      const timer = setTimeout(() => this.#news(), askMs);
      await new Promise<void>((resolve) => {
        this.#news = resolve;
      });
      clearTimeout(timer);
      if (this.isClosed) return;
      try {
        await this.#catchUp();
      } catch (error) {
        // A node that starts again is asked again, and a full disk may have room; one that shows another chain is not
        // believed any more.
        if (this.isClosed) return;
        if (isCoded(error, 'NODE_SILENT') || isDiskFull(error)) continue;
        this.#parts.onFault(error);
        return;
      }
    }
  }

  /** What the application has committed: the node shows a block some moments before its state can be asked for. */
  async #catchUp(): Promise<void> {
    const committed = readCommitted(await this.#parts.rpc.ask('abci_info'));
    if (this.#tip.height === 0 && committed > 0 && !(await this.#hasBegun())) return;
    while (this.#tip.height < committed && !this.isClosed) await this.#keep(this.#tip.height + 1);
  }

  /**
   * Whether it is known where what is kept begins: at the node's own oldest block, where that is not the first, since the
   * node came by a snapshot or gave its own up (CB-15, CB-16).
   */
  async #hasBegun(): Promise<boolean> {
    const { rpc } = this.#parts;
    const { earliest } = readSync(await rpc.ask('status'));
    if (earliest <= 1) return earliest === 1;
    const { header } = readSigned(await rpc.ask('commit', { height: String(earliest) }));
    const timeMs = msOfTimestamp(header.time);
    this.#tip = { height: earliest - 1, timeMs, appHash: header.appHash };
    return true;
  }

  async #keep(height: number): Promise<void> {
    const { rpc, store, sets } = this.#parts;
    const at = { height: String(height) };
    const [signedAnswer, blockAnswer, resultsAnswer] = await Promise.all([
      rpc.ask('commit', at),
      rpc.ask('block', at),
      rpc.ask('block_results', at),
    ]);
    const { header, commit } = readSigned(signedAnswer);
    const { txs, misbehaviour } = readBlock(blockAnswer);
    const { results, appHash } = readResults(resultsAnswer);
    const txIds = txs.map((tx) => sha256(tx));
    this.#requireNext(header, txIds, results.length);
    if (!sets.has(header.validatorsHash)) sets.add(await this.#setAt(height, header));
    if (!equalBytes(header.nextValidatorsHash, header.validatorsHash)) sets.endsAt(height);
    const block: StoredBlock = {
      height,
      timeMs: msOfTimestamp(header.time),
      header: encodeHeader(header),
      commit: encodeCommit(commit),
      ...{ txs, misbehaviour, results, appHash },
    };
    store.append(block, txIds);
    await store.flush();
    this.#tip = block;
    this.#lastHeader = header;
    this.#parts.onBlock(block, txIds);
    this.#bell.ring();
  }

  /** Throws NODE_WRONG. */
  #requireNext(header: Header, txIds: readonly Uint8Array[], results: number): void {
    const last = this.#lastHeader;
    const wrong = (what: string) => new CodedError('NODE_WRONG', { what, height: header.height });
    if (header.chainId !== this.#parts.chainId) throw wrong('chain');
    if (header.height !== this.#tip.height + 1) throw wrong('height');
    if (!equalBytes(header.appHash, this.#tip.appHash)) throw wrong('app_hash');
    if (last !== undefined && !follows(last, headerHashBytes(last), header)) {
      throw wrong('last_block_id');
    }
    if (!equalBytes(header.dataHash, merkleTree(txIds.map(txLeaf)).root)) throw wrong('data');
    if (results !== txIds.length) throw wrong('results');
  }

  async #setAt(height: number, { validatorsHash: named }: Header): Promise<readonly Validator[]> {
    const all: Validator[] = [];
    for (let page = 1; ; page++) {
      const asked = { height: String(height), page: String(page), per_page: String(setPage) };
      const { validators, total } = readValidators(await this.#parts.rpc.ask('validators', asked));
      all.push(...validators);
      if (all.length >= total || validators.length === 0) break;
    }
    if (!equalBytes(validatorsHash(all), named)) {
      throw new CodedError('NODE_WRONG', { what: 'validators', height, named: bytesToHex(named) });
    }
    return all;
  }

  /** Who waits looks again: earlier blocks are here. */
  wake(): void {
    this.#bell.ring();
  }
}
