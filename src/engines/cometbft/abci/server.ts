import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';
import { CodedError } from '../../../primitives/errors.ts';
import { FrameReader, frameOf } from './frames.ts';

/** Answers one request of the node. A rejection ends the node: bad input is answered, never thrown. */
export type Answer = (request: Request) => Promise<Response>;

/** Requests of one connection that are read ahead of their answers; then the socket waits. */
const mostAhead = 512;

/**
 * The socket to which CometBFT connects, four times: consensus, mempool, queries, snapshots; it does not say which is
 * which, so requests are told apart by their kind. Each connection's answers come in the order of its requests.
 * Source: docs/protocol/cometbft.md, rules CB-1 and CB-2.
 */
export class AbciServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #open = new Set<Socket>();
  readonly #answer: Answer;
  readonly #onFault: (error: unknown) => void;

  private constructor(path: string, answer: Answer, onFault: (error: unknown) => void) {
    this.#path = path;
    this.#answer = answer;
    this.#onFault = onFault;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** `path`: of a Unix socket, in a folder that only this user enters. `onFault`: the application cannot go on. */
  static async listen(
    path: string,
    answer: Answer,
    onFault: (error: unknown) => void,
  ): Promise<AbciServer> {
    const made = new AbciServer(path, answer, onFault);
    // One that a crash left.
    rmSync(path, { force: true });
    made.#server.listen(path);
    await once(made.#server, 'listening');
    return made;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
    rmSync(this.#path, { force: true });
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    socket.on('close', () => this.#open.delete(socket));
    // The node went away: it says so itself.
    socket.on('error', () => socket.destroy());
    const frames = new FrameReader();
    let last = Promise.resolve();
    let ahead = 0;
    socket.on('data', (piece) => {
      try {
        for (const frame of frames.push(piece)) {
          const answered = this.#begin(frame);
          ahead += 1;
          last = last.then(async () => {
            await this.#write(socket, await answered);
            ahead -= 1;
            if (ahead < mostAhead) socket.resume();
          });
          last.catch((error) => this.#fail(socket, error));
        }
      } catch (error) {
        this.#fail(socket, error);
      }
      if (ahead >= mostAhead) socket.pause();
    });
  }

  #begin(frame: Uint8Array): Promise<Response> {
    const answered = this.#answer(readRequest(frame));
    // Met in its turn; until then nobody waits for it.
    answered.catch(() => {});
    return answered;
  }

  async #write(socket: Socket, response: Response): Promise<void> {
    if (socket.destroyed) return;
    if (!socket.write(frameOf(Response.encode(response).finish()))) {
      // Whichever does not come is not waited for any more: a socket that is often full would gather listeners.
      const over = new AbortController();
      const { signal } = over;
      await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]);
      over.abort();
    }
  }

  #fail(socket: Socket, error: unknown): void {
    if (socket.destroyed) return;
    socket.destroy();
    this.#onFault(error);
  }
}

function readRequest(frame: Uint8Array): Request {
  try {
    return Request.decode(frame);
  } catch (cause) {
    throw new CodedError('ABCI_INVALID', { what: 'request' }, cause);
  }
}
