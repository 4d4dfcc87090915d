import { setTimeout as pause } from 'node:timers/promises';
import { sha256 } from '../../crypto/hash.ts';
import { decodeCommit, emptyRoot } from '../../ledger/chain/commit.ts';
import { decodeHeader, type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import { type VerifyVote, verifySigned } from '../../ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { type Validator, validatorsHash } from '../../ledger/chain/validators.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { BlockStore } from '../blocks/block-store.ts';
import { decodeKeptBlock, type KeptBlock } from '../blocks/kept-block.ts';
import { dataHash, resultsHash } from '../blocks/roots.ts';
import { isDiskFull } from '../disk-full.ts';
import type { ValidatorSets } from './validator-sets.ts';

/** Another member, who keeps blocks. Rejects where it does not answer, or has not that block. */
export type ShowKept = (height: number, signal: AbortSignal) => Promise<Uint8Array>;

/** Asked for at the same time, and put on disk together. */
const batch = 32;
const retryMs = 2_000;

export interface EarlierBlocksParts {
  readonly store: BlockStore;
  readonly sets: ValidatorSets;
  readonly chainId: string;
  /** After genesis, and the set of it: what the first block has to name. */
  readonly genesisAppHash: Uint8Array;
  readonly genesisValidators: readonly Validator[];
  readonly verifyVote: VerifyVote;
  /** Those who may have them, tried in turn. */
  readonly sources: readonly ShowKept[];
  /** Told after each step down. */
  readonly onKept: () => void;
}

/**
 * Fetches the blocks before the first one that is kept, from the newest backwards: each follows from the one after it, which
 * is believed, so that nobody who hands one over need be. Source: docs/protocol/cometbft.md, rule CB-15.
 */
export class EarlierBlocks {
  readonly #parts: EarlierBlocksParts;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Whom to ask first: the last who had what was wanted. */
  #turn = 0;

  constructor(parts: EarlierBlocksParts) {
    this.#parts = parts;
  }

  /** `onFault`: the blocks that all of them have are not of this ledger's genesis. */
  start(onFault: (error: unknown) => void): void {
    this.#running = this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) onFault(error);
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, onKept } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const first = store.firstHeight();
      if (first === 1) return;
      const kept = first === 0 ? false : await this.#stepBelow(first);
      if (signal.aborted) return;
      if (kept) onKept();
      else await pause(retryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Whether at least one more block is there now. */
  async #stepBelow(first: number): Promise<boolean> {
    const { store, sets } = this.#parts;
    const above = store.block(first);
    if (above === undefined) return false;
    const heights = Array.from({ length: Math.min(batch, first - 1) }, (_, at) => first - 1 - at);
    let next = decodeHeader(above.header);
    const asked = heights.map((height) => this.#ask(height, this.#turn));
    const verified: KeptBlock[] = [];
    for (const [at, height] of heights.entries()) {
      const kept = await this.#verified(height, next, asked[at]);
      if (kept === undefined) break;
      verified.push(kept);
      next = decodeHeader(kept.block.header);
    }
    await Promise.allSettled(asked);
    if (verified.length === 0) return false;
    if (this.#stop.signal.aborted) return false;
    for (const { block, validators } of verified) {
      sets.add(validators);
      const { validatorsHash: own, nextValidatorsHash: after } = decodeHeader(block.header);
      if (!equalBytes(own, after)) sets.endsAt(block.height);
    }
    try {
      store.prepend(verified.map(({ block }) => block));
    } catch (error) {
      if (isDiskFull(error)) return false;
      throw error;
    }
    return true;
  }

  /** The first that somebody has and that follows; undefined: nobody has it now. */
  async #verified(
    height: number,
    next: Header,
    asked: Promise<KeptBlock | undefined> | undefined,
  ): Promise<KeptBlock | undefined> {
    const { sources } = this.#parts;
    for (let tries = 0; tries < sources.length; tries++) {
      const kept = await (tries === 0 ? asked : this.#ask(height, this.#turn));
      if (this.#stop.signal.aborted) return undefined;
      if (kept !== undefined && (await this.#follows(kept, height, next))) return kept;
      this.#turn += 1;
    }
    return undefined;
  }

  async #ask(height: number, turn: number): Promise<KeptBlock | undefined> {
    const { sources } = this.#parts;
    const source = sources[turn % sources.length];
    try {
      const encoded = await source?.(height, this.#stop.signal);
      return encoded === undefined ? undefined : decodeKeptBlock(encoded);
    } catch {
      // Away, or without it: the next one is asked.
      return undefined;
    }
  }

  /** Whether this is the block before the one with header `next`. Throws NODE_WRONG: block 1 is of another genesis. */
  async #follows({ block, validators }: KeptBlock, height: number, next: Header): Promise<boolean> {
    const { chainId, verifyVote } = this.#parts;
    const header = headerOf(block.header);
    if (header === undefined) return false;
    const evidence = block.misbehaviour ?? [];
    const isLinked =
      header.height === height &&
      block.height === height &&
      msOfTimestamp(header.time) === block.timeMs &&
      equalBytes(headerHashBytes(header), next.lastBlockId.hash) &&
      equalBytes(header.nextValidatorsHash, next.validatorsHash) &&
      equalBytes(block.appHash, next.appHash) &&
      block.results.length === block.txs.length &&
      equalBytes(dataHash(block.txs.map((tx) => sha256(tx))), header.dataHash) &&
      equalBytes(resultsHash(block.results), next.lastResultsHash) &&
      equalBytes(header.evidenceHash, emptyRoot) === (evidence.length === 0);
    if (!isLinked) return false;
    try {
      const commit = decodeCommit(block.commit);
      await verifySigned({ header, commit, validators }, chainId, verifyVote);
    } catch (error) {
      if (isCoded(error)) return false;
      throw error;
    }
    if (height === 1) this.#requireGenesis(header);
    return true;
  }

  #requireGenesis(header: Header): void {
    const { genesisAppHash, genesisValidators } = this.#parts;
    const isOurs =
      equalBytes(header.appHash, genesisAppHash) &&
      equalBytes(header.validatorsHash, validatorsHash(genesisValidators));
    if (!isOurs) throw new CodedError('NODE_WRONG', { what: 'genesis', height: 1 });
  }
}

function headerOf(encoded: Uint8Array): Header | undefined {
  try {
    return decodeHeader(encoded);
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}
