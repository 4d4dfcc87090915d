import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { KnownBackup } from '../gateway/machine.ts';
import { utf8 } from '../primitives/bytes.ts';
import { writeWhole } from './files.ts';
import { serversOf } from './process.ts';

const noted = z.strictObject({
  height: z.int().nonnegative(),
  createdMs: z.int().nonnegative(),
});

const pathOf = (home: string): string => join(serversOf(home), 'last-backup.json');

/** Beside the servers, for their `/health`: a backup lies elsewhere, and they never see it. */
export function noteBackup(home: string, { height, createdMs }: KnownBackup): void {
  writeWhole(pathOf(home), utf8(`${JSON.stringify({ height, createdMs })}\n`), 0o644);
}

/** The newest backup that was made here; undefined: none, or nobody can say. */
export function lastBackup(home: string): KnownBackup | undefined {
  try {
    return noted.safeParse(JSON.parse(readFileSync(pathOf(home), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
