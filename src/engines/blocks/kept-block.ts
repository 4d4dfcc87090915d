import { type Validator, validator } from '../../ledger/chain/validators.ts';
import { isCoded } from '../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, list, struct, uint } from '../../primitives/shape.ts';
import {
  decodeResults,
  decodeTxs,
  encodeResults,
  encodeTxs,
  type StoredBlock,
} from './stored-block.ts';

/** More than any consortium has. */
const maxValidators = 10_000;

/** A block as one member hands it to another: what `blocks.db` holds of it, and the set that its header names. */
export interface KeptBlock {
  readonly block: StoredBlock;
  readonly validators: readonly Validator[];
}

const keptBlock = struct({
  height: uint,
  timeMs: uint,
  header: bytes(),
  commit: bytes(),
  /** Transactions and evidence, and results, as `blocks.db` has them. */
  txs: bytes(),
  results: bytes(),
  appHash: bytes(32),
  validators: list(validator, { most: maxValidators }),
});

/** Source: docs/protocol/cometbft.md, rule CB-15. */
export function encodeKeptBlock({ block, validators }: KeptBlock): Uint8Array {
  const { height, timeMs, header, commit, appHash } = block;
  return encodeAs(keptBlock, {
    ...{ height, timeMs, header, commit, appHash, validators },
    txs: encodeTxs(block.txs, block.misbehaviour),
    results: encodeResults(block.results),
  });
}

/** Undefined for bytes that are none; whether it is a block of this ledger is another question. */
export function decodeKeptBlock(encoded: Uint8Array): KeptBlock | undefined {
  try {
    const read = decodeAs(keptBlock, encoded, 'block');
    const { height, timeMs, header, commit, appHash, validators } = read;
    const block = {
      ...{ height, timeMs, header, commit, appHash },
      ...decodeTxs(read.txs),
      results: decodeResults(read.results),
    };
    return { block, validators };
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}
