import { CodedError } from '../../primitives/errors.ts';

/** Takes exact lengths from a stream of pieces. Throws ITEM_FORGED when the stream ends before. */
export class PieceReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length);
    let filled = 0;
    for await (const piece of this.pieces(length)) {
      taken.set(piece, filled);
      filled += piece.length;
    }
    return taken;
  }

  /** The next `length` bytes, as they come. */
  async *pieces(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0 && !(await this.#fill())) throw new CodedError('ITEM_FORGED');
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** Passes over the next `length` bytes. */
  async skip(length: number): Promise<void> {
    for await (const _ of this.pieces(length));
  }

  /** Nothing more is read. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Everything that is left. */
  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#held.length > 0 || (await this.#fill())) {
      const piece = this.#held;
      this.#held = new Uint8Array(0);
      yield piece;
    }
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#held = next.value;
    return true;
  }
}
