// What is bundled: the published module `./receipt` and the verifiers `check-receipt.mjs` and `.html`. They
// see `#hash` in its portable form and a `#platform` that can check signatures and nothing else.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';

const maxBytes = 300_000;

async function bundled({ root, input, plugins = [], external = [], format, builtIns }) {
  const platformFile = (name) => join(root, 'src', 'crypto', 'platform', name);
  const bundle = await rolldown({
    cwd: root,
    input: join(root, input),
    platform: builtIns ? 'node' : 'browser',
    external: [...external, ...(builtIns ? [/^node:/] : [])],
    plugins,
    resolve: {
      alias: {
        '#hash': platformFile('hash.browser.ts'),
        '#platform': platformFile('verify-only.ts'),
      },
    },
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  try {
    const { output } = await bundle.generate({ format, codeSplitting: false, minify: false });
    const [chunk, ...more] = output;
    if (more.length > 0) throw new Error(`${input} is more than one file`);
    const beyond = chunk.code.match(/\bplatform\.(?!ed25519Verify\b)\w+/);
    if (beyond !== null) throw new Error(`${input} asks for ${beyond[0]}`);
    return { code: chunk.code, modules: Object.keys(chunk.modules) };
  } finally {
    await bundle.close();
  }
}

/** The primitives stay outside, so that a `CodedError` is one class whichever entry point it came by. */
const sharedPrimitives = (root) => ({
  name: 'shared-primitives',
  async resolveId(source, importer) {
    if (importer === undefined || !source.endsWith('.ts')) return null;
    const found = await this.resolve(source, importer, { skipSelf: true });
    const name = found && relative(join(root, 'src'), found.id).replace(/\.ts$/, '.js');
    return /^(primitives|codes)\//.test(name ?? '') ? { id: `../${name}`, external: true } : null;
  },
});

export async function buildReceiptModule({ root, out }) {
  const { code } = await bundled({
    root,
    input: 'src/sdk/receipt.ts',
    plugins: [sharedPrimitives(root)],
    external: [/^@noble\//, /^multiformats/, /^cborg/],
    format: 'esm',
  });
  writeFileSync(join(out, 'sdk', 'receipt.js'), code);
}

/** The licence texts that bundled code must be accompanied by, one a package. */
function noticesOf(root, modules) {
  const packages = new Set();
  for (const id of modules) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id) ?? [];
    if (name !== undefined) packages.add(name);
  }
  const notices = [...packages].sort().map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE-MIT'].find((it) =>
      existsSync(join(folder, it)),
    );
    if (file === undefined) throw new Error(`${name} has no licence file`);
    return `${name} ${version}, ${license}\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const own = `Salus ${version}, Apache-2.0: http://www.apache.org/licenses/LICENSE-2.0`;
  return [own, 'It contains:', ...notices].join('\n\n');
}

const sha256 = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function write(file, text) {
  if (Buffer.byteLength(text) > maxBytes) throw new Error(`${file} is too large to be sent around`);
  writeFileSync(file, text);
}

/** Each slot of a page once, the text as it is. */
function fill(page, slots) {
  return Object.entries(slots).reduce((filled, [slot, text]) => {
    const parts = filled.split(slot);
    if (parts.length !== 2) throw new Error(`${slot} is ${parts.length - 1} times in the page`);
    return parts.join(text);
  }, page);
}

export async function buildVerifiers({ root, out }) {
  const command = await bundled({
    ...{ root, input: 'src/verifier/command.ts', format: 'esm', builtIns: true },
  });
  const notices = noticesOf(root, command.modules);
  write(
    join(out, 'check-receipt.mjs'),
    `#!/usr/bin/env node\n/*!\n${notices}\n*/\n${command.code}`,
  );

  const page = await bundled({ root, input: 'src/verifier/page.ts', format: 'iife' });
  const source = (name) => readFileSync(join(root, 'src', 'verifier', name), 'utf8');
  const script = `\n${page.code}`;
  const style = source('page.css');
  if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error('the script would end early');
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(script)}`,
    `style-src ${sha256(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const html = fill(source('page.html'), {
    "default-src 'none'": policy,
    '<style></style>': `<style>${style}</style>`,
    '<script></script>': `<script>${script}</script>`,
  });
  write(
    join(out, 'check-receipt.html'),
    `${html}<!--\n${noticesOf(root, page.modules).replaceAll('--', '- -')}\n-->\n`,
  );
}
