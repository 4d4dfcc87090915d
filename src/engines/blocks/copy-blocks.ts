import { closeSync, constants, copyFileSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';

const maxTries = 20;

/**
 * Copies `blocks.db` and its write-ahead log, also of a ledger that runs.
 *
 * What the log holds is copied into the database by and by, which does no harm: it stays in the log as well,
 * until the log begins anew. If it did so in between, blocks could be in neither copy, and it is done again.
 * Throws STORE_BUSY when that happens every time.
 */
export function copyBlocks(
  from: string,
  to: string,
  copy: (from: string, to: string) => void = copyFile,
): void {
  for (let tries = 0; tries < maxTries; tries++) {
    const log = join(from, 'blocks.db-wal');
    const before = logRun(log);
    copy(join(from, 'blocks.db'), join(to, 'blocks.db'));
    if (existsSync(log)) copy(log, join(to, 'blocks.db-wal'));
    if (logRun(log) === before) return;
  }
  throw new CodedError('STORE_BUSY');
}

function copyFile(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
}

/** What changes whenever the log begins anew: its header of 32 bytes (SQLite file format, section 4.1). */
function logRun(path: string): string {
  if (!existsSync(path)) return '';
  const header = new Uint8Array(32);
  const file = openSync(path, 'r');
  try {
    return bytesToHex(header.subarray(0, readSync(file, header, 0, 32, 0)));
  } finally {
    closeSync(file);
  }
}
