import { type PassphraseCost, passphraseLimits } from '../src/crypto/passphrase.ts';
import { randomBytes } from '../src/crypto/random.ts';
import type { WalletStore } from '../src/sdk/index.ts';

/** The least that a wallet file may cost and still opens: a fifth of what people's wallets cost. */
export function leastCost(): PassphraseCost {
  const { minMemoryKiB: memoryKiB, minPasses: passes, saltBytes } = passphraseLimits;
  return { memoryKiB, passes, salt: randomBytes(saltBytes) };
}

/** A wallet in memory, cheap to open, for tests that are about something else. */
export function memoryWalletStore(): WalletStore {
  let held: Uint8Array | undefined;
  return {
    load: async () => held,
    save: async (bytes) => {
      held = bytes;
    },
    passphraseCost: leastCost,
  };
}
