import { CodedError } from '../../primitives/errors.ts';

/** A database of this origin, with one store of that name. */
export interface Place {
  readonly database: string;
  readonly store: string;
}

/** One transaction, which is whole or not at all, and on disk when this comes back. Throws WALLET_NOT_KEPT. */
export async function inDatabase<T>(
  place: Place,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  try {
    const database = await opened(place);
    try {
      const transaction = database.transaction(place.store, mode, { durability: 'strict' });
      const request = ask(transaction.objectStore(place.store));
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

/** Throws WALLET_NOT_KEPT, WALLET_INVALID (something else lies there). */
export async function loadedFrom(place: Place, key: string): Promise<Uint8Array | undefined> {
  const held: unknown = await inDatabase(place, 'readonly', (store) => store.get(key));
  if (held === undefined || held instanceof Uint8Array) return held;
  throw new CodedError('WALLET_INVALID');
}

function opened({ database, store }: Place): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
