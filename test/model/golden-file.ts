import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digests, type Played } from './golden-play.ts';

/** What is kept of the golden chain: app hashes at some heights, and digests over all of them. */
export interface GoldenFile {
  readonly note: string;
  readonly transactions: number;
  /** By height. */
  readonly appHashes: Readonly<Record<string, string>>;
  readonly digests: readonly ReturnType<typeof digests>[];
}

const path = join(import.meta.dirname, 'golden-chain.json');
/** The first of these is what the fast test plays. */
export const shortBlocks = 300;
export const allBlocks = 10_000;
const isKept = (height: number) =>
  height % 500 === 0 || (height <= shortBlocks && height % 50 === 0);

export const readGoldenFile = (): GoldenFile => JSON.parse(readFileSync(path, 'utf8'));

export function writeGoldenFile(played: Played, transactions: number): void {
  const kept = played.appHashes.flatMap((hash, i) => (isKept(i + 1) ? [[i + 1, hash]] : []));
  const file: GoldenFile = {
    note: 'Written by npm run golden -- --write. A changed hash is a changed rule or encoding.',
    transactions,
    appHashes: Object.fromEntries(kept),
    digests: [digests(played, shortBlocks), digests(played, allBlocks)],
  };
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`);
}

/** Where a play differs from what is kept, as sentences; heights that were not played are not judged. */
export function differencesFromFile(played: Played, file: GoldenFile = readGoldenFile()): string[] {
  const found: string[] = [];
  for (const [height, hash] of Object.entries(file.appHashes)) {
    const mine = played.appHashes[Number(height) - 1];
    if (mine !== undefined && mine !== hash) found.push(`app hash at height ${height}`);
  }
  for (const kept of file.digests) {
    if (kept.blocks > played.appHashes.length) continue;
    const mine = digests(played, kept.blocks);
    if (mine.appHashes !== kept.appHashes) found.push(`app hashes of ${kept.blocks} blocks`);
    if (mine.results !== kept.results) found.push(`results of ${kept.blocks} blocks`);
  }
  return found;
}
