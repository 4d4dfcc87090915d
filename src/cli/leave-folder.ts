import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../crypto/hash.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import type { ExportFolder } from '../sdk/index.ts';
import { replacing, type Writing, writeOut } from './write-out.ts';

const manifestName = 'manifest.json';
/** Which files an export that has not ended wrote, a line each behind the account: what is noted there is its own. */
const journalName = '.leaving';

/**
 * The folder that `person leave` writes into. An earlier try for the same account may lie there: what it wrote, and nobody has
 * changed since, gives way to what stands now. Everything else that lies there is somebody's, and is `FILE_EXISTS`
 * (`commands.md` CL-33).
 */
export function leaveFolder(out: string, account: string, writing: Writing): ExportFolder {
  const journal = join(out, journalName);
  const own = ownFiles(out, account);
  return {
    async write(name, bytes) {
      const path = join(out, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const lying = readIfThere(path);
      const isOwn = lying !== undefined && own(name, lying);
      // Before it is written: a try that is stopped in between knows it again.
      if (readIfThere(journal) === undefined) note(journal, account);
      note(journal, `${hashOf(bytes)} ${name}`);
      await writeOut(path, bytes, isOwn ? replacing : writing);
      // It names all of them.
      if (name === manifestName) rmSync(journal, { force: true });
    },
    async read(name) {
      return new Uint8Array(readFileSync(join(out, name)));
    },
  };
}

/** Whether an earlier try for this account wrote these bytes under this name. */
function ownFiles(out: string, account: string): (name: string, bytes: Uint8Array) => boolean {
  const noted = new Set<string>();
  const [first, ...lines] = textAt(join(out, journalName)).split('\n');
  if (first === account) for (const line of lines) noted.add(line);
  const text = textAt(join(out, manifestName));
  const isManifest = text !== '' && isManifestOf(text, account);
  if (isManifest) {
    for (const { name, sha256: hash } of JSON.parse(text).files) noted.add(`${hash} ${name}`);
    noted.add(`${hashOf(new Uint8Array(Buffer.from(text)))} ${manifestName}`);
  }
  return (name, bytes) => noted.has(`${hashOf(bytes)} ${name}`);
}

/** Just as an export writes it. */
function isManifestOf(text: string, account: string): boolean {
  try {
    const { account: its, organisationName, files } = JSON.parse(text);
    if (its !== account || !Array.isArray(files)) return false;
    const known = files.map(({ name, sha256: hash }) => ({ name, sha256: hash }));
    const again = { account: its, organisationName, files: known };
    return text === `${JSON.stringify(again, undefined, 1)}\n`;
  } catch {
    return false;
  }
}

const note = (journal: string, line: string): void =>
  appendFileSync(journal, `${line}\n`, { mode: 0o600 });

const hashOf = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));

const textAt = (path: string): string =>
  Buffer.from(readIfThere(path) ?? new Uint8Array(0)).toString('utf8');

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
