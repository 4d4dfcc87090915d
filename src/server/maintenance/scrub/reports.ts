import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Code, isCode } from '../../../codes/index.ts';
import type { StoreReport, StoreReports } from '../../../gateway/parts/findings/finding.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { makeFolder, writeWhole } from '../../files.ts';

const word = z.string().max(256);
const reportFile = z.strictObject({
  part: word,
  atMs: z.int().nonnegative(),
  isWhole: z.boolean(),
  findings: z
    .array(
      z.strictObject({
        store: word,
        table: word,
        row: word,
        column: word,
        bound: word,
        code: z.custom<Code>((it) => typeof it === 'string' && isCode(it)),
      }),
    )
    .max(10_000),
});

const folderOf = (hospitalFolder: string): string => join(hospitalFolder, 'scrub', 'found');
let left = 0;
const mostWaiting = 1_024;

/** For the gateway of this hospital, which takes it in once. */
export function leaveReport(hospitalFolder: string, report: StoreReport): void {
  const folder = folderOf(hospitalFolder);
  makeFolder(join(hospitalFolder, 'scrub'));
  makeFolder(folder);
  // A gateway that takes nothing in, as on a full disk: what is found again is left again later.
  if (readdirSync(folder).length >= mostWaiting) return;
  left += 1;
  const name = `${String(report.atMs).padStart(15, '0')}-${process.pid}-${String(left).padStart(6, '0')}.json`;
  writeWhole(join(folder, name), utf8(JSON.stringify(report)), 0o600);
}

/** What was left in the folder of this hospital, in the order of time. */
export function reportsIn(hospitalFolder: string): StoreReports {
  const folder = folderOf(hospitalFolder);
  return {
    take(taken) {
      if (!existsSync(folder)) return;
      for (const name of readdirSync(folder).sort()) {
        if (!name.endsWith('.json')) continue;
        const report = readReport(join(folder, name));
        if (report !== undefined) taken(report);
        rmSync(join(folder, name), { force: true });
      }
    },
  };
}

/** Undefined: no report of ours. */
function readReport(path: string): StoreReport | undefined {
  try {
    return reportFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
