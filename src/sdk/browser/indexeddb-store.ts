import type { WalletStore } from '../wallet/store.ts';
import { inDatabase, loadedFrom } from './database.ts';

const place = { database: 'salus', store: 'wallets' };

/**
 * Keeps a wallet file in this browser, sealed as everywhere. Tabs and workers of one origin wait for each
 * other. A browser may clear its storage: the printed code brings the wallet back, so a page shows it first.
 *
 * Throws WALLET_NOT_KEPT. Source: docs/protocol/wallet.md, rule W-15.
 */
export function indexedDbWalletStore(name: string): WalletStore {
  return {
    load: () => loadedFrom(place, name),
    loadShard: (shard) => loadedFrom(place, shardKey(name, shard)),
    async save({ file, shards, keeps }) {
      const kept = new Set(keeps.map((shard) => shardKey(name, shard)));
      const own = IDBKeyRange.bound(shardKey(name, ''), shardKey(name, 'g'));
      await inDatabase(place, 'readwrite', (store) => {
        for (const [shard, bytes] of shards) store.put(bytes, shardKey(name, shard));
        const there = store.getAllKeys(own);
        there.onsuccess = () => {
          for (const key of there.result) if (!kept.has(String(key))) store.delete(key);
        };
        return store.put(file, name);
      });
    },
    beside: {
      load: (word) => loadedFrom(place, besideKey(name, word)),
      save: async (word, bytes) => {
        await inDatabase(place, 'readwrite', (store) => store.put(bytes, besideKey(name, word)));
      },
    },
    locked: (work) => navigator.locks.request(`${place.database} ${place.store} ${name}`, work),
  };
}

/** No name of a wallet has the character between: a shard is nobody's wallet. */
const shardKey = (name: string, shard: string): string => `${name}\u0000${shard}`;
/** Behind all shards, whose names are hex digits. */
const besideKey = (name: string, word: string): string => `${name}\u0000~${word}`;

/** Forgets a wallet in this browser, and what lies beside it; the printed code or another device brings it back. Throws WALLET_NOT_KEPT. */
export async function forgetIndexedDbWallet(name: string): Promise<void> {
  const own = IDBKeyRange.bound(`${name}\u0000`, `${name}\u0001`, false, true);
  await inDatabase(place, 'readwrite', (store) => {
    store.delete(own);
    return store.delete(name);
  });
}

/** Throws WALLET_NOT_KEPT. */
export async function indexedDbWalletNames(): Promise<readonly string[]> {
  const keys = await inDatabase(place, 'readonly', (store) => store.getAllKeys());
  return keys.map(String).filter((key) => !key.includes('\u0000'));
}
