import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** How hospitals answer: as they do; not until the door opens; with a failure of theirs; not at all. */
export type Answering = 'as they do' | 'later' | 'failing' | 'never';

/** What a hospital says in a state that the demo is not in. */
export interface Given {
  /** The end of an address, such as `/v1/network`. */
  readonly path: string;
  readonly answer: object;
}

export interface Door {
  /** `http://localhost:PORT`. */
  readonly url: string;
  answer(answering: Answering): void;
  /** While hospitals answer, they say this where the address ends so; undefined: nothing is said for them. */
  give(given: Given | undefined): void;
  /** What has this in its address fails, whatever else is answered; undefined: nothing. */
  fail(pattern: RegExp | undefined): void;
  close(): void;
}

/** What the app asks of hospitals, and of the server that it came from; its own files always come. */
const asked = /\/v1\/|^\/app\//u;

/**
 * Stands between a browser and the demo: what a shared worker asks for no test in the browser can hold back, and all
 * tabs of a context share one wallet there, so that each screen is opened as a page of its own without unlocking again.
 */
export async function startDoor(upstream: string): Promise<Door> {
  let answering: Answering = 'as they do';
  let given: Given | undefined;
  let failing: RegExp | undefined;
  const held = new Set<() => void>();
  const listener: RequestListener = (incoming, answer) => {
    const { url = '/' } = incoming;
    if (failing?.test(url)) refuse(answer);
    else if (answering === 'as they do' && given !== undefined && url.endsWith(given.path)) {
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(given.answer));
    } else if (answering === 'as they do' || !asked.test(url)) passOn(upstream, incoming, answer);
    else if (answering === 'never') incoming.socket.destroy();
    else if (answering === 'failing') refuse(answer);
    else {
      const go = () => passOn(upstream, incoming, answer);
      held.add(go);
      answer.on('close', () => held.delete(go));
    }
  };
  const server = createServer(listener);
  // A browser that closes leaves connections behind.
  server.on('clientError', (_error, socket) => (socket as Socket).destroy());
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    answer(next) {
      answering = next;
      if (next !== 'as they do') return;
      for (const go of held) go();
      held.clear();
    },
    give(next) {
      given = next;
    },
    fail(pattern) {
      failing = pattern;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function refuse(answer: ServerResponse): void {
  answer.writeHead(503, { 'content-type': 'application/json' });
  answer.end('{}');
}

function passOn(upstream: string, incoming: IncomingMessage, answer: ServerResponse): void {
  const { method, url = '/' } = incoming;
  // One connection a request, which ends with it: idle ones would use up what one network may have (H-22).
  const headers = { ...incoming.headers, connection: 'close' };
  const outgoing = request(`${upstream}${url}`, { agent: false, method, headers }, (given) => {
    const { connection, 'keep-alive': keepAlive, ...own } = given.headers;
    answer.writeHead(given.statusCode ?? 502, own);
    given.pipe(answer);
    given.on('error', () => answer.destroy());
  });
  outgoing.on('error', () => answer.destroy());
  answer.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
