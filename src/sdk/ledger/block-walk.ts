import { blockGet } from '../../api/routes/block-get.ts';
import { blockWholeGet } from '../../api/routes/block-whole-get.ts';
import { headerGet } from '../../api/routes/header-get.ts';
import { logHeadsGet } from '../../api/routes/log-heads-get.ts';
import { verifyVote } from '../../crypto/signature.ts';
import type { LogHeads } from '../../ledger/app-hash.ts';
import { commitHash, emptyRoot } from '../../ledger/chain/commit.ts';
import { follows } from '../../ledger/chain/hand-over.ts';
import { headerHashBytes } from '../../ledger/chain/header.ts';
import { type SignedHeaderParts, verifySigned } from '../../ledger/chain/light-client.ts';
import {
  decodeShownBlock,
  type ShownBlock,
  shownDataHash,
  shownResultsHash,
} from '../../ledger/chain/shown-block.ts';
import { isAfter } from '../../ledger/chain/timestamp.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { appendToLog, emptyLog, type Tile } from '../../ledger/log-tree.ts';
import { leafHash } from '../../ledger/merkle.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { pause, stopIfAborted } from '../client/http.ts';
import { carries, type ShownHeads, shownHeads } from './grown-logs.ts';
import { headerPartsOf } from './header-answer.ts';

const askedAtOnce = 16;
const busyWaitMs = 2_000;
/** A block with transactions is followed by the one that proves its state: so often it is asked for. */
const proofWaitsMs = [10, 50, 200, 1_000, 4_000];

/** A block that hashes up to its signed header, and the header after it, where there is one yet. */
export interface WalkedBlock {
  readonly parts: SignedHeaderParts;
  readonly headerHash: Uint8Array;
  readonly block: ShownBlock;
  /** What it carries is proven of this block: its results and the state after it. */
  readonly next: SignedHeaderParts | undefined;
}

interface Fetched {
  readonly parts: SignedHeaderParts;
  readonly block: ShownBlock;
}

export interface WalkOptions {
  /** Asks as who is signed in: the logs that are open to that role come whole. */
  readonly signedIn?: GatewayClient;
  readonly signal?: AbortSignal | undefined;
  /** Each block in its order, after it held. */
  readonly onBlock: (block: WalkedBlock, last: number) => Promise<void> | void;
}

/**
 * Every block from the first on, each hashed up to its header, each header signed by the set that the one before
 * names and linked to it, the trust root's header among them; and the logs grown anew from the blocks, which must
 * be those of the newest state. Returns their heads.
 *
 * Throws LEDGER_CORRUPT {height, what: chain | votes | signature | data | result | state | log | trust-root | missing},
 * HEADER_INVALID, and what the gateway refuses. Source: docs/protocol/following.md, rule F-11.
 */
export async function walkBlocks(
  gateway: GatewayClient,
  trustRoot: TrustRoot,
  options: WalkOptions,
): Promise<{ readonly logs: LogHeads }> {
  const { signal, onBlock } = options;
  const shown = shownHeads(await gateway.call(logHeadsGet, { signal }));
  const last = await provingHeight(gateway, shown, signal);
  if (trustRoot.height > last) throw broken(last + 1, 'missing');
  const logs = new GrowingLogs();
  let before: SignedHeaderParts | undefined;
  let held: Omit<WalkedBlock, 'next'> | undefined;
  for await (const { parts, block } of fetchedBlocks(gateway, last, options)) {
    const { header } = parts;
    const headerHash = await linked(trustRoot, before, parts);
    if (!equalBytes(shownDataHash(block), header.dataHash)) throw broken(header.height, 'data');
    if (block.evidence.length > 0 && equalBytes(header.evidenceHash, emptyRoot)) {
      throw broken(header.height, 'data');
    }
    if (held !== undefined) {
      requireResults(held.block, parts);
      await onBlock({ ...held, next: parts }, last);
    }
    logs.take(block);
    if (header.height === shown.answer.height) requireLogs(logs.heads, shown);
    held = { parts, headerHash, block };
    before = parts;
  }
  if (held === undefined) throw broken(1, 'missing');
  if (!carries(held.parts.header, shown.heads)) throw broken(last, 'state');
  await onBlock({ ...held, next: undefined }, last);
  return { logs: shown.heads.logs };
}

const broken = (height: number, what: string) => new CodedError('LEDGER_CORRUPT', { height, what });

