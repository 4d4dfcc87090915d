import { messageObjects } from '../../api/object-types.ts';
import { suite } from '../../ledger/object-types.ts';
import {
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
  readUint,
} from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';

const writeKeyBytes = 1216;

/** The public halves of one scheduled epoch: to whom anybody seals who may write but not read. */
export interface EpochWriteKeys {
  readonly epoch: number;
  /** Class to X-Wing public key, 1,216 bytes. */
  readonly writeKeys: ReadonlyMap<string, Uint8Array>;
}

/**
 * `[suite, type, [[epoch, [[class, W]...]]...]]`: the write keys of all classes for every epoch that a
 * KeySet schedules. Public; its id stands on the ledger.
 *
 * Source: docs/protocol/keys.md, rule K-8.
 */
export function encodeKeySetBlob(epochs: readonly EpochWriteKeys[]): Uint8Array {
  return encodeCbor([
    suite,
    messageObjects.keySet,
    epochs.map(({ epoch, writeKeys }) => [epoch, [...writeKeys].map(([name, key]) => [name, key])]),
  ]);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export function decodeKeySetBlob(bytes: Uint8Array): readonly EpochWriteKeys[] {
  const fields = readArray(decodeCbor(bytes), 'key set blob', 3);
  if (fields[0] !== suite) throw new CodedError('SUITE_UNKNOWN');
  if (fields[1] !== messageObjects.keySet) throw new CodedError('TYPE_UNKNOWN');
  return readArray(fields[2], 'epochs').map((entry) => {
    const [epoch, keys] = readArray(entry, 'epoch', 2);
    const writeKeys = new Map<string, Uint8Array>();
    for (const pair of readArray(keys, 'write keys')) {
      const [name, key] = readArray(pair, 'write key', 2);
      const className = readText(name, 'class', 32);
      // Two keys for one class: which of them a writer took would be chance.
      if (writeKeys.has(className)) throw new CodedError('CBOR_SHAPE', { field: 'class' });
      writeKeys.set(className, readBytes(key, 'write key', writeKeyBytes));
    }
    return { epoch: readUint(epoch, 'epoch'), writeKeys };
  });
}
