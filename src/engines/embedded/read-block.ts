import { sha256 } from '../../crypto/hash.ts';
import {
  type Commit,
  commitHash,
  commitSignBytes,
  decodeCommit,
} from '../../ledger/chain/commit.ts';
import {
  type BlockId,
  decodeHeader,
  equalBlockIds,
  type Header,
  headerHashBytes,
} from '../../ledger/chain/header.ts';
import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { validatorsHash } from '../../ledger/chain/validators.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { dataHash, resultsHash } from '../blocks/roots.ts';
import type { StoredBlock } from '../blocks/stored-block.ts';
import { blockIdOf, type Chain, type Tip } from './make-block.ts';

/** A stored block and what its own bytes say, each decoded and hashed once. */
export interface ReadBlock {
  readonly stored: StoredBlock;
  readonly header: Header;
  readonly commit: Commit;
  readonly id: BlockId;
  readonly txIds: readonly Uint8Array[];
}

/** Throws LEDGER_CORRUPT (what: header) for bytes that are no header or no commit. */
export function readBlock(stored: StoredBlock): ReadBlock {
  const txIds = stored.txs.map((tx) => sha256(tx));
  try {
    const header = decodeHeader(stored.header);
    const commit = decodeCommit(stored.commit);
    return { stored, header, commit, txIds, id: blockIdOf(headerHashBytes(header)) };
  } catch (error) {
    if (!isCoded(error, 'HEADER_INVALID')) throw error;
    throw new CodedError('LEDGER_CORRUPT', { what: 'header', height: stored.height }, error);
  }
}

/** The tip after a stored block, as the block itself says. */
export function tipAfter({ stored, commit, id }: ReadBlock): Tip {
  const { height, timeMs, appHash, results } = stored;
  return {
    height,
    timeMs,
    blockId: id,
    commitHash: commitHash(commit),
    appHash,
    resultsHash: resultsHash(results),
  };
}

/** What of a block does not follow from the block before it. */
export type Defect = 'header' | 'chain' | 'data' | 'state' | 'result' | 'signature' | 'votes';

/** Everything about a stored block but its signatures and its execution; undefined: sound. */
export function defectOf(
  chain: Chain,
  tip: Tip,
  { stored, header, commit, id, txIds }: ReadBlock,
): Defect | undefined {
  const set = setHash(chain);
  if (commit.height !== header.height || !equalBlockIds(commit.blockId, id)) return 'header';
  if (
    header.chainId !== chain.chainId ||
    header.height !== tip.height + 1 ||
    stored.height !== header.height ||
    msOfTimestamp(header.time) !== stored.timeMs ||
    stored.timeMs <= tip.timeMs ||
    !equalBlockIds(header.lastBlockId, tip.blockId) ||
    !equalBytes(header.validatorsHash, set) ||
    !equalBytes(header.nextValidatorsHash, set)
  ) {
    return 'chain';
  }
  if (!equalBytes(header.lastCommitHash, tip.commitHash)) return 'votes';
  if (!equalBytes(header.dataHash, dataHash(txIds))) return 'data';
  if (stored.results.length !== stored.txs.length) return 'result';
  if (!equalBytes(header.appHash, tip.appHash)) return 'state';
  if (!equalBytes(header.lastResultsHash, tip.resultsHash)) return 'result';
  return undefined;
}

const setHashes = new WeakMap<Chain, Uint8Array>();

/** Of a chain whose validators do not change (B-3), hashed once and not with each block. */
function setHash(chain: Chain): Uint8Array {
  let hash = setHashes.get(chain);
  if (hash === undefined) {
    hash = validatorsHash(chain.validators);
    setHashes.set(chain, hash);
  }
  return hash;
}

/** Whether the operator, the only validator (B-3), signed this block. */
export async function isSigned(
  chain: Chain,
  { commit }: ReadBlock,
  verifyVote: VerifyVote,
): Promise<boolean> {
  const [vote] = commit.signatures;
  const [validator] = chain.validators;
  if (vote === undefined || validator === undefined) return false;
  const message = commitSignBytes(chain.chainId, commit, vote);
  return verifyVote(validator.publicKey, message, vote.signature);
}
