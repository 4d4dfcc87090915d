import type { Scenes } from '../scenes.ts';

/** What a page of this origin finds of every visit, whoever left it; bytes of databases as Latin-1. */
export const kept: Scenes['kept'] = async () => {
  const databases = await indexedDB.databases();
  const texts: string[] = [];
  for (const { name = '' } of databases) {
    const database = await answered(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const values = database.transaction(store).objectStore(store).getAll();
      for (const value of await answered(values)) texts.push(...textsIn(value));
    }
    database.close();
  }
  return {
    texts,
    databases: databases.map(({ name = '' }) => name),
    caches: await caches.keys(),
    others: [localStorage.length, sessionStorage.length, document.cookie.length],
    address: location.href,
  };
};

function textsIn(value: unknown): string[] {
  const parts: unknown[] = [value, ...Object.values(Object(value))];
  const bytes = parts.filter((it) => it instanceof Uint8Array || it instanceof ArrayBuffer);
  return [
    JSON.stringify(value),
    ...bytes.map((it) => new TextDecoder('latin1').decode(it as ArrayBuffer)),
  ];
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
