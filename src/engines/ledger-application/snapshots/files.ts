import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isCoded } from '../../../primitives/errors.ts';
import { decodeMetadata, keptSnapshots, type SnapshotMetadata, snapshotHash } from './format.ts';

/** A snapshot is a folder by its height: `metadata.cbor`, and a file a chunk. */
export const metadataFile = 'metadata.cbor';
export const chunkFile = (index: number): string => `${index}.chunk`;

/** One that stands whole. */
export interface KeptSnapshot {
  readonly metadata: SnapshotMetadata;
  readonly encodedMetadata: Uint8Array;
  readonly hash: Uint8Array;
}

/** Newest first; one that cannot be read is none. */
export function snapshotsIn(folder: string): readonly KeptSnapshot[] {
  return heightsIn(folder).flatMap((height) => snapshotOf(folder, height) ?? []);
}

function snapshotOf(folder: string, height: number): KeptSnapshot | undefined {
  const path = join(folder, String(height), metadataFile);
  if (!existsSync(path)) return undefined;
  const encodedMetadata = new Uint8Array(readFileSync(path));
  try {
    const metadata = decodeMetadata(encodedMetadata);
    return { metadata, encodedMetadata, hash: snapshotHash(encodedMetadata) };
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}

/** Undefined: there is no such chunk. */
export function chunkIn(folder: string, height: number, index: number): Uint8Array | undefined {
  const path = join(folder, String(height), chunkFile(index));
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
}

/** Removes all but the newest, and whatever a crash left half written; nothing is being written now. */
export function tidySnapshots(folder: string): void {
  if (!existsSync(folder)) return;
  const kept = new Set(heightsIn(folder).slice(0, keptSnapshots).map(String));
  for (const name of readdirSync(folder)) {
    if (!kept.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Newest first. */
function heightsIn(folder: string): readonly number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^[1-9]\d{0,15}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);
}
