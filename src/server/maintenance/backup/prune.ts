import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isCoded } from '../../../primitives/errors.ts';
import { readManifest } from './manifest.ts';

const dayMs = 24 * 60 * 60_000;

/**
 * Removes the backups of one ledger that are older than so many days, never the newest: what was erased
 * leaves the backups with them. Whatever in the folder is no backup stays. Returns the names removed.
 * Source: docs/operations/backup.md, rule K-8.
 */
export function pruneBackups(
  folder: string,
  keep: { readonly chain: string; readonly days: number; readonly nowMs: number },
): string[] {
  const backups = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => ({ name, createdMs: createdMsOf(join(folder, name), keep.chain) }))
    .filter((it): it is { name: string; createdMs: number } => it.createdMs !== undefined)
    .sort((a, b) => b.createdMs - a.createdMs);
  const old = backups
    .slice(1)
    .filter(({ createdMs }) => createdMs < keep.nowMs - keep.days * dayMs)
    .map(({ name }) => name);
  for (const name of old) rmSync(join(folder, name), { recursive: true });
  return old;
}

function createdMsOf(folder: string, chain: string): number | undefined {
  try {
    const manifest = readManifest(folder);
    return manifest.chain === chain ? manifest.createdMs : undefined;
  } catch (error) {
    if (isCoded(error, 'BACKUP_INVALID')) return undefined;
    throw error;
  }
}
