import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Where a browser of the tests is sent with whatever is not for this machine: nothing is passed on, and what was asked is
 * written down. It hears workers, prefetches and pictures alike, which no event of a page tells of.
 */
export interface Outside {
  readonly proxy: string;
  readonly asked: readonly string[];
  close(): void;
}

export async function startOutside(): Promise<Outside> {
  const asked: string[] = [];
  const server = createServer((incoming, answer) => {
    asked.push(String(incoming.url));
    answer.writeHead(502);
    answer.end();
  });
  server.on('connect', (incoming, socket) => {
    asked.push(String(incoming.url));
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    proxy: `http://127.0.0.1:${port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
