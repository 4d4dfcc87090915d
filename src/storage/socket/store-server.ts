import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type BlobId, parseBlobId } from '../../primitives/ids.ts';
import type {
  BlobOwner,
  BlobStore,
  CollectOptions,
  Heirs,
  NamedBlob,
  PutOptions,
  ReadOptions,
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

/** What a method of the store gets and gives: JSON, and pieces in either direction. */
interface Called {
  readonly args: readonly unknown[];
  /** What the client sends after the call. */
  readonly pieces: IncomingPieces;
  readonly signal: AbortSignal;
  /** Sends a piece; false: nobody takes it. */
  readonly give: (piece: Uint8Array) => Promise<boolean>;
}

type Method = (store: BlobStore, called: Called) => Promise<unknown>;

/** More that this node answers, besides being a store: the status that an operator sees. */
export type Answers = Readonly<Record<string, () => Promise<unknown>>>;

const ids = (value: unknown): BlobId[] => (Array.isArray(value) ? value.map(parseBlobId) : []);

/** By name as the client calls them; what they check, the store checks. */
const methods: Readonly<Record<string, Method>> = {
  put: (store, { args: [options], pieces, signal }) =>
    store.put(pieces, { ...(options as PutOptions), signal }),
  putMany: (store, { args: [options], pieces, signal }) =>
    store.putMany(namedIn(pieces), { ...(options as PutOptions), signal }),
  has: (store, { args: [id] }) => store.has(parseBlobId(id)),
  size: (store, { args: [id] }) => store.size(parseBlobId(id)),
  read: async (store, { args: [id, range], signal, give }) => {
    const bytes = await store.read(parseBlobId(id), { ...(range as ReadOptions), signal });
    for (let at = 0; at < bytes.length; at += maxPieceBytes) {
      if (!(await give(bytes.subarray(at, at + maxPieceBytes)))) return;
    }
  },
  readStream: async (store, { args: [id, range], signal, give }) => {
    const options = { ...(range as ReadOptions), signal };
    for await (const piece of store.readStream(parseBlobId(id), options)) {
      if (!(await give(piece))) return;
    }
  },
  delete: (store, { args: [id, owner] }) => store.delete(parseBlobId(id), owner as BlobOwner),
  hasClaim: (store, { args: [id, owner] }) => store.hasClaim(parseBlobId(id), owner as BlobOwner),
  handOver: (store, { args: [list, heirs] }) => store.handOver(ids(list), heirs as Heirs),
  endUnanchored: (store, { args: [owner, list] }) =>
    store.endUnanchored(owner as BlobOwner, list === null ? undefined : ids(list)),
  markAnchored: (store, { args: [list, owner] }) =>
    store.markAnchored(ids(list), owner as BlobOwner),
  collect: (store, { args: [options] }) => store.collect(options as CollectOptions),
  usage: (store, { args: [owner] }) => store.usage(owner as BlobOwner),
  total: (store) => store.total(),
  verify: (store, { signal }) => store.verify({ signal }),
  corrupt: async (store, { signal, give }) => {
    for await (const found of store.corrupt({ signal })) {
      if (!(await give(Buffer.from(JSON.stringify(found))))) return;
    }
  },
};

const idLength = 59;

/** Each piece is one blob: its id as text, its bytes. */
async function* namedIn(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<NamedBlob> {
  for await (const piece of pieces) {
    const id = parseBlobId(Buffer.from(piece.subarray(0, idLength)).toString('latin1'));
    yield { id, bytes: piece.subarray(idLength) };
  }
}

export interface StoreServer {
  /** Ends the connections; what was confirmed is kept. */
  close(): Promise<void>;
}

/**
 * Serves a store to the processes of this home over a Unix socket that its user alone may open. What lay there of a
 * process that was killed is replaced.
 */
export async function serveStore(
  path: string,
  store: BlobStore,
  answers: Answers = {},
): Promise<StoreServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, store, answers);
  });
  rmSync(path, { force: true });
  const { address, release } = reachable(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });
  chmodSync(path, 0o600);
  let isClosed = false;
  return {
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      rmSync(path, { force: true });
      release();
    },
  };
}

interface Running {
  readonly pieces: IncomingPieces;
  readonly leave: Leave;
  readonly control: AbortController;
}

function serve(socket: Socket, store: BlobStore, answers: Answers): void {
  const running = new Map<number, Running>();
  const begin = (call: number, payload: Uint8Array) => {
    const control = new AbortController();
    const leave = new Leave();
    const pieces = new IncomingPieces(
      (count) => {
        const asked = Buffer.alloc(4);
        asked.writeUInt32BE(count);
        writeFrame(socket, frameKinds.more, call, asked);
      },
      () => {},
    );
    running.set(call, { pieces, leave, control });
    const give = async (piece: Uint8Array) => {
      if (!(await leave.take()) || socket.destroyed) return false;
      writeFrame(socket, frameKinds.piece, call, piece);
      return true;
    };
    const { method, args } = jsonIn(payload) as { method: string; args: readonly unknown[] };
    const work = Object.hasOwn(methods, method) ? methods[method] : undefined;
    const answer = Object.hasOwn(answers, method) ? answers[method] : undefined;
    const done = work?.(store, { args, pieces, signal: control.signal, give }) ?? answer?.();
    (done ?? Promise.reject(new CodedError('INTERNAL', { method })))
      .then(
        (value) => writeJson(socket, frameKinds.result, call, value),
        (error: unknown) => {
          if (!isCoded(error)) process.stderr.write(`${String((error as Error).stack)}\n`);
          writeJson(socket, frameKinds.failure, call, failureOf(error));
        },
      )
      .finally(() => running.delete(call));
  };
  const take = ({ kind, call, payload }: Frame) => {
    const it = running.get(call);
    if (kind === frameKinds.call) begin(call, payload);
    else if (kind === frameKinds.piece) it?.pieces.push(payload);
    else if (kind === frameKinds.end) it?.pieces.end();
    else if (kind === frameKinds.failure) it?.pieces.end(errorIn(payload));
    else if (kind === frameKinds.more) it?.leave.give(Buffer.from(payload).readUInt32BE());
    else if (kind === frameKinds.stop) end(it);
  };
  const end = (it: Running | undefined) => {
    it?.control.abort();
    it?.leave.stop();
    it?.pieces.end(new CodedError('INTERRUPTED'));
  };
  readFrames(socket, take);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    for (const it of running.values()) end(it);
  });
}
