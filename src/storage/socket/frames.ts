import type { Socket } from 'node:net';
import { isCode } from '../../codes/index.ts';
import { CodedError, type ErrorDetails, isCoded } from '../../primitives/errors.ts';

/**
 * What travels over the socket between a gateway and its storage node, many calls at once: u32 length of what follows ‖
 * u8 kind ‖ u32 call ‖ payload. Both ends are processes of one home and one user; lengths are bounded all the same.
 */
export const frameKinds = {
  /** Client: JSON `{method, args, hasPieces}`. */
  call: 1,
  /** Either: bytes of a stream. */
  piece: 2,
  /** Either: the stream ends here. */
  end: 3,
  /** Server: JSON, the call is done. */
  result: 4,
  /** Either: JSON `{code, details}`; of the client, that its stream failed. */
  failure: 5,
  /** Client: nobody waits any more. */
  stop: 6,
  /** Either: u32, so many pieces more may come. */
  more: 7,
} as const;

export interface Frame {
  readonly kind: number;
  readonly call: number;
  readonly payload: Uint8Array;
}

const headBytes = 9;
/** A piece of a stream, with the id before it where many blobs come. */
export const maxPieceBytes = 1024 * 1024;
const maxFrameBytes = 4 * maxPieceBytes;
/** Pieces of a stream that may be on their way. */
export const piecesAhead = 4;

/** Up to here one write of a copy costs less than two. */
const copiedBytes = 16 * 1024;

/** The payload is the socket's from now on. */
export function writeFrame(socket: Socket, kind: number, call: number, payload?: Uint8Array): void {
  const length = payload?.length ?? 0;
  const isCopied = length <= copiedBytes;
  const frame = Buffer.allocUnsafe(headBytes + (isCopied ? length : 0));
  frame.writeUInt32BE(headBytes - 4 + length, 0);
  frame.writeUInt8(kind, 4);
  frame.writeUInt32BE(call, 5);
  if (payload !== undefined && isCopied) frame.set(payload, headBytes);
  socket.write(frame);
  if (payload !== undefined && !isCopied) socket.write(payload);
}

export function writeJson(socket: Socket, kind: number, call: number, value: unknown): void {
  writeFrame(socket, kind, call, Buffer.from(JSON.stringify(value ?? null)));
}

export function jsonIn(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
}

/** Calls `take` for each frame; ends the socket when what comes is none. */
export function readFrames(socket: Socket, take: (frame: Frame) => void): void {
  let held: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (data: Buffer) => {
    held.push(data);
    bytes += data.length;
    for (;;) {
      if (bytes < headBytes) return;
      // Joined only once the whole frame is here: a large piece comes in many parts.
      if ((held[0]?.length ?? 0) < headBytes) held = [Buffer.concat(held)];
      const length = held[0]?.readUInt32BE(0) ?? 0;
      if (length < headBytes - 4 || length > maxFrameBytes) {
        socket.destroy();
        return;
      }
      if (bytes < length + 4) return;
      const all = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
      const frame = {
        kind: all.readUInt8(4),
        call: all.readUInt32BE(5),
        // A plain view: what is read here ends up with callers who compare and copy.
        payload: new Uint8Array(all.buffer, all.byteOffset + headBytes, length + 4 - headBytes),
      };
      held = [all.subarray(length + 4)];
      bytes -= length + 4;
      take(frame);
    }
  });
}

export interface Failure {
  readonly code: string;
  readonly details: ErrorDetails;
}

/** What is told of an error: of one that is not ours, nothing but that. */
export function failureOf(error: unknown): Failure {
  return isCoded(error)
    ? { code: error.code, details: error.details }
    : { code: 'INTERNAL', details: {} };
}

export function errorIn(payload: Uint8Array): CodedError {
  const { code, details } = jsonIn(payload) as Failure;
  return new CodedError(isCode(code) ? code : 'INTERNAL', details);
}

/**
 * Pieces that come over a socket, to whoever iterates: asks for more as they are taken, so that no more than
 * `piecesAhead` are held.
 */
export class IncomingPieces implements AsyncIterable<Uint8Array> {
  readonly #more: (count: number) => void;
  readonly #stop: () => void;
  #pieces: Uint8Array[] = [];
  #isEnded = false;
  #error: unknown;
  #wake = () => {};

  /** `more` asks the other side; `stop` tells it that nobody takes the rest. */
  constructor(more: (count: number) => void, stop: () => void) {
    this.#more = more;
    this.#stop = stop;
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#wake();
  }

  end(error?: unknown): void {
    this.#isEnded = true;
    this.#error ??= error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const piece = this.#pieces.shift();
        if (piece !== undefined) {
          this.#more(1);
          yield piece;
          continue;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#isEnded) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      if (!this.#isEnded) this.#stop();
      this.#pieces = [];
    }
  }
}

/** Leave to send pieces: as many as the other side asked for. */
export class Leave {
  #count = piecesAhead;
  #wake = () => {};
  #isStopped = false;

  give(count: number): void {
    this.#count += count;
    this.#wake();
  }

  /** Nobody takes them any more. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /** False: stopped. */
  async take(): Promise<boolean> {
    while (this.#count === 0 && !this.#isStopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#count -= 1;
    return !this.#isStopped;
  }
}
