import { concatBytes } from '../../primitives/bytes.ts';
import { type BlockId, encodeBlockId } from './header.ts';
import { lengthDelimited, nestedField, sfixed64Field, textField, varintField } from './protobuf.ts';
import { encodeTimestamp, type Timestamp } from './timestamp.ts';

/**
 * The bytes a validator signs for a block: CometBFT's length-delimited `CanonicalVote`.
 * Source: docs/protocol/blocks.md, rule B-3.
 */
export interface CanonicalVote {
  readonly type: number;
  readonly height: number;
  readonly round: number;
  /** Undefined in a vote for no block. */
  readonly blockId: BlockId | undefined;
  readonly time: Timestamp;
  readonly chainId: string;
}

/** `SIGNED_MSG_TYPE_PRECOMMIT`: the vote that makes a block final. */
export const precommit = 2;

/** What a validator signs (B-3). */
export function voteSignBytes(vote: CanonicalVote): Uint8Array {
  return lengthDelimited(
    concatBytes(
      varintField(1, vote.type),
      sfixed64Field(2, vote.height),
      sfixed64Field(3, vote.round),
      // CanonicalBlockID has the layout of BlockID.
      vote.blockId === undefined ? new Uint8Array(0) : nestedField(4, encodeBlockId(vote.blockId)),
      nestedField(5, encodeTimestamp(vote.time)),
      textField(6, vote.chainId),
    ),
  );
}
