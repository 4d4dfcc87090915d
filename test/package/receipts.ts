import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Case {
  readonly name: string;
  readonly trust: string;
  readonly receipt: string;
}

/** Receipts of the published vectors, as files: what the package and the single files are tried on. */
export interface ReceiptFiles {
  readonly receipt: string;
  readonly trust: string;
}

const cases = (
  JSON.parse(readFileSync(new URL('../vectors/own/receipts.json', import.meta.url), 'utf8')) as {
    readonly cases: readonly Case[];
  }
).cases;

/** Writes one case into `folder`, and says where. */
export function writeReceipt(folder: string, name: string): ReceiptFiles {
  const found = cases.find((it) => it.name === name);
  if (found === undefined) throw new Error(`no receipt ${name}`);
  const base = join(folder, name.replaceAll(/\W+/g, '-'));
  const files = { receipt: `${base}.receipt`, trust: `${base}.json` };
  writeFileSync(files.receipt, Buffer.from(found.receipt, 'hex'));
  writeFileSync(files.trust, found.trust);
  return files;
}
