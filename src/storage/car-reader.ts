import { CodedError } from '../primitives/errors.ts';

/** At which byte of a stream what is wrong. */
export function invalid(reader: PieceReader, what: string): CodedError {
  return new CodedError('CAR_INVALID', { at: reader.at, what });
}

/** Exact numbers of bytes out of a stream of pieces of any size. */
export class PieceReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  #used = 0;
  at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** What is left of the piece that is being read. */
  get here(): Uint8Array {
    return this.#piece.subarray(this.#used);
  }

  /** So many bytes of `here` are taken. */
  skip(length: number): void {
    this.#used += length;
    this.at += length;
  }

  async byte(): Promise<number | undefined> {
    if (!(await this.#more())) return undefined;
    const byte = this.#piece[this.#used];
    this.#used += 1;
    this.at += 1;
    return byte;
  }

  /** A copy, so that a small blob does not keep a large network buffer alive. */
  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (!(await this.#more())) throw invalid(this, 'cut short');
      const part = this.#piece.subarray(this.#used, this.#used + length - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#used += part.length;
      this.at += part.length;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #more(): Promise<boolean> {
    while (this.#used === this.#piece.length) {
      const next = await this.#pieces.next();
      if (next.done === true) return false;
      this.#piece = next.value;
      this.#used = 0;
    }
    return true;
  }
}
