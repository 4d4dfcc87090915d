import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from './tls.ts';

export interface TlsProxy {
  /** `https://localhost:PORT`. */
  readonly url: string;
  readonly cert: string;
  /** How many requests came through. */
  readonly passed: () => number;
  readonly close: () => void;
}

/**
 * A proxy that ends TLS, as stands before a hospital's gateway: it passes on what comes as it comes, adds to
 * `x-forwarded-for` from where it came, and holds nothing back. `addressOf` says where a caller stands: all of a test
 * come from one machine.
 */
export async function startTlsProxy(
  upstream: string,
  addressOf: (headers: IncomingMessage['headers']) => string = () => '192.0.2.1',
): Promise<TlsProxy> {
  const { key, cert } = selfSigned('localhost');
  let passed = 0;
  const server = createServer({ key, cert }, (incoming, answer) => {
    passed += 1;
    passOn(upstream, addressOf(incoming.headers), incoming, answer);
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    cert,
    passed: () => passed,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function passOn(
  upstream: string,
  address: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
): void {
  const { method, headers, url = '/' } = incoming;
  const claimed = headers['x-forwarded-for'];
  const from = claimed === undefined ? address : `${String(claimed)}, ${address}`;
  const outgoing = request(
    `${upstream}${url}`,
    // A connection of its own: ending one that was given back would end whoever has it by then.
    { agent: false, method, headers: { ...headers, 'x-forwarded-for': from } },
    (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      answer.flushHeaders();
      given.pipe(answer);
    },
  );
  outgoing.on('error', () => {
    if (answer.headersSent) answer.destroy();
    else answer.writeHead(502, { connection: 'close' }).end('<h1>Bad gateway</h1>');
  });
  answer.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}
