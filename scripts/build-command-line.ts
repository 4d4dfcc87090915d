// The command line as few files: what one person's commands load is read in one go instead of file by file, which halves the
// time until they begin. What runs servers stays as it was compiled: it finds its workers beside itself.
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Loaded from where the compiler put them: codes and errors, so that a `CodedError` is one class, and servers. */
const compiled =
  /^((primitives|codes)\/|cli\/commands\/(up|verify|backup|restore|storage|selfcheck|sandbox|witness|ledger|desk)\.js$)/;

const keepCompiled: Plugin = {
  name: 'keep-compiled',
  async resolveId(source, importer) {
    if (importer === undefined || !source.endsWith('.ts')) return null;
    const found = await this.resolve(source, importer, { skipSelf: true });
    if (found === null) return null;
    const name = relative(join(root, 'src'), found.id).replace(/\.ts$/, '.js');
    return compiled.test(name) ? { id: `../${name}`, external: true } : null;
  },
};

/** Writes `bin/salus.js` and what it loads later into `out`. */
export async function buildCommandLine(out: string): Promise<void> {
  const building = await rolldown({
    ...{ cwd: root, input: join(root, 'src', 'cli', 'salus.ts'), platform: 'node' },
    ...{ external: [/^node:/], plugins: [keepCompiled] },
  });
  try {
    await building.write({ dir: join(out, 'bin'), format: 'esm', minify: false });
  } finally {
    await building.close();
  }
}
