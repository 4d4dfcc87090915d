import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

export const folder = fileURLToPath(new URL('../crypto/', import.meta.url));
const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--converge'];

/** By the name under which they are exported: their sources, and beside each `-wasm.ts` in place of `.as`. */
export const kernels = {
  pageKernel: 'pages/page-kernel.as',
  modexpKernel: 'paillier/modexp-kernel.as',
} as const;
export type KernelName = keyof typeof kernels;

/** AssemblyScript as WebAssembly: the same bytes on every machine, for the compiler is pinned. `beside`: where its imports lie. */
export async function compiled(text: string, beside: string): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  // The compiler wants files that end in .ts; ours do not, for no TypeScript tool understands them.
  const { error, stderr } = await asc.main(['kernel.ts', '-o', 'kernel.wasm', ...flags], {
    readFile: (file: string) => (file === 'kernel.ts' ? text : sourceIn(beside, file)),
    writeFile: (_file: string, contents: Uint8Array | string) => {
      if (typeof contents !== 'string') wasm = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString());
  return wasm;
}

/** null: no such file, and the compiler looks elsewhere. */
function sourceIn(beside: string, file: string): string | null {
  const path = join(beside, file.replace(/\.ts$/, '.as'));
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

const compileKernel = (name: KernelName): Promise<Uint8Array> =>
  compiled(readFileSync(folder + kernels[name], 'utf8'), dirname(folder + kernels[name]));

export const builtFile = (name: KernelName): string =>
  folder + kernels[name].replace('.as', '-wasm.ts');

/** The file that carries it: text, so that every bundler and browser takes it. */
export async function kernelFile(name: KernelName): Promise<string> {
  const text = Buffer.from(await compileKernel(name)).toString('base64url');
  const lines = text.match(/.{1,96}/g) ?? [];
  const source = kernels[name].split('/').at(-1);
  return [
    `/** ${source} as WebAssembly, in base64url. Made by \`node src/wings/vitals/test/build-kernel.ts\`; a test builds it anew. */`,
    `export const ${name} =`,
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}

if (import.meta.main) {
  for (const name of Object.keys(kernels) as KernelName[])
    writeFileSync(builtFile(name), await kernelFile(name));
}
