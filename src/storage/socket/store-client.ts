import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import type {
  Amount,
  BlobOwner,
  BlobSource,
  BlobStore,
  Collected,
  CollectOptions,
  CorruptBlob,
  Heirs,
  NamedBlob,
  PutManyOptions,
  PutOptions,
  ReadOptions,
  StoredBlob,
  Usage,
} from '../blob-store.ts';
import {
  errorIn,
  type Frame,
  failureOf,
  frameKinds,
  IncomingPieces,
  jsonIn,
  Leave,
  maxPieceBytes,
  readFrames,
  writeFrame,
  writeJson,
} from './frames.ts';
import { reachable } from './socket-path.ts';

export interface SocketStoreOptions {
  /** Of the storage node of this hospital. */
  readonly path: string;
  /** How long a call waits for the node to be there: it is started beside the gateway, and again when it ended. */
  readonly patienceMs?: number;
}

interface Going {
  readonly leave: Leave;
  readonly pieces: IncomingPieces;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly signal?: AbortSignal | undefined;
  /** What follows the call. */
  readonly source?: AsyncIterable<Uint8Array>;
}

/**
 * The store of the storage node in another process. A node that is not there is waited for; what was on its way when it
 * ended is STORE_BUSY, and sending it again is harmless.
 */
export class SocketBlobStore implements BlobStore {
  readonly #path: string;
  readonly #patienceMs: number;
  readonly #going = new Map<number, Going>();
  #socket: Promise<Socket> | undefined;
  #calls = 0;
  #isClosed = false;
  #idle = () => {};
  #release = () => {};

  constructor({ path, patienceMs = 30_000 }: SocketStoreOptions) {
    this.#path = path;
    this.#patienceMs = patienceMs;
  }

  async put(source: BlobSource, { signal, ...options }: PutOptions): Promise<StoredBlob> {
    // A copy: the caller may use its buffer again before all of it was sent.
    const pieces = source instanceof Uint8Array ? [source.slice()] : source;
    const call = { method: 'put', args: [options], signal, source: inPieces(pieces) };
    return (await this.#call(call)) as StoredBlob;
  }

  async putMany(
    blobs: AsyncIterable<NamedBlob> | Iterable<NamedBlob>,
    { signal, ...options }: PutManyOptions,
  ): Promise<StoredBlob[]> {
    const call = { method: 'putMany', args: [options], signal, source: named(blobs) };
    return (await this.#call(call)) as StoredBlob[];
  }

  async has(id: BlobId): Promise<boolean> {
    return (await this.#ask('has', id)) as boolean;
  }

  async size(id: BlobId): Promise<number> {
    return (await this.#ask('size', id)) as number;
  }

  async read(id: BlobId, { signal, ...range }: ReadOptions = {}): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#pieces({
      method: 'read',
      args: [id, checked(id, range)],
      signal,
    })) {
      pieces.push(piece);
    }
    const [first] = pieces;
    return pieces.length === 1 && first !== undefined ? first.slice() : concatBytes(...pieces);
  }

  async *readStream(
    id: BlobId,
    { signal, ...range }: ReadOptions = {},
  ): AsyncGenerator<Uint8Array> {
    yield* this.#pieces({ method: 'readStream', args: [id, checked(id, range)], signal });
  }

