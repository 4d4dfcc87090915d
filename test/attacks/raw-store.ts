import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { decodeLeafContent, itemLeafHash } from '../../src/api/item.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import type { AccountId, RecordId } from '../../src/primitives/ids.ts';
import { openItem } from '../../src/sdk/records/item-open.ts';
import { type ReadingKey, writePairOf } from '../../src/sdk/records/item-wrap.ts';
import type { WalletContent } from '../../src/sdk/wallet/content.ts';
import { readWallet } from '../../src/sdk/wallet/sealed-wallet.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { type Consortium, type Enrolled, passphrase } from '../e2e/consortium.ts';

/** A hospital's database, opened by somebody who has its disk. */
export function withRawDatabase<T>(
  consortium: Consortium,
  hospital: string,
  work: (db: DatabaseSync) => T,
): T {
  const path = join(consortium.home, 'servers', hospital, 'gateway.sqlite');
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** Everything that somebody ever held: what a thief of the unlocked device has. */
export async function everythingHeldBy(somebody: Enrolled): Promise<WalletContent> {
  return (await readWallet(somebody.store, passphrase)).content;
}

/** Tries every key of a wallet on a record from the raw store. */
export async function tryEverything(
  consortium: Consortium,
  content: WalletContent,
  target: {
    readonly hospital: string;
    readonly store: BlobStore;
    readonly account: AccountId;
    readonly recordId: RecordId;
  },
): Promise<{ readonly tried: number; readonly opened: boolean }> {
  const row = withRawDatabase(consortium, target.hospital, (db) =>
    db
      .prepare('SELECT header, leafContent, salt FROM items WHERE recordId = ?')
      .get(target.recordId),
  );
  const { header, leafContent, salt } = row ?? {};
  assert.ok(header instanceof Uint8Array && leafContent instanceof Uint8Array);
  assert.ok(salt instanceof Uint8Array);
  const body = await target.store.read(decodeLeafContent(leafContent).blobId);
  const keys = await everyKeyOf(content);
  const item = {
    ...{ header, leafContent, salt, leaf: itemLeafHash(salt, leafContent) },
    ...{ account: target.account, recordId: target.recordId, isKeyOfAuthor: () => true },
  };
  for (const key of keys) {
    try {
      await openItem({ ...item, key }, body);
      return { tried: keys.length, opened: true };
    } catch (error) {
      if (!isCoded(error, 'CANNOT_OPEN')) throw error;
    }
  }
  return { tried: keys.length, opened: false };
}

async function everyKeyOf(content: WalletContent): Promise<readonly ReadingKey[]> {
  const keys: ReadingKey[] = [];
  for (const { secret } of content.segments) {
    keys.push({ kind: 'segment', sek: secret });
    keys.push({ kind: 'write-pair', pair: await writePairOf(secret) });
  }
  for (const { secret } of content.openings) keys.push({ kind: 'opening-secret', secret });
  return keys;
}
