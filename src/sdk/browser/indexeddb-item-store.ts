import type { ItemStore } from '../kept/item-store.ts';
import { inDatabase, loadedFrom } from './database.ts';

/** Of its own: a page of before that is still open does not keep the wallets' one from changing. */
const place = { database: 'salus-items', store: 'items' };

/**
 * Keeps the sealed items of the wallet of this name in this browser, in a page and in workers; tabs of one origin wait for each other.
 * The browser may clear them: they are fetched again. Throws WALLET_NOT_KEPT. Source: docs/protocol/wallet.md, rule W-15.
 */
export function indexedDbItemStore(wallet: string): ItemStore {
  const prefix = `${wallet}\u0000`;
  const keyOf = (name: string): string => `${prefix}${name}`;
  // No name has a character behind `z`.
  const own = () => IDBKeyRange.bound(prefix, `${prefix}{`);
  return {
    load: (name) => loadedFrom(place, keyOf(name)),
    async save(files) {
      if (files.size === 0) return;
      await inDatabase(place, 'readwrite', (store) => {
        for (const [name, bytes] of files) store.put(bytes, keyOf(name));
        return store.count();
      });
    },
    async drop(names) {
      if (names.length === 0) return;
      await inDatabase(place, 'readwrite', (store) => {
        for (const name of names) store.delete(keyOf(name));
        return store.count();
      });
    },
    async names() {
      const keys = await inDatabase(place, 'readonly', (store) => store.getAllKeys(own()));
      return keys.map((key) => String(key).slice(prefix.length));
    },
    locked: (work) => navigator.locks.request(`${place.database} ${wallet}`, work),
  };
}
