import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/** What a browser is given: each file's name, code, and the files that it loads at once and later. */
export interface Bundled {
  readonly fileName: string;
  readonly code: string;
  readonly isEntry: boolean;
  readonly imports: readonly string[];
  readonly dynamicImports: readonly string[];
}

/**
 * Bundles for a browser: `#platform` and `#hash` become their browser sides. Throws when anything that a
 * browser lacks is left over; a warning is an error here.
 */
export async function bundleForBrowser(
  input: Readonly<Record<string, string>>,
): Promise<readonly Bundled[]> {
  const bundle = await rolldown({
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    input: { ...input },
    platform: 'browser',
    resolve: { conditionNames: ['browser', 'import', 'default'] },
    // An entry that takes all of the SDK has at once what others load later.
    checks: { ineffectiveDynamicImport: false },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  try {
    const { output } = await bundle.generate({
      format: 'esm',
      minify: true,
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      // What an entry has at once is one file, as web/vite.config.ts has it; of several, each would run the others.
      codeSplitting: Object.keys(input).length > 1 || {
        groups: [{ name: 'start', tags: ['$initial'] }],
      },
    });
    const chunks = output.filter((it) => it.type === 'chunk');
    const own = new Set(chunks.map((it) => it.fileName));
    for (const { fileName, imports, dynamicImports } of chunks) {
      const foreign = [...imports, ...dynamicImports].filter((name) => !own.has(name));
      if (foreign.length > 0) throw new Error(`${fileName} imports ${foreign.join(', ')}`);
    }
    return chunks;
  } finally {
    await bundle.close();
  }
}

export interface Size {
  readonly raw: number;
  readonly gzip: number;
}

/** Of an entry with all that it loads at once, or of one file alone. */
export function sizeOf(files: readonly Bundled[]): Size {
  return {
    raw: files.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0),
    gzip: files.reduce((sum, { code }) => sum + gzipSync(code).length, 0),
  };
}

/** The entry and what it imports, and what that imports: a page waits for these. */
export function loadedAtOnce(bundle: readonly Bundled[], entry: string): readonly Bundled[] {
  const loaded = new Set<Bundled>();
  const load = (fileName: string): void => {
    const file = bundle.find((it) => it.fileName === fileName);
    if (file === undefined || loaded.has(file)) return;
    loaded.add(file);
    file.imports.forEach(load);
  };
  load(entry);
  return [...loaded];
}

/** Of a built file and of what it imports at once, by their addresses: a worker waits for these. What it loads later is not in it. */
export async function gzipAtOnce(
  entry: URL,
  read: (address: URL) => string | Promise<string>,
): Promise<number> {
  const seen = new Map<string, number>();
  const load = async (address: URL): Promise<void> => {
    if (seen.has(address.href)) return;
    const code = await read(address);
    seen.set(address.href, gzipSync(code).length);
    const imports = code.matchAll(/\b(?:import|from)\s*(["'])(\.[^"']+)\1/gu);
    for (const [, , path = ''] of imports) await load(new URL(path, address));
  };
  await load(entry);
  return [...seen.values()].reduce((sum, it) => sum + it, 0);
}
