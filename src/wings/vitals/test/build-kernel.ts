import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = fileURLToPath(new URL('../crypto/', import.meta.url));
const built = `${folder}page-kernel-wasm.ts`;
const flags = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--converge'];

/** crypto/page-kernel.as as WebAssembly: the same bytes on every machine, for the compiler is pinned. */
export async function compileKernel(): Promise<Uint8Array> {
  const source = readFileSync(`${folder}page-kernel.as`, 'utf8');
  let wasm: Uint8Array | undefined;
  // The compiler wants a file that ends in .ts; ours does not, for no TypeScript tool understands it.
  const { error, stderr } = await asc.main(['kernel.ts', '-o', 'kernel.wasm', ...flags], {
    readFile: (name: string) => (name === 'kernel.ts' ? source : null),
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== 'string') wasm = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString());
  return wasm;
}

/** The file that carries it: text, so that every bundler and browser takes it. */
export function kernelFile(wasm: Uint8Array): string {
  const text = Buffer.from(wasm).toString('base64url');
  const lines = text.match(/.{1,96}/g) ?? [];
  return [
    '/** page-kernel.as as WebAssembly, in base64url. Made by `node src/wings/vitals/test/build-kernel.ts`; a test builds it anew. */',
    'export const pageKernel =',
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(built, kernelFile(await compileKernel()));
