import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../primitives/bytes.ts';

/** One file of the app, as it is served. */
export interface AppFile {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Its name holds its hash: who has it need not ask again. */
  readonly isForever: boolean;
}

/** Fonts are packed as they are. */
const isText = ({ contentType }: AppFile): boolean => !contentType.startsWith('font/');
const packed = new WeakMap<AppFile, Uint8Array>();

/** The file as gzip, made when it is asked for first; undefined: it would not become smaller. */
export function gzipOf(file: AppFile): Uint8Array | undefined {
  if (!isText(file)) return undefined;
  const made = packed.get(file) ?? gzipSync(file.bytes, { level: 9 });
  packed.set(file, made);
  return made;
}

/** The built app: its files by path, and its seal. */
export interface AppFiles {
  readonly files: ReadonlyMap<string, AppFile>;
  /** Hex of SHA-256 over path and SHA-256 of each file, sorted by path: what `selfcheck` prints and the app shows. */
  readonly seal: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.wasm': 'application/wasm',
};

/** Where the seal stands in the page; what it counts of the page is what stood there before. */
const sealPlace = /(<meta name="salus-seal" content=")(")/u;

/** Reads the whole app into memory, a few megabytes. Undefined: it is not built. */
export function readAppFiles(folder: string): AppFiles | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const files = new Map<string, AppFile>();
  for (const path of pathsIn(folder)) {
    const name = `/${relative(folder, path).split(sep).join('/')}`;
    const contentType = types[extname(path)];
    // What the build keeps for itself is nobody's to fetch.
    if (contentType === undefined || name === '/manifest.json') continue;
    const bytes = new Uint8Array(readFileSync(path));
    files.set(name, { bytes, contentType, isForever: name.startsWith('/assets/') });
  }
  const seal = sealOf(files);
  const page = files.get('/index.html');
  if (page !== undefined) {
    const text = new TextDecoder().decode(page.bytes);
    const sealed = text.replace(sealPlace, `$1${seal}$2`);
    files.set('/index.html', { ...page, bytes: utf8(sealed) });
  }
  return { files, seal };
}

function sealOf(files: ReadonlyMap<string, AppFile>): string {
  const lines = [...files]
    .map(([path, { bytes }]) => `${path} ${bytesToHex(sha256(bytes))}\n`)
    .sort();
  return bytesToHex(sha256(utf8(lines.join(''))));
}

function pathsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
