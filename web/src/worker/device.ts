/** What this browser keeps beside the sealed wallets: which there are, and nothing that a record says. */
export interface HeldWallet {
  /** Its name in the wallet store: random, because the store's names are in clear. */
  readonly id: string;
  /** Two letters to tell wallets of one browser apart before they are opened; never a name. */
  readonly initials: string;
  readonly role: string;
  readonly isDemo: boolean;
  /** Somebody chose a passphrase; without one only a passkey opens it here. */
  readonly hasPassphrase: boolean;
  readonly openedMs: number;
}

export type DeviceStore = 'wallets' | 'keys' | 'drafts' | 'notes' | 'seen' | 'site';

/** A database never gets another version: a page of the build before, that is still open, could not keep a draft then. */
const databases: Readonly<Record<string, readonly DeviceStore[]>> = {
  'salus-app': ['wallets', 'keys', 'drafts', 'notes'],
  'salus-seen': ['seen', 'site'],
};

function opened(store: DeviceStore): Promise<IDBDatabase> {
  const [name = '', stores = []] =
    Object.entries(databases).find(([, it]) => it.includes(store)) ?? [];
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const it of stores) request.result.createObjectStore(it);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** One transaction; on disk when this comes back. */
export async function onDevice<T>(
  store: DeviceStore,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened(store);
  try {
    const transaction = database.transaction(store, mode, { durability: 'strict' });
    const request = ask(transaction.objectStore(store));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

/** The wallets of this browser, the one opened last first. */
export async function heldWallets(): Promise<readonly HeldWallet[]> {
  const held = (await onDevice('wallets', 'readonly', (store) => store.getAll())) as HeldWallet[];
  return held.sort((a, b) => b.openedMs - a.openedMs);
}

export async function holdWallet(wallet: HeldWallet): Promise<void> {
  await onDevice('wallets', 'readwrite', (store) => store.put(wallet, wallet.id));
}

/**
 * A key of this browser alone that no code can read out: it draws handles and seals drafts. It lies where the browser
 * keeps its databases; who has the whole profile has it, and the drafts, and no record.
 */
export async function deviceKey(name: 'handles'): Promise<CryptoKey> {
  const held: unknown = await onDevice('keys', 'readonly', (store) => store.get(name));
  if (held instanceof CryptoKey) return held;
  const made = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  await onDevice('keys', 'readwrite', (store) => store.put(made, name));
  return made;
}
