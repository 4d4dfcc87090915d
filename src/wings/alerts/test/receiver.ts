import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { selfSigned } from '../../../../test/tls.ts';
import type { PublicPostOptions } from '../node/public-post.ts';

interface Receiver {
  /** `https://HOST:PORT` */
  readonly origin: string;
  readonly close: () => Promise<void>;
}

interface Receivers {
  /** With these a channel finds them by their name, trusts them, and may tell a server on this very machine. */
  readonly here: Required<PublicPostOptions>;
  readonly open: (answer: RequestListener) => Promise<Receiver>;
}

/** Servers on this machine that stand for somebody's own, all of one name and one certificate. */
export function receiversAt(host: string): Receivers {
  const { key, cert } = selfSigned(host);
  return {
    here: {
      ca: cert,
      requestMs: 2_000,
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
      isAllowed: () => true,
    },
    open: async (answer) => {
      const server = createServer({ key, cert }, answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const at = server.address();
      const port = typeof at === 'object' && at !== null ? at.port : 0;
      return {
        origin: `https://${host}:${port}`,
        close: async () => {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
  };
}
