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
  let held: Uint8Array | undefined;
  const shards = new Map<string, Uint8Array>();
  const beside = new Map<string, Uint8Array>();
  return {
    beside: {
      load: async (name) => beside.get(name),
      save: async (name, bytes) => {
        beside.set(name, bytes);
      },
    },
    load: async () => held,
    loadShard: async (name) => shards.get(name),
    save: async ({ file, shards: added, keeps }) => {
      for (const [name, bytes] of added) shards.set(name, bytes);
      held = file;
      const kept = new Set(keeps);
      for (const name of shards.keys()) if (!kept.has(name)) shards.delete(name);
    },
    ...cheapPassphrases,
  };
}
