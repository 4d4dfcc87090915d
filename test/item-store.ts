import type { ItemStore } from '../src/sdk/index.ts';

/** A place for kept items in memory, and what lies in it. */
export function memoryItemStore(): ItemStore & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    files,
    load: async (name) => files.get(name),
    save: async (added) => {
      for (const [name, bytes] of added) files.set(name, bytes);
    },
    drop: async (names) => {
      for (const name of names) files.delete(name);
    },
    names: async () => [...files.keys()],
    locked: (work) => {
      const next = last.then(work);
      last = next.catch(() => undefined);
      return next;
    },
  };
}
