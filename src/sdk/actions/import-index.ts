import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes, hexToBytes, utf8 } from '../../primitives/bytes.ts';
import { idBytes, type RecordId, recordIdOf } from '../../primitives/ids.ts';
import type { KnownItem, KnownItems } from '../records/import-plan.ts';
import type { HeldImport } from '../wallet/content.ts';

const entryBytes = 64;
const keyName = (key: string): string => bytesToHex(sha256(utf8(key)).subarray(0, 16));

/** One import's items as the wallet keeps them: 64 bytes each (wallet/content.ts). */
export function encodeIndex(items: readonly KnownItem[]): Uint8Array {
  return concatBytes(
    ...items.flatMap(({ key, recordId, contentHash }) => [
      sha256(utf8(key)).subarray(0, 16),
      idBytes(recordId),
      hexToBytes(contentHash) ?? new Uint8Array(32),
    ]),
  );
}

/**
 * What the account has, as the planner of an import asks for it. Later imports come later; what was erased
 * counts as never imported, and so does a file of which an item was erased.
 */
export function knownItemsOf(
  imports: readonly HeldImport[],
  erased: readonly RecordId[],
): KnownItems {
  const gone = new Set<string>(erased);
  const newest = new Map<string, Omit<KnownItem, 'key'>>();
  const versions = new Map<string, Omit<KnownItem, 'key'>>();
  const byFile = new Map<string, RecordId>();
  for (const held of imports.toSorted((a, b) => a.importedMs - b.importedMs)) {
    if (!held.anchored) continue;
    let isWhole = !gone.has(held.skeleton);
    for (let at = 0; at + entryBytes <= held.index.length; at += entryBytes) {
      const entry = held.index.subarray(at, at + entryBytes);
      const name = bytesToHex(entry.subarray(0, 16));
      const recordId = recordIdOf(entry.subarray(16, 32));
      const contentHash = bytesToHex(entry.subarray(32));
      if (gone.has(recordId)) {
        isWhole = false;
        continue;
      }
      newest.set(name, { recordId, contentHash });
      versions.set(name + contentHash, { recordId, contentHash });
    }
    if (isWhole) byFile.set(bytesToHex(held.sha256), held.skeleton);
  }
  const named = (key: string, found: Omit<KnownItem, 'key'> | undefined): KnownItem | undefined =>
    found === undefined ? undefined : { key, ...found };
  return {
    newestOf: (key) => named(key, newest.get(keyName(key))),
    versionOf: (key, contentHash) => named(key, versions.get(keyName(key) + contentHash)),
    importOf: (fileHash) => byFile.get(fileHash),
  };
}
