import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const repository = fileURLToPath(new URL('..', import.meta.url));
const sources = join(repository, 'bench', 'web-peers');
const folder = join(repository, '.cache', 'web-peers');

/**
 * What is measured beside the app, with a lock of its own (`bench/web-peers`): it comes by npm into `.cache` when the
 * bench first runs, without install scripts, and is no dependency of the product.
 */
export function installPeers(): void {
  const lock = readFileSync(join(sources, 'package-lock.json'), 'utf8');
  const mark = join(folder, '.installed');
  mkdirSync(folder, { recursive: true });
  cpSync(sources, folder, { recursive: true });
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  process.stderr.write('Fetching what the app is measured beside ...\n');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('npm could not fetch the peers');
  writeFileSync(mark, lock);
}

export interface PeerSite {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** The starter with Mantine, built for production and served as gzip from memory, as the app is. */
export async function serveStarter(): Promise<PeerSite> {
  const root = join(folder, 'starter');
  const vite = join(repository, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--logLevel', 'error', '--emptyOutDir'];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the starter was not built');
  const built = join(root, 'dist');
  const names = readdirSync(built, { recursive: true, withFileTypes: true });
  const files = new Map(
    names
      .filter((it) => it.isFile())
      .map((it) => join(it.parentPath, it.name))
      .map((path) => [
        `/${relative(built, path)}`,
        gzipSync(new Uint8Array(readFileSync(path)), { level: 9 }),
      ]),
  );
  const server = createServer(({ url = '/' }, response) => {
    const path = files.has(url) ? url : '/index.html';
    const type = types[extname(path)] ?? 'application/octet-stream';
    response.setHeader('content-type', type).setHeader('content-encoding', 'gzip');
    response.end(files.get(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** What Lighthouse says of a page, each category as 0 to 100. */
export async function lighthouseOf(
  url: string,
  port: number,
): Promise<Readonly<Record<string, number>>> {
  const entry = join(folder, 'node_modules', 'lighthouse', 'core', 'index.js');
  const { default: lighthouse } = (await import(entry)) as { default: Lighthouse };
  const result = await lighthouse(
    url,
    { port, output: 'json', logLevel: 'error' },
    { extends: 'lighthouse:default', settings: { throttling: fast4g } },
  );
  if (result === undefined) throw new Error('Lighthouse said nothing');
  return Object.fromEntries(
    Object.entries(result.lhr.categories).map(([name, { score }]) => [name, (score ?? 0) * 100]),
  );
}

/** A phone on Fast 4G, as Lighthouse simulates it: what the developer tools slow by, before their factors. */
const fast4g = { rttMs: 60, throughputKbps: 9_000, cpuSlowdownMultiplier: 4 } as const;

type Lighthouse = (
  url: string,
  flags: { readonly port: number; readonly output: 'json'; readonly logLevel: 'error' },
  config: { readonly extends: string; readonly settings: object },
) => Promise<
  | {
      readonly lhr: {
        readonly categories: Readonly<Record<string, { readonly score: number | null }>>;
      };
    }
  | undefined
>;
