import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = fileURLToPath(new URL('../crypto/', import.meta.url));
const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--converge'];

/** By the name under which they are exported: their sources, and beside each `-wasm.ts` in place of `.as`. */
export const kernels = {
  pageKernel: 'page-kernel.as',
  modexpKernel: 'paillier/modexp-kernel.as',
} as const;
export type KernelName = keyof typeof kernels;

/** A kernel as WebAssembly: the same bytes on every machine, for the compiler is pinned. */
async function compileKernel(name: KernelName): Promise<Uint8Array> {
  const source = readFileSync(folder + kernels[name], 'utf8');
  let wasm: Uint8Array | undefined;
  // The compiler wants a file that ends in .ts; ours does not, for no TypeScript tool understands it.
  const { error, stderr } = await asc.main(['kernel.ts', '-o', 'kernel.wasm', ...flags], {
    readFile: (file: string) => (file === 'kernel.ts' ? source : null),
    writeFile: (_file: string, contents: Uint8Array | string) => {
      if (typeof contents !== 'string') wasm = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString());
  return wasm;
}

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
