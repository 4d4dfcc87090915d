// What is bundled: the published module `./receipt` and the verifiers `check-receipt.mjs` and `.html`. They
// see `#hash` in its portable form and a `#platform` that can check signatures and nothing else.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const maxVerifierBytes = 380_000;

const platformFile = (name: string) => join(root, 'src', 'crypto', 'platform', name);
const alias = {
  '#hash': platformFile('hash.browser.ts'),
  '#platform': platformFile('verify-only.ts'),
};

interface Bundle {
  readonly code: string;
  /** The files that went into it. */
  readonly modules: readonly string[];
}

async function bundle(
  input: string,
  format: 'esm' | 'iife',
  options: { readonly external?: readonly RegExp[]; readonly plugins?: readonly Plugin[] } = {},
): Promise<Bundle> {
  const { external = [], plugins = [] } = options;
  const building = await rolldown({
    ...{ cwd: root, input: join(root, input), platform: 'browser', resolve: { alias } },
    ...{ external: [...external], plugins: [...plugins] },
    // Nothing bundled here does its work by being imported.
    treeshake: { moduleSideEffects: false },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  try {
    // Not minified: whoever is to believe a verifier can read it.
    const { output } = await building.generate({ format, codeSplitting: false, minify: false });
    const [{ code, modules }, ...more] = output;
    if (more.length > 0) throw new Error(`${input} is more than one file`);
    const beyond = /\bplatform\.(?!ed25519Verify\b)\w+/.exec(code);
    if (beyond !== null) throw new Error(`${input} asks for ${beyond[0]}`);
    return { code, modules: Object.keys(modules) };
  } finally {
    await building.close();
  }
}

/** The primitives stay outside, so that a `CodedError` is one class whichever entry point it came by. */
const sharedPrimitives: Plugin = {
  name: 'shared-primitives',
  async resolveId(source, importer) {
    if (importer === undefined || !source.endsWith('.ts')) return null;
    const found = await this.resolve(source, importer, { skipSelf: true });
    if (found === null) return null;
    const name = relative(join(root, 'src'), found.id).replace(/\.ts$/, '.js');
    return /^(primitives|codes)\//.test(name) ? { id: `../${name}`, external: true } : null;
  },
};

/** Writes `sdk/receipt.js` in the place of what the compiler made of it. */
export async function buildReceiptModule(out: string): Promise<void> {
  const { code } = await bundle('src/sdk/receipt.ts', 'esm', {
    external: [/^@noble\//],
    plugins: [sharedPrimitives],
  });
  writeFileSync(join(out, 'sdk', 'receipt.js'), code);
}

interface PackageFile {
  readonly version: string;
  readonly license: string;
}
const packageFile = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;

/** The licence texts that bundled code must be accompanied by, one a package. */
function noticesOf({ modules }: Bundle): string {
  const names = modules.map((id) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]);
  const packages = [...new Set(names)].filter((name) => name !== undefined).sort();
  const notices = packages.map((name) => {
    const folder = join(root, 'node_modules', name);
    const file = ['LICENSE', 'LICENSE.md'].find((it) => existsSync(join(folder, it)));
    if (file === undefined) throw new Error(`${name} has no licence file`);
    const { version, license } = packageFile(folder);
    return `${name} ${version}, ${license}\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  });
  const { version, license } = packageFile(root);
  const own = `Salus ${version}, ${license}: http://www.apache.org/licenses/LICENSE-2.0`;
  return [own, 'It contains:', ...notices].join('\n\n');
}

/** Writes `check-receipt.mjs` and `check-receipt.html`. */
export async function buildVerifiers(out: string): Promise<void> {
  const command = await bundle('src/verifier/command.ts', 'esm', { external: [/^node:/] });
  const head = `#!/usr/bin/env node\n/*!\n${noticesOf(command)}\n*/\n`;
  writeVerifier(join(out, 'check-receipt.mjs'), head + command.code);
  const page = await bundle('src/verifier/page.ts', 'iife');
  writeVerifier(join(out, 'check-receipt.html'), pageOf(page));
}

function writeVerifier(file: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxVerifierBytes)
    throw new Error(`${file} has ${bytes} bytes, too many to send around`);
  writeFileSync(file, text);
}

/** The page with its script and style inside, and a policy that allows these two by hash and nothing else. */
function pageOf(bundled: Bundle): string {
  const source = (name: string) => readFileSync(join(root, 'src', 'verifier', name), 'utf8');
  const script = `\n${bundled.code}`;
  const style = source('page.css');
  if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error('the script would end early');
  const policy = [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = fill(source('page.html'), {
    "default-src 'none'": policy,
    '<style></style>': `<style>${style}</style>`,
    '<script></script>': `<script>${script}</script>`,
  });
  return `${page}<!--\n${noticesOf(bundled).replaceAll('--', '- -')}\n-->\n`;
}

const hashSource = (text: string) =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Each slot of a page once, the text as it is. */
function fill(page: string, slots: Readonly<Record<string, string>>): string {
  return Object.entries(slots).reduce((filled, [slot, text]) => {
    const parts = filled.split(slot);
    if (parts.length !== 2) throw new Error(`${slot} is ${parts.length - 1} times in the page`);
    return parts.join(text);
  }, page);
}
