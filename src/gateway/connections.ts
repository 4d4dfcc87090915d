import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './network.ts';

export interface ConnectionLimits {
  /** Connections in all, and of one network; a proxy that speaks for many has no limit of its own. */
  readonly maxConnections: number;
  readonly connectionsPerNetwork: number;
  /** A body must bring `leastBodyBytes` within each of these, or its connection ends. */
  readonly bodyPatienceMs: number;
  readonly leastBodyBytes: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  maxConnections: 4_096,
  connectionsPerNetwork: 512,
  bodyPatienceMs: 30_000,
  leastBodyBytes: 64 * 1024,
};

/** What a connection is used for now. */
interface Line {
  readonly socket: Socket;
  readonly network: string;
  /** Its request is there as a whole and is being answered. */
  isAnswered: boolean;
  /** The answer is for somebody who is signed in. */
  isSignedIn: boolean;
}

/**
 * The open connections, so that no network takes them all. When there are too many, an old one makes room for the new:
 * one that sends nothing or has not sent its request yet goes first, then a stranger's; whoever connects and asks at
 * once is answered, however many others only connect. Source: docs/protocol/http.md, rule H-22.
 */
export class Connections {
  readonly #lines = new Map<Socket, Line>();
  readonly #limits: ConnectionLimits;
  readonly #isProxy: (address: string) => boolean;

  constructor(server: Server, limits: ConnectionLimits, isProxy: (address: string) => boolean) {
    this.#limits = limits;
    this.#isProxy = isProxy;
    server.on('connection', (socket: Socket) => this.#opened(socket));
  }

  /** The request of this connection is there, and asked by somebody who is signed in or not. */
  answering(socket: Socket, isSignedIn: boolean): void {
    const line = this.#lines.get(socket);
    if (line !== undefined) Object.assign(line, { isAnswered: true, isSignedIn });
  }

  answered(socket: Socket): void {
    const line = this.#lines.get(socket);
    if (line !== undefined) Object.assign(line, { isAnswered: false, isSignedIn: false });
  }

  get size(): number {
    return this.#lines.size;
  }

  #opened(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    // Of a proxy each connection is a caller of its own: the limit for all is the only one.
    const network = this.#isProxy(address) ? '' : networkOf(address);
    const { maxConnections, connectionsPerNetwork } = this.#limits;
    const mates =
      network === '' ? [] : [...this.#lines.values()].filter((it) => it.network === network);
    if (mates.length >= connectionsPerNetwork && !endOldest(mates)) return void socket.destroy();
    if (this.#lines.size >= maxConnections && !endOldest(this.#crowd()))
      return void socket.destroy();
    this.#lines.set(socket, { socket, network, isAnswered: false, isSignedIn: false });
    socket.once('close', () => this.#lines.delete(socket));
  }

  /** The lines of whichever network has most. */
  #crowd(): readonly Line[] {
    const byNetwork = new Map<string, Line[]>();
    for (const line of this.#lines.values()) {
      const lines = byNetwork.get(line.network) ?? [];
      lines.push(line);
      byNetwork.set(line.network, lines);
    }
    return [...byNetwork.values()].reduce((most, it) => (it.length > most.length ? it : most), []);
  }
}

/** False: all of them are in use by people who are signed in. */
function endOldest(lines: readonly Line[]): boolean {
  const oldest = lines.find((it) => !it.isAnswered) ?? lines.find((it) => !it.isSignedIn);
  oldest?.socket.destroy();
  return oldest !== undefined;
}