  async delete(id: BlobId, owner: BlobOwner): Promise<boolean> {
    return (await this.#ask('delete', id, owner)) as boolean;
  }

  async hasClaim(id: BlobId, owner: BlobOwner): Promise<boolean> {
    return (await this.#ask('hasClaim', id, owner)) as boolean;
  }

  async handOver(ids: readonly BlobId[], heirs: Heirs): Promise<BlobId[]> {
    return (await this.#inLists(ids, (some) => this.#ask('handOver', some, heirs))) as BlobId[];
  }

  async endUnanchored(owner: BlobOwner, ids?: readonly BlobId[]): Promise<void> {
    if (ids === undefined) await this.#ask('endUnanchored', owner, null);
    else await this.#inLists(ids, async (some) => [await this.#ask('endUnanchored', owner, some)]);
  }

  async markAnchored(ids: readonly BlobId[], owner: BlobOwner): Promise<BlobId[]> {
    return (await this.#inLists(ids, (some) => this.#ask('markAnchored', some, owner))) as BlobId[];
  }

  async collect(options: CollectOptions): Promise<Collected> {
    return (await this.#ask('collect', options)) as Collected;
  }

  async usage(owner: BlobOwner): Promise<Usage> {
    return (await this.#ask('usage', owner)) as Usage;
  }

  async total(): Promise<Amount> {
    return (await this.#ask('total')) as Amount;
  }

  async verify({ signal }: { readonly signal?: AbortSignal } = {}): Promise<Amount> {
    return (await this.#call({ method: 'verify', args: [], signal })) as Amount;
  }

  async *corrupt({ signal }: { readonly signal?: AbortSignal } = {}): AsyncGenerator<CorruptBlob> {
    for await (const piece of this.#pieces({ method: 'corrupt', args: [], signal })) {
      yield jsonIn(piece) as CorruptBlob;
    }
  }

  /** Something besides that the node answers, such as its status. */
  ask(method: string): Promise<unknown> {
    return this.#ask(method);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#going.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    (await this.#socket?.catch(() => undefined))?.destroy();
    this.#release();
  }

  #ask(method: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#call({ method, args });
  }

  /** A list of any length, in calls that fit into a frame. */
  async #inLists(
    ids: readonly BlobId[],
    work: (some: readonly BlobId[]) => Promise<unknown>,
  ): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (let at = 0; at === 0 || at < ids.length; at += idsAtOnce) {
      answers.push(...((await work(ids.slice(at, at + idsAtOnce))) as unknown[]));
    }
    return answers;
  }

  async #call(call: Call): Promise<unknown> {
    const begun = await this.#begin(call);
    try {
      return await begun.done;
    } finally {
      begun.end();
    }
  }

  async *#pieces(call: Call): AsyncGenerator<Uint8Array> {
    const begun = await this.#begin(call);
    // Its error comes through the pieces, in its place among them.
    begun.done.then(
      () => begun.pieces.end(),
      (error) => begun.pieces.end(error),
    );
    try {
      yield* begun.pieces;
    } finally {
      begun.end();
    }
  }

  async #begin({ method, args, signal, source }: Call) {
    if (this.#isClosed) throw new CodedError('STORE_BUSY', { closed: true });
    if (signal?.aborted) throw new CodedError('INTERRUPTED');
    const socket = await this.#connected();
    const call = ++this.#calls % 2 ** 32;
    const leave = new Leave();
    const stop = () => writeFrame(socket, frameKinds.stop, call);
    const pieces = new IncomingPieces((count) => {
      const asked = Buffer.alloc(4);
      asked.writeUInt32BE(count);
      writeFrame(socket, frameKinds.more, call, asked);
    }, stop);
    let reject: (error: unknown) => void = () => {};
    const done = new Promise<unknown>((resolved, rejected) => {
      reject = rejected;
      this.#going.set(call, { leave, pieces, resolve: resolved, reject });
    });
    const interrupt = () => {
      stop();
      reject(new CodedError('INTERRUPTED'));
    };
    signal?.addEventListener('abort', interrupt, { once: true });
    writeJson(socket, frameKinds.call, call, { method, args });
    const sending = source && new Sending({ socket, call, leave, source });
    sending?.failed.catch(reject);
    const end = () => {
      signal?.removeEventListener('abort', interrupt);
      leave.stop();
      sending?.end();
      this.#going.delete(call);
      if (this.#going.size === 0) this.#idle();
    };
    return { done, pieces, end };
  }

  async #connected(): Promise<Socket> {
    this.#socket ??= this.#connect();
    try {
      return await this.#socket;
    } catch (error) {
      this.#socket = undefined;
      throw error;
    }
  }

  async #connect(): Promise<Socket> {
    for (let waited = 0; ; waited += 100) {
      try {
        return await this.#dial();
      } catch (cause) {
        if (waited >= this.#patienceMs || this.#isClosed) {
          throw new CodedError('STORE_BUSY', { what: 'storage node' }, cause);
        }
      }
      await wait(100);
    }
  }

  #dial(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const { address, release } = reachable(this.#path);
      const socket = connect(address);
      socket.once('error', (error) => {
        release();
        reject(error);
      });
      socket.once('connect', () => {
        release();
        socket.on('error', () => socket.destroy());
        socket.once('close', () => this.#lost());
        readFrames(socket, (frame) => this.#take(frame));
        resolve(socket);
      });
    });
  }

  #lost(): void {
    this.#socket = undefined;
    const error = new CodedError('STORE_BUSY', { what: 'storage node' });
    for (const it of this.#going.values()) it.reject(error);
  }

  #take({ kind, call, payload }: Frame): void {
    const it = this.#going.get(call);
    if (it === undefined) return;
    if (kind === frameKinds.piece) it.pieces.push(payload);
    else if (kind === frameKinds.more) it.leave.give(Buffer.from(payload).readUInt32BE());
    else if (kind === frameKinds.result) it.resolve(jsonIn(payload));
    else if (kind === frameKinds.failure) it.reject(errorIn(payload));
  }
}

