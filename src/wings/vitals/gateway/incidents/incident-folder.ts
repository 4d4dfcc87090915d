import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Where a hospital keeps its signed reports: files of their own names, outside every store that they are about. Rule VT-3. */
export const incidentFolder = (hospitalFolder: string): string => join(hospitalFolder, 'incidents');

export const reportFile = (name: string): string => `${name}.report`;

/** All of them, by their files' names. */
export function readReports(
  hospitalFolder: string,
): { readonly name: string; readonly signed: Uint8Array }[] {
  const folder = incidentFolder(hospitalFolder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((it) => it.endsWith('.report'))
    .map((it) => ({
      name: it.slice(0, -'.report'.length),
      signed: new Uint8Array(readFileSync(join(folder, it))),
    }));
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
