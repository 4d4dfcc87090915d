import { blockGet } from '../../api/routes/block-get.ts';
import { genesisGet } from '../../api/routes/genesis-get.ts';
import { headerHashBytes } from '../../ledger/chain/header.ts';
import {
  decodeShownBlock,
  type ShownBlock,
  type ShownTx,
  shownDataHash,
  shownResultsHash,
} from '../../ledger/chain/shown-block.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { formatTrustRoot, parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { readTxBody } from '../../ledger/codec.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http } from '../client/http.ts';
import { provenGenesis } from '../ledger/proven-genesis.ts';
import { VerifiedHeaders, type VerifiedTip } from '../ledger/verified-headers.ts';
import { factsOfAct, type ReceiptFacts } from './explain-receipt.ts';

/** So many blocks are shown at a time. */
export const mostBlocks = 50;

/** One transaction of a block. `log`: `user`, `doc`, or empty for bytes that are no transaction. What its log holds back is undefined: that it is there, its id and its verdict are known. */
export interface BlockTx {
  readonly log: string;
  readonly accepted: boolean;
  /** Hex. */
  readonly txId: string;
  readonly body: { readonly sender: string; readonly acts: readonly ReceiptFacts[] } | undefined;
}

/** A block that hashes up to its signed header. */
export interface CheckedBlock {
  readonly height: number;
  readonly timeMs: number;
  /** Hex. */
  readonly headerHash: string;
  /** Also what became of its transactions is signed: by the header after it, which the newest has not yet. */
  readonly isFollowed: boolean;
  readonly txs: readonly BlockTx[];
}

/** What somebody who looks at blocks believes, and how far she saw that ledger before. */
export interface LedgerBelief {
  readonly trustRootJson: string;
  readonly tip?: VerifiedTip | undefined;
}

export interface BlocksOptions {
  /** The newest that is shown; missing or beyond the newest of all: that one. */
  readonly to?: number | undefined;
  /** At most `mostBlocks`. */
  readonly count: number;
  readonly signal?: AbortSignal | undefined;
}

/** The trust root that this gateway gives to everybody: who has no other believes it at first sight, and keeps it. */
export async function shownTrustRoot(url: string, signal?: AbortSignal): Promise<string> {
  const { trustRoot } = await gatewayAt(url).call(genesisGet, { signal });
  return formatTrustRoot(parseTrustRoot(JSON.stringify(trustRoot)));
}

/**
 * Some blocks in a row, the newest first, of the ledger that is believed: each header is signed by the set that the
 * trust root names and linked to the one before, and each block hashes up to its header.
 *
 * Throws HEADER_INVALID, LEDGER_FORKED, GATEWAY_LIED, TRUST_ROOT_WRONG (another genesis), LEDGER_CORRUPT {height, what:
 * chain | data | result}, and what the gateway refuses. Source: docs/protocol/following.md, rule F-12.
 */
export async function readBlocks(
  url: string,
  { trustRootJson, tip }: LedgerBelief,
  { to, count, signal }: BlocksOptions,
): Promise<{ readonly blocks: readonly CheckedBlock[]; readonly tip: VerifiedTip }> {
  const gateway = gatewayAt(url);
  const trustRoot = parseTrustRoot(trustRootJson);
  await provenGenesis(gateway, trustRoot, signal);
  const headers = new VerifiedHeaders(gateway, trustRoot, tip);
  const newest = (await headers.latest(signal)).height;
  const last = Math.max(1, Math.min(to ?? newest, newest));
  const first = Math.max(1, last - Math.min(count, mostBlocks) + 1);
  const after = Math.min(newest, last + 1);
  await headers.requireLinked(first, after, signal);
  const heights = Array.from({ length: last - first + 1 }, (_, at) => last - at);
  const blocks = await Promise.all(
    heights.map(async (height): Promise<CheckedBlock> => {
      const header = await headers.header(height, signal);
      const next = height < newest ? await headers.header(height + 1, signal) : undefined;
      const bytes = await gateway.call(blockGet, { params: { height }, signal });
      const block = decodeShownBlock(bytes, height);
      requireHashes(block, header.dataHash, next?.lastResultsHash);
      return {
        height,
        timeMs: msOfTimestamp(header.time),
        headerHash: bytesToHex(headerHashBytes(header)),
        isFollowed: next !== undefined,
        txs: block.txs.map(shownTx),
      };
    }),
  );
  return { blocks, tip: headers.tip };
}

const gatewayAt = (url: string) => new GatewayClient(new Http(url));

function requireHashes(block: ShownBlock, data: Uint8Array, results: Uint8Array | undefined): void {
  const broken = (what: string) => new CodedError('LEDGER_CORRUPT', { height: block.height, what });
  if (!equalBytes(shownDataHash(block), data)) throw broken('data');
  if (results !== undefined && !equalBytes(shownResultsHash(block), results)) {
    throw broken('result');
  }
}

function shownTx({ log, accepted, txId, body: [shown] }: ShownTx): BlockTx {
  const of = { log, accepted, txId: bytesToHex(txId) };
  if (shown === undefined) return { ...of, body: undefined };
  try {
    const { sender, acts } = readTxBody(shown.tx);
    return { ...of, body: { sender, acts: acts.map(factsOfAct) } };
  } catch (error) {
    // What was refused because it cannot be read is in its block all the same.
    if (!isCoded(error)) throw error;
    return { ...of, body: undefined };
  }
}
