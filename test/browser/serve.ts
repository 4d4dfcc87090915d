import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a hospital's web page may do: its own scripts, and WebAssembly for the passphrase. */
const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval' 'report-sample'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  'report-uri /violation',
].join('; ');

export interface Served {
  readonly type: string;
  readonly body: string | Uint8Array;
}

export interface PageServer {
  readonly url: string;
  /** Comes when the browser has reported a breach of the policy; they are kept in order. */
  readonly violation: () => Promise<string>;
  readonly close: () => Promise<void>;
}

/** A page and, below `/gateway`, the consortium: one origin, as a hospital's own server has it. */
export async function servePage(
  assets: ReadonlyMap<string, Served>,
  gatewayUrl: string,
): Promise<PageServer> {
  const violations: string[] = [];
  let waiting: (() => void) | undefined;
  const server = createServer((incoming, answer) => {
    const path = incoming.url ?? '/';
    if (path.startsWith('/gateway/')) return passOn(incoming, answer, gatewayUrl);
    if (path === '/violation') {
      void textOf(incoming).then((report) => {
        violations.push(report);
        waiting?.();
        answer.writeHead(204).end();
      });
      return;
    }
    const asset = assets.get(path);
    if (asset === undefined) return void answer.writeHead(404).end();
    const headers = { 'content-type': asset.type, 'content-security-policy': policy };
    answer.writeHead(200, { ...headers, 'x-content-type-options': 'nosniff' }).end(asset.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async violation() {
      while (violations.length === 0) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
      return violations.shift() ?? '';
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function passOn(incoming: IncomingMessage, answer: ServerResponse, gatewayUrl: string): void {
  const { method, headers } = incoming;
  const url = gatewayUrl + (incoming.url ?? '').slice('/gateway'.length);
  const outgoing = request(url, { method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  outgoing.once('error', () => answer.destroy());
  answer.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of incoming.setEncoding('utf8')) text += String(piece);
  return text;
}
