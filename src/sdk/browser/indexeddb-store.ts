import { CodedError } from '../../primitives/errors.ts';
import type { WalletStore } from '../wallet/store.ts';

const databaseName = 'salus';
const wallets = 'wallets';

/**
 * Keeps a wallet file in this browser, sealed as everywhere. Tabs and workers of one origin wait for each
 * other. A browser may clear its storage: the printed code brings the wallet back, so a page shows it first.
 *
 * Throws WALLET_NOT_KEPT. Source: docs/protocol/wallet.md, rule W-15.
 */
export function indexedDbWalletStore(name: string): WalletStore {
  return {
    load: () => loaded(name),
    loadShard: (shard) => loaded(shardKey(name, shard)),
    async save({ file, shards, keeps }) {
      const kept = new Set(keeps.map((shard) => shardKey(name, shard)));
      const own = IDBKeyRange.bound(shardKey(name, ''), shardKey(name, 'g'));
      await inDatabase('readwrite', (store) => {
        for (const [shard, bytes] of shards) store.put(bytes, shardKey(name, shard));
        const there = store.getAllKeys(own);
        there.onsuccess = () => {
          for (const key of there.result) if (!kept.has(String(key))) store.delete(key);
        };
        return store.put(file, name);
      });
    },
    beside: {
      load: (word) => loaded(besideKey(name, word)),
      save: async (word, bytes) => {
        await inDatabase('readwrite', (store) => store.put(bytes, besideKey(name, word)));
      },
    },
    locked: (work) => navigator.locks.request(`${databaseName} ${wallets} ${name}`, work),
  };
}

async function loaded(key: string): Promise<Uint8Array | undefined> {
  const held: unknown = await inDatabase('readonly', (store) => store.get(key));
  if (held === undefined || held instanceof Uint8Array) return held;
  throw new CodedError('WALLET_INVALID');
}

/** No name of a wallet has the character between: a shard is nobody's wallet. */
const shardKey = (name: string, shard: string): string => `${name}\u0000${shard}`;
/** Behind all shards, whose names are hex digits. */
const besideKey = (name: string, word: string): string => `${name}\u0000~${word}`;

/** Throws WALLET_NOT_KEPT. */
export async function indexedDbWalletNames(): Promise<readonly string[]> {
  const keys = await inDatabase('readonly', (store) => store.getAllKeys());
  return keys.map(String).filter((key) => !key.includes('\u0000'));
}

/** One transaction, which is whole or not at all, and on disk when this comes back. */
async function inDatabase<T>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  try {
    const database = await opened();
    try {
      const transaction = database.transaction(wallets, mode, { durability: 'strict' });
      const request = ask(transaction.objectStore(wallets));
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        // A full disk is found out when the transaction ends.
        transaction.onabort = () => reject(transaction.error);
      });
      return request.result;
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new CodedError('WALLET_NOT_KEPT', {}, cause);
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(wallets);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