/** The header that carries the newest state: the next one, or its own where the block left the state as it was. */
async function provingHeight(
  gateway: GatewayClient,
  { answer: { height }, heads }: ShownHeads,
  signal: AbortSignal | undefined,
): Promise<number> {
  for (const waitMs of [...proofWaitsMs, undefined]) {
    const latest = await gateway.call(headerGet, { params: { height: 'latest' }, signal });
    const { header } = headerPartsOf(latest);
    if (header.height > height) return height + 1;
    if (header.height === height && carries(header, heads)) return height;
    if (waitMs !== undefined) await pause(waitMs, signal);
  }
  throw new CodedError('LEDGER_STALLED', { height });
}

/** In order, some at once. Whoever asks for all of them asks often: told to wait, it waits. */
async function* fetchedBlocks(
  gateway: GatewayClient,
  last: number,
  { signedIn, signal }: WalkOptions,
): AsyncGenerator<Fetched> {
  const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isCoded(error, 'RATE_LIMITED')) throw error;
      }
      await pause(busyWaitMs, signal);
    }
  };
  const fetch = async (height: number): Promise<Fetched> => {
    const asked = { params: { height }, signal };
    const answer = await patiently(() => gateway.call(headerGet, asked));
    const bytes = await patiently(() =>
      signedIn === undefined ? gateway.call(blockGet, asked) : signedIn.call(blockWholeGet, asked),
    );
    const parts = headerPartsOf(answer);
    if (parts.header.height !== height) throw new CodedError('GATEWAY_LIED', { height });
    return { parts, block: decodeShownBlock(bytes, height) };
  };
  for (let at = 1; at <= last; at += askedAtOnce) {
    stopIfAborted(signal);
    const count = Math.min(askedAtOnce, last - at + 1);
    yield* await Promise.all(Array.from({ length: count }, (_, index) => fetch(at + index)));
  }
}

/** Signed, and the next of the one before it; the trust root's header is the trust root's. Returns its hash. */
async function linked(
  trustRoot: TrustRoot,
  before: SignedHeaderParts | undefined,
  parts: SignedHeaderParts,
): Promise<Uint8Array> {
  const { header } = parts;
  const { height } = header;
  await verifySigned(parts, trustRoot.chain, verifyVote);
  const headerHash = headerHashBytes(header);
  if (height === trustRoot.height) {
    const known = hexToBytes(trustRoot.headerHash);
    const isKnown = known !== undefined && equalBytes(headerHash, known);
    if (!isKnown || bytesToHex(header.validatorsHash) !== trustRoot.validatorsHash) {
      throw broken(height, 'trust-root');
    }
  }
  if (before === undefined) return headerHash;
  const isNext =
    follows(before.header, headerHashBytes(before.header), header) &&
    equalBytes(header.validatorsHash, before.header.nextValidatorsHash) &&
    isAfter(header.time, before.header.time);
  if (!isNext) throw broken(height, 'chain');
  // Of several validators each hospital shows the votes that it had; those that the next header counts may be others.
  const isSame = equalBytes(header.lastCommitHash, commitHash(before.commit));
  const isHandedOver = header.lastBlockId.hash.length === 0;
  if (!isSame && before.validators.length === 1 && !isHandedOver) throw broken(height, 'votes');
  return headerHash;
}

function requireResults(block: ShownBlock, next: SignedHeaderParts): void {
  if (!equalBytes(shownResultsHash(block), next.header.lastResultsHash)) {
    throw broken(block.height, 'result');
  }
}

function requireLogs(mine: LogHeads, { answer, heads }: ShownHeads): void {
  for (const log of ['user', 'doc'] as const) {
    const [grown, told] = [mine[log], heads.logs[log]];
    if (grown.size !== told.size || !equalBytes(grown.root, told.root)) {
      throw broken(answer.height, 'log');
    }
  }
}

/** Both logs as the accepted transactions of the blocks make them (state.md, ST-7). */
class GrowingLogs {
  heads: LogHeads = { user: emptyLog, doc: emptyLog };
  readonly #tiles = new Map<string, Tile>();

  take({ txs }: ShownBlock): void {
    for (const log of ['user', 'doc'] as const) {
      const leaves = txs
        .filter((tx) => tx.log === log && tx.accepted)
        .map(({ txId }) => leafHash(txId));
      this.heads = { ...this.heads, [log]: this.#append(log, leaves) };
    }
  }

  #append(log: LogName, leaves: readonly Uint8Array[]) {
    const name = (level: number, index: number) => `${log} ${level}/${index}`;
    const read = (level: number, index: number) => this.#tiles.get(name(level, index))?.hashes;
    const { head, tiles } = appendToLog(read, this.heads[log], leaves);
    for (const tile of tiles) this.#tiles.set(name(tile.level, tile.index), tile);
    return head;
  }
}
