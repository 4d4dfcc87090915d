import { concatBytes } from '../../primitives/bytes.ts';
import { leafHash } from '../merkle.ts';
import { bytesField, varintField } from './protobuf.ts';

/** Leaf of `dataHash`: SHA-256(0x00 ‖ SHA-256(tx)), so that the tx id alone proves a place in a block. */
export function txLeaf(txId: Uint8Array): Uint8Array {
  return leafHash(txId);
}

/** Leaf of `lastResultsHash`: what CometBFT keeps of an `ExecTxResult`; gas is not used and always zero. */
export function resultLeaf(result: {
  readonly code: number;
  readonly data: Uint8Array;
}): Uint8Array {
  return leafHash(concatBytes(varintField(1, result.code), bytesField(2, result.data)));
}
