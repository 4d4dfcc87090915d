import { CodedError } from '../../primitives/errors.ts';
import type { WalletStore } from '../wallet/store.ts';

const databaseName = 'salus';
const wallets = 'wallets';
/** Between a wallet's name and the word of what is kept beside it: no name has it. */
const besideMark = '\u0000';

/**
 * Keeps a wallet file in this browser, sealed as everywhere. Tabs and workers of one origin wait for each
 * other. A browser may clear its storage: the printed code brings the wallet back, so a page shows it first.
 *
 * Throws WALLET_NOT_KEPT. Source: docs/protocol/wallet.md, rule W-15.
 */
export function indexedDbWalletStore(name: string): WalletStore {
  const load = async (key: string): Promise<Uint8Array | undefined> => {
    const held: unknown = await inDatabase('readonly', (store) => store.get(key));
    if (held === undefined || held instanceof Uint8Array) return held;
    throw new CodedError('WALLET_INVALID');
  };
  const save = async (key: string, bytes: Uint8Array): Promise<void> => {
    await inDatabase('readwrite', (store) => store.put(bytes, key));
  };
  return {
    load: () => load(name),
    save: (bytes) => save(name, bytes),
    beside: {
      load: (word) => load(`${name}${besideMark}${word}`),
      save: (word, bytes) => save(`${name}${besideMark}${word}`, bytes),
    },
    locked: (work) => navigator.locks.request(`${databaseName} ${wallets} ${name}`, work),
  };
}

/** Throws WALLET_NOT_KEPT. */
export async function indexedDbWalletNames(): Promise<readonly string[]> {
  const keys = await inDatabase('readonly', (store) => store.getAllKeys());
  return keys.map(String).filter((key) => !key.includes(besideMark));
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
