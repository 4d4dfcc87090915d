import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { defaultSnapshotEvery } from '../../engines/ledger-application/snapshots/format.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../files.ts';

/** What an operator may say of what a member's node keeps. Source: docs/protocol/cometbft.md, rules CB-12 and CB-16. */
const keeping = z.strictObject({
  /** The node gives up none of its blocks. */
  archive: z.boolean().default(false),
  /** A snapshot after each height that is a multiple of it. */
  snapshotEvery: z.int().min(1).default(defaultSnapshotEvery),
  /** Of its own blocks the node keeps at least so many, */
  keepHeights: z.int().min(3).default(10_000),
  /** and those of so long. */
  keepMs: z
    .int()
    .min(0)
    .default(14 * 86_400_000),
});
export type Keeping = Readonly<z.infer<typeof keeping>>;

const pathIn = (servers: string): string => join(servers, 'ledger', 'keeping.json');

/** Without the file: its defaults. Throws HOME_INVALID {file}. */
export function keepingIn(servers: string): Keeping {
  const path = pathIn(servers);
  try {
    return keeping.parse(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {});
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'ledger/keeping.json' }, cause);
  }
}

export function writeKeeping(servers: string, chosen: Partial<Keeping>): void {
  makeFolder(join(servers, 'ledger'));
  writeWhole(pathIn(servers), utf8(`${JSON.stringify(chosen, undefined, 2)}\n`), 0o644);
}
