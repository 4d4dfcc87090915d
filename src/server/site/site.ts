import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RunningHospital } from '../desk.ts';
import { type AppFiles, gzipOf } from './app-files.ts';
import type { DemoDoor } from './demo-door.ts';

/** The web app at the address itself, and what it asks the server about the server. */
export interface Site {
  readonly app: AppFiles;
  readonly version: string;
  readonly hospitals: () => readonly RunningHospital[];
  /** Only with `--demo`: without it these routes do not exist. */
  readonly demo?: DemoDoor | undefined;
}

/**
 * What the app's pages may do: their own scripts, styles and files, WebAssembly for the passphrase, pictures that they
 * made themselves. No address but this one, nothing inline, no frame around it, and no text becomes code: the only
 * address that is made into a script is that of the app's own worker.
 */
export const appPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types salus',
].join('; ');

/** A browser that was never here takes more than a hundred files, and a hospital is one network. */
const filesPerMinute = 60_000;

/** Routes of the app at the root. Source: docs/protocol/http.md, rules H-30 and H-33. */
export function serveSite(root: FastifyInstance, site: Site): void {
  const hidden = {
    schema: { hide: true },
    config: { rootRequestsPerMinute: filesPerMinute },
  };
  const files = site.demo === undefined ? site.app.files : withDemo(site.app.files);
  root.get('/app/site.json', hidden, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return {
      version: site.version,
      seal: site.app.seal,
      hospitals: site.hospitals().map(({ name, title, account }) => ({ name, title, account })),
      demo: site.demo !== undefined,
    };
  });
  if (site.demo !== undefined) serveDemo(root, site.demo);
  root.get('/', hidden, async (request, reply) => sendFile(request, reply, files, '/index.html'));
  root.get('/*', hidden, async (request, reply) => {
    const { pathname } = new URL(request.url, 'http://salus');
    if (files.has(pathname) && pathname !== '/index.html')
      return sendFile(request, reply, files, pathname);
    // A place of the app that somebody opened by its address; what only a program asks for is not found.
    const isPage = /^\/[a-z0-9/-]*$/u.test(pathname) && wantsPage(request);
    if (!isPage) throw new CodedError('NOT_FOUND');
    return sendFile(request, reply, files, '/index.html');
  });
}

/** The page says that people of a demo come, and has room for them before they do; the seal is of the page as built. */
function withDemo(files: AppFiles['files']): AppFiles['files'] {
  const page = files.get('/index.html');
  if (page === undefined) return files;
  const text = new TextDecoder().decode(page.bytes);
  const said = text.replace(/(<meta name="salus-demo" content=")(")/u, '$1yes$2');
  return new Map([...files, ['/index.html', { ...page, bytes: utf8(said) }]]);
}

const wantsPage = ({ headers }: FastifyRequest): boolean =>
  (headers.accept ?? '').includes('text/html');

function sendFile(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  files: AppFiles['files'],
  path: string,
): FastifyReply {
  const file = files.get(path);
  if (file === undefined) throw new CodedError('NOT_FOUND');
  const takesGzip = /\bgzip\b/u.test(String(headers['accept-encoding'] ?? ''));
  const gzip = takesGzip ? gzipOf(file) : undefined;
  if (gzip !== undefined) reply.header('content-encoding', 'gzip');
  return reply
    .header('vary', 'accept-encoding')
    .header('content-security-policy', appPolicy)
    .header('cross-origin-opener-policy', 'same-origin')
    .header('permissions-policy', 'camera=(self), microphone=(), geolocation=()')
    .header('cache-control', file.isForever ? 'public, max-age=31536000, immutable' : 'no-cache')
    .type(file.contentType)
    .send(Buffer.from(gzip ?? file.bytes));
}

/** Without a body a newcomer is invited, at the first hospital. */
function askedOf(body: unknown): Parameters<DemoDoor['invitation']>[0] {
  const { hospital, person } = Object(body);
  return {
    ...(typeof hospital === 'string' && { hospital }),
    ...(typeof person === 'string' && { person }),
  };
}

/** A name that some other site gave this address (DNS rebinding) must not open a demo wallet for it. */
const isLocal = (host: string | undefined): boolean =>
  /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/u.test(host ?? '');

function serveDemo(root: FastifyInstance, demo: DemoDoor): void {
  const hidden = { schema: { hide: true } };
  const onlyHere = async ({ headers }: FastifyRequest): Promise<void> => {
    if (!isLocal(headers.host)) throw new CodedError('NOT_FOUND');
  };
  root.get('/app/demo/people.json', { ...hidden, onRequest: onlyHere }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return demo.people();
  });
  root.post('/app/demo/invitation', { ...hidden, onRequest: onlyHere }, async ({ body }, reply) => {
    reply.header('cache-control', 'no-store');
    return { link: await demo.invitation(askedOf(body)) };
  });
  root.post<{ Params: { name: string } }>(
    '/app/demo/room/:name',
    { ...hidden, onRequest: onlyHere },
    async ({ params }, reply) => {
      await demo.makeRoom(params.name);
      reply.header('cache-control', 'no-store');
      return {};
    },
  );
  root.post('/app/demo/desk', { ...hidden, onRequest: onlyHere }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return { link: await demo.deskLink() };
  });
  root.post<{ Params: { name: string } }>(
    '/app/demo/wallet/:name',
    { ...hidden, onRequest: onlyHere },
    async ({ params }, reply) => {
      const wallet = demo.wallet(params.name);
      if (wallet === undefined) throw new CodedError('NOT_FOUND');
      reply.header('cache-control', 'no-store');
      return wallet;
    },
  );
}
