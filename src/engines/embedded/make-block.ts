import { sha256 } from '../../crypto/hash.ts';
import {
  type Commit,
  commitHash,
  commitSignBytes,
  emptyRoot,
  encodeCommit,
  voteForBlock,
} from '../../ledger/chain/commit.ts';
import {
  type BlockId,
  blockProtocol,
  encodeHeader,
  type Header,
  headerHashBytes,
  noBlockId,
} from '../../ledger/chain/header.ts';
import { varintField } from '../../ledger/chain/protobuf.ts';
import { timestampOfMs } from '../../ledger/chain/timestamp.ts';
import { type Validator, validatorAddress, validatorsHash } from '../../ledger/chain/validators.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import type { TxResult } from '../application.ts';
import { dataHash, resultsHash } from '../blocks/roots.ts';
import type { StoredBlock } from '../blocks/stored-block.ts';
import type { VoteSigner } from './vote-signer.ts';

/** At most this much of transactions in a block, on every engine. */
export const maxBlockBytes = 1024 * 1024;
/** Ours; raised when the rules change at a height. */
export const appVersion = 1;

/** SHA-256 of `HashedParams{block_max_bytes, block_max_gas}`; gas is not limited. */
export const consensusHash: Uint8Array = sha256(
  concatBytes(varintField(1, maxBlockBytes), varintField(2, -1)),
);

/** What the next header must refer to. */
export interface Tip {
  /** 0 before the first block. */
  readonly height: number;
  readonly timeMs: number;
  readonly blockId: BlockId;
  readonly commitHash: Uint8Array;
  readonly appHash: Uint8Array;
  readonly resultsHash: Uint8Array;
}

/** What the first block follows. */
export function genesisTip(genesisMs: number, appHash: Uint8Array): Tip {
  return {
    height: 0,
    timeMs: genesisMs,
    blockId: noBlockId,
    commitHash: emptyRoot,
    appHash,
    resultsHash: emptyRoot,
  };
}

/** Both parts of a chain of one operator: the header is its own single part (rule B-2). */
export const blockIdOf = (hash: Uint8Array): BlockId => ({ hash, parts: { total: 1, hash } });

export interface Chain {
  readonly chainId: string;
  readonly validators: readonly Validator[];
}

/** Header and self-signed commit of the block after `tip`, and the tip after it. */
export function makeBlock(
  chain: Chain,
  tip: Tip,
  block: {
    readonly timeMs: number;
    readonly txs: readonly Uint8Array[];
    readonly txIds: readonly Uint8Array[];
    readonly results: readonly TxResult[];
    readonly appHash: Uint8Array;
    /** Who signs the next; missing: the same. */
    readonly nextValidatorsHash?: Uint8Array;
  },
  signer: VoteSigner,
): { readonly stored: StoredBlock; readonly tip: Tip } {
  const time = timestampOfMs(block.timeMs);
  const height = tip.height + 1;
  const address = validatorAddress(signer.publicKey);
  const set = validatorsHash(chain.validators);
  const header: Header = {
    version: { block: blockProtocol, app: appVersion },
    chainId: chain.chainId,
    height,
    time,
    lastBlockId: tip.blockId,
    lastCommitHash: tip.commitHash,
    dataHash: dataHash(block.txIds),
    validatorsHash: set,
    nextValidatorsHash: block.nextValidatorsHash ?? set,
    consensusHash,
    appHash: tip.appHash,
    lastResultsHash: tip.resultsHash,
    evidenceHash: emptyRoot,
    proposerAddress: address,
  };
  const blockId = blockIdOf(headerHashBytes(header));
  const vote = { flag: voteForBlock, address, time, signature: new Uint8Array(0) };
  const unsigned: Commit = { height, round: 0, blockId, signatures: [vote] };
  const signature = signer.sign(commitSignBytes(chain.chainId, unsigned, vote));
  const commit: Commit = { ...unsigned, signatures: [{ ...vote, signature }] };
  return {
    stored: {
      height,
      timeMs: block.timeMs,
      header: encodeHeader(header),
      commit: encodeCommit(commit),
      txs: block.txs,
      results: block.results,
      appHash: block.appHash,
    },
    tip: {
      height,
      timeMs: block.timeMs,
      blockId,
      commitHash: commitHash(commit),
      appHash: block.appHash,
      resultsHash: resultsHash(block.results),
    },
  };
}