const idsAtOnce = 10_000;
const idLength = 59;

/** What is not a place in a blob does not travel as one. Throws BLOB_RANGE. */
function checked(blobId: BlobId, { from, to }: ReadOptions): ReadOptions {
  for (const place of [from, to]) {
    if (place !== undefined && !Number.isSafeInteger(place)) {
      throw new CodedError('BLOB_RANGE', { blobId });
    }
  }
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

async function* inPieces(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    for (let at = 0; at < piece.length; at += maxPieceBytes) {
      yield piece.subarray(at, at + maxPieceBytes);
    }
  }
}

/** Each piece is one blob: its id as text, its bytes. Throws BODY_TOO_LARGE. */
async function* named(
  blobs: AsyncIterable<NamedBlob> | Iterable<NamedBlob>,
): AsyncGenerator<Uint8Array> {
  for await (const { id, bytes } of blobs) {
    if (bytes.length > maxPieceBytes || id.length !== idLength) {
      throw new CodedError('BODY_TOO_LARGE', { blobId: id, bytes: bytes.length });
    }
    yield concatBytes(Buffer.from(id, 'latin1'), bytes);
  }
}

/** Sends a source as the other side asks for it. */
class Sending {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** Rejects with what the source throws. */
  readonly failed: Promise<void>;
  #isEnded = false;

  constructor(to: {
    readonly socket: Socket;
    readonly call: number;
    readonly leave: Leave;
    readonly source: AsyncIterable<Uint8Array>;
  }) {
    this.#pieces = to.source[Symbol.asyncIterator]();
    this.failed = this.#send(to);
  }

  /** Nobody takes the rest. Not awaited: a source that hangs would not answer. */
  end(): void {
    if (!this.#isEnded) this.#pieces.return?.().catch(() => {});
    this.#isEnded = true;
  }

  async #send({ socket, call, leave }: { socket: Socket; call: number; leave: Leave }) {
    try {
      while (await leave.take()) {
        const next = await this.#pieces.next();
        if (this.#isEnded) return;
        if (next.done === true) {
          this.#isEnded = true;
          writeFrame(socket, frameKinds.end, call);
          return;
        }
        writeFrame(socket, frameKinds.piece, call, next.value);
      }
    } catch (error) {
      this.#isEnded = true;
      writeJson(socket, frameKinds.failure, call, failureOf(error));
      throw error;
    }
  }
}
