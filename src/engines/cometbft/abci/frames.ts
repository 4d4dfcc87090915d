import { varint } from '../../../ledger/chain/protobuf.ts';
import { concatBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';

/** The largest message that is read: many blocks of the largest size; CometBFT itself would send up to 2 GiB. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** A varint of more bytes names no length that is accepted. */
const maxLengthBytes = 5;

/** A message after its length as an unsigned varint (CB-1). */
export const frameOf = (message: Uint8Array): Uint8Array =>
  concatBytes(varint(message.length), message);

/**
 * Cuts a stream into messages, however it arrives. Nothing is copied twice: pieces wait until a message is whole.
 * Source: docs/protocol/cometbft.md, rule CB-1.
 */
export class FrameReader {
  #pieces: Uint8Array[] = [];
  #waiting = 0;

  /** The messages that are whole now. Throws ABCI_INVALID for a length that is none or too large. */
  push(piece: Uint8Array): Uint8Array[] {
    this.#pieces.push(piece);
    this.#waiting += piece.length;
    const whole: Uint8Array[] = [];
    for (let next = this.#next(); next !== undefined; next = this.#next()) whole.push(next);
    return whole;
  }

  #next(): Uint8Array | undefined {
    const length = this.#length();
    if (length === undefined || this.#waiting < length.bytes + length.value) return undefined;
    const all = this.#pieces.length === 1 ? this.#pieces[0] : concatBytes(...this.#pieces);
    if (all === undefined) return undefined;
    const end = length.bytes + length.value;
    this.#pieces = end === all.length ? [] : [all.subarray(end)];
    this.#waiting -= end;
    return all.subarray(length.bytes, end);
  }

  #length(): { readonly value: number; readonly bytes: number } | undefined {
    let value = 0;
    let bytes = 0;
    for (const piece of this.#pieces) {
      for (const byte of piece) {
        if (bytes === maxLengthBytes) throw new CodedError('ABCI_INVALID', { what: 'length' });
        value += (byte & 127) * 128 ** bytes;
        bytes += 1;
        if (byte >= 128) continue;
        if (value > maxFrameBytes) throw new CodedError('ABCI_INVALID', { what: 'size', value });
        return { value, bytes };
      }
    }
    return undefined;
  }
}
