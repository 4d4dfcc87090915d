import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A report at its largest has some 120 KB. */
const mostBytes = 256 * 1024;

/** Where a hospital keeps its signed reports: files of their own names, outside every store that they are about. Rule VT-3. */
export const incidentFolder = (hospitalFolder: string): string => join(hospitalFolder, 'incidents');

export const reportFile = (name: string): string => `${name}.report`;

/** All of them, by their files' names, the newest first; `most`: no more than so many are read. */
export function readReports(
  hospitalFolder: string,
  most = Number.MAX_SAFE_INTEGER,
): { readonly name: string; readonly signed: Uint8Array }[] {
  const folder = incidentFolder(hospitalFolder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((it) => it.isFile() && it.name.endsWith('.report'))
    .map(({ name }) => ({ name, ms: statSync(join(folder, name)).mtimeMs }))
    .toSorted((one, other) => other.ms - one.ms)
    .slice(0, most)
    .map(({ name }) => ({
      name: name.slice(0, -'.report'.length),
      signed: readBounded(join(folder, name)),
    }));
}

/** One of them; undefined: it is not there. */
export function readKept(hospitalFolder: string, name: string): Uint8Array | undefined {
  const path = join(incidentFolder(hospitalFolder), reportFile(name));
  return existsSync(path) && statSync(path).isFile() ? readBounded(path) : undefined;
}

/** The beginning of what is longer than any report: it is none, and is shown as such. */
function readBounded(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(Math.min(fstatSync(file).size, mostBytes));
    return bytes.subarray(0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** There whole or not at all, also after a power failure. */
export function writeReport(hospitalFolder: string, name: string, signed: Uint8Array): void {
  const folder = incidentFolder(hospitalFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, reportFile(name));
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeFileSync(file, signed);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
  const held = openSync(folder, 'r');
  try {
    fsyncSync(held);
  } finally {
    closeSync(held);
  }
}
