import { sha256 } from '../../crypto/hash.ts';
import { concatBytes, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { leafHash, merkleRoot } from '../merkle.ts';
import { type BlockId, decodeBlockId, encodeBlockId } from './header.ts';
import { bytesField, nestedField, ProtoMessage, varintField } from './protobuf.ts';
import { decodeTimestamp, encodeTimestamp, type Timestamp } from './timestamp.ts';
import { precommit, voteSignBytes } from './vote.ts';

/**
 * The votes that made a block final, one entry per validator in the order of the set.
 * Source: docs/protocol/blocks.md, rules B-2 and B-3.
 */
export interface CommitSig {
  readonly flag: number;
  /** 20 bytes; empty when the validator did not vote. */
  readonly address: Uint8Array;
  readonly time: Timestamp;
  readonly signature: Uint8Array;
}

export interface Commit {
  readonly height: number;
  readonly round: number;
  readonly blockId: BlockId;
  readonly signatures: readonly CommitSig[];
}

export const voteAbsent = 1;
export const voteForBlock = 2;
export const voteForNil = 3;

/** More validators than CometBFT lets vote are refused before anything is hashed. */
export const maxValidators = 10_000;

/** The root of an empty list: no evidence, no transactions, no last commit. */
export const emptyRoot: Uint8Array = sha256();

function encodeCommitSig(vote: CommitSig): Uint8Array {
  return concatBytes(
    varintField(1, vote.flag),
    bytesField(2, vote.address),
    nestedField(3, encodeTimestamp(vote.time)),
    bytesField(4, vote.signature),
  );
}

/** What `lastCommitHash` of the next header holds. */
export function commitHash(commit: Commit): Uint8Array {
  return merkleRoot(commit.signatures.map((vote) => leafHash(encodeCommitSig(vote))));
}

/** `cometbft.types.Commit`, protobuf. */
export function encodeCommit(commit: Commit): Uint8Array {
  return concatBytes(
    varintField(1, commit.height),
    varintField(2, commit.round),
    nestedField(3, encodeBlockId(commit.blockId)),
    ...commit.signatures.map((vote) => nestedField(4, encodeCommitSig(vote))),
  );
}

/** Throws HEADER_INVALID unless `bytes` are the one encoding of a commit. */
export function decodeCommit(bytes: Uint8Array): Commit {
  const message = new ProtoMessage(bytes);
  const votes = message.all(4);
  if (votes.length > maxValidators) throw new CodedError('HEADER_INVALID', { reason: 'votes' });
  const commit: Commit = {
    height: message.number(1),
    round: message.number(2),
    blockId: decodeBlockId(message.bytes(3)),
    signatures: votes.map((bytesOfVote) => {
      const vote = new ProtoMessage(bytesOfVote);
      return {
        flag: vote.number(1),
        address: vote.bytes(2),
        time: decodeTimestamp(vote.bytes(3)),
        signature: vote.bytes(4),
      };
    }),
  };
  if (commit.height < 1 || commit.round < 0 || !equalBytes(encodeCommit(commit), bytes)) {
    throw new CodedError('HEADER_INVALID', { reason: 'encoding' });
  }
  return commit;
}

/** The bytes under the vote at `index`; a vote for nil names no block. */
export function commitSignBytes(chainId: string, commit: Commit, vote: CommitSig): Uint8Array {
  return voteSignBytes({
    type: precommit,
    height: commit.height,
    round: commit.round,
    blockId: vote.flag === voteForBlock ? commit.blockId : undefined,
    time: vote.time,
    chainId,
  });
}
