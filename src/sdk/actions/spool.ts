import { CodedError } from '../../primitives/errors.ts';

/** Keeps sealed bytes for a moment: ciphertext alone ever lies in it. */
export interface Spool {
  open(): Promise<SpooledBytes>;
}

export interface SpooledBytes {
  write(piece: Uint8Array): Promise<void>;
  /** From the beginning; may be called again for a repeated upload. */
  read(): ReadableStream<Uint8Array>;
  discard(): Promise<void>;
}

/** Where there is no file to write to. Throws FILE_TOO_LARGE beyond `maxBytes`. */
export function memorySpool(maxBytes = 512 * 1024 * 1024): Spool {
  return {
    open: async () => {
      let pieces: Uint8Array[] = [];
      let length = 0;
      return {
        async write(piece) {
          length += piece.length;
          if (length > maxBytes) throw new CodedError('FILE_TOO_LARGE', { limit: maxBytes });
          pieces.push(piece.slice());
        },
        read() {
          const held = pieces;
          let at = 0;
          return new ReadableStream<Uint8Array>({
            pull(controller) {
              const piece = held[at++];
              if (piece === undefined) controller.close();
              else controller.enqueue(piece);
            },
          });
        },
        async discard() {
          pieces = [];
        },
      };
    },
  };
}
