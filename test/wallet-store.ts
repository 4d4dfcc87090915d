import {
  keyFromPassphrase,
  type PassphraseCost,
  passphraseLimits,
} from '../src/crypto/passphrase.ts';
import { randomBytes } from '../src/crypto/random.ts';
import { bytesToHex } from '../src/primitives/bytes.ts';
import type { WalletStore } from '../src/sdk/index.ts';

/** The least that a wallet file may cost and still opens: a fifth of what people's wallets cost. */
export function leastCost(): PassphraseCost {
  const { minMemoryKiB: memoryKiB, minPasses: passes } = passphraseLimits;
  return { memoryKiB, passes, salt };
}
const salt = randomBytes(passphraseLimits.saltBytes);

const stretched = new Map<string, Promise<Uint8Array>>();

/** For tests that are about something else: one salt, so that each passphrase is stretched once in a process. */
export const cheapPassphrases = {
  passphraseCost: leastCost,
  stretchPassphrase: (passphrase: string, cost: PassphraseCost) => {
    const name = JSON.stringify([passphrase, cost.memoryKiB, cost.passes, bytesToHex(cost.salt)]);
    const known = stretched.get(name) ?? keyFromPassphrase(passphrase, cost);
    stretched.set(name, known);
    return known;
  },
} satisfies Partial<WalletStore>;

/** A wallet in memory, cheap to open, for tests that are about something else. */
export function memoryWalletStore(): WalletStore {
  return storeIn({ held: undefined, shards: new Map(), beside: new Map() });
}

interface Kept {
  held: Uint8Array | undefined;
  readonly shards: Map<string, Uint8Array>;
  readonly beside: Map<string, Uint8Array>;
}
const keptIn = new WeakMap<WalletStore, Kept>();

/** All that lies in one of these stores at this moment, as somebody takes it away. */
export function copiedStore(store: WalletStore): WalletStore {
  const kept = keptIn.get(store);
  if (kept === undefined) throw new TypeError('not a store in memory');
  const { held, shards, beside } = kept;
  return storeIn({ held, shards: new Map(shards), beside: new Map(beside) });
}

function storeIn(kept: Kept): WalletStore {
  const { shards, beside } = kept;
  const store: WalletStore = {
    beside: {
      load: async (name) => beside.get(name),
      save: async (name, bytes) => {
        beside.set(name, bytes);
      },
    },
    load: async () => kept.held,
    loadShard: async (name) => shards.get(name),
    save: async ({ file, shards: added, keeps }) => {
      for (const [name, bytes] of added) shards.set(name, bytes);
      kept.held = file;
      const named = new Set(keeps);
      for (const name of shards.keys()) if (!named.has(name)) shards.delete(name);
    },
    ...cheapPassphrases,
  };
  keptIn.set(store, kept);
  return store;
}
