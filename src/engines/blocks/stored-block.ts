import {
  bytesField,
  ProtoMessage,
  repeatedField,
  varintField,
} from '../../ledger/chain/protobuf.ts';
import { validator } from '../../ledger/chain/validators.ts';
import type { Misbehaviour } from '../../ledger/validator-set.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { bytes, list, type Of, struct, text, uint } from '../../primitives/shape.ts';
import type { TxResult } from '../application.ts';

/** Which ledger this is; written once. */
export const ledgerIdentity = struct({
  chainId: text(),
  genesisHash: bytes(32),
  genesisMs: uint,
  validators: list(validator),
});
export type LedgerIdentity = Of<typeof ledgerIdentity>;

/** A block as `blocks.db` keeps it: everything from which the ledger can be verified and replayed. */
export interface StoredBlock {
  readonly height: number;
  readonly timeMs: number;
  /** CometBFT `Header` and `Commit`, protobuf. */
  readonly header: Uint8Array;
  readonly commit: Uint8Array;
  readonly txs: readonly Uint8Array[];
  /** Evidence against validators that the block carries; missing: none. */
  readonly misbehaviour?: readonly Misbehaviour[];
  readonly results: readonly TxResult[];
  /** After this block; stands in the next header, which may not exist yet. */
  readonly appHash: Uint8Array;
}

/** Like CometBFT's `Data`: field 1, once per transaction; field 2, once per piece of evidence: address, height. */
export function encodeTxs(
  txs: readonly Uint8Array[],
  misbehaviour: readonly Misbehaviour[] = [],
): Uint8Array {
  const encoded = repeatedField(1, txs);
  if (misbehaviour.length === 0) return encoded;
  const evidence = misbehaviour.map(({ validatorAddress, height }) =>
    concatBytes(bytesField(1, validatorAddress), varintField(2, height)),
  );
  return concatBytes(encoded, repeatedField(2, evidence));
}

/** The other side of `encodeTxs`. Throws HEADER_INVALID. */
export function decodeTxs(encoded: Uint8Array): Pick<StoredBlock, 'txs' | 'misbehaviour'> {
  const message = new ProtoMessage(encoded);
  const txs = message.all(1);
  const evidence = message.all(2);
  if (evidence.length === 0) return { txs };
  const misbehaviour = evidence.map((each) => {
    const read = new ProtoMessage(each);
    return { validatorAddress: read.bytes(1), height: read.number(2) };
  });
  return { txs, misbehaviour };
}

/** Field 1, once per result: `ExecTxResult` with the fields that are hashed. */
export function encodeResults(results: readonly TxResult[]): Uint8Array {
  return repeatedField(
    1,
    results.map(({ code, data }) => concatBytes(varintField(1, code), bytesField(2, data))),
  );
}

/** The other side of `encodeResults`. Throws HEADER_INVALID. */
export function decodeResults(encoded: Uint8Array): TxResult[] {
  return new ProtoMessage(encoded).all(1).map((result) => {
    const message = new ProtoMessage(result);
    return { code: message.number(1), data: message.bytes(2) };
  });
}
