import { CodedError } from '../../primitives/errors.ts';

/** Keeps sealed bytes for a moment: ciphertext alone ever lies in it. */
export interface Spool {
  open(): Promise<SpooledBytes>;
}

/** One body in a spool, until it is discarded. */
export interface SpooledBytes {
  write(piece: Uint8Array): Promise<void>;
  /**
   * From the beginning; may be called again for a repeated upload. Browsers send a Blob and no stream:
   * theirs want HTTP/2, or are not known at all.
   */
  read(): ReadableStream<Uint8Array> | Blob;
  discard(): Promise<void>;
}

/** Where there is no file to write to. Throws FILE_TOO_LARGE beyond `maxBytes`. */
export function memorySpool(maxBytes = 512 * 1024 * 1024): Spool {
  return {
    open: async () => {
      // Blobs: a browser moves large ones out of memory by itself.
      let pieces: Blob[] = [];
      let length = 0;
      return {
        async write(piece) {
          length += piece.length;
          if (length > maxBytes) throw new CodedError('FILE_TOO_LARGE', { limit: maxBytes });
          pieces.push(new Blob([piece.slice()]));
        },
        read: () => new Blob(pieces),
        async discard() {
          pieces = [];
        },
      };
    },
  };
}
