import { platform } from '#platform';
import { utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';

/** How a passphrase becomes a key: Argon2id (RFC 9106) with one lane. Stands in the wallet file. */
export interface PassphraseCost {
  readonly memoryKiB: number;
  readonly passes: number;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
}

/** 64 MiB and three passes: RFC 9106's second choice, with the one lane that browsers have. */
export const defaultMemoryKiB = 65_536;
export const defaultPasses = 3;

/** What a file may ask for: less would make guessing cheap, more would freeze the reader. */
export const passphraseLimits = {
  minMemoryKiB: 19_456,
  maxMemoryKiB: 1_048_576,
  minPasses: 2,
  maxPasses: 10,
  saltBytes: 16,
} as const;

/** `salt`: 16 random bytes. */
export function newPassphraseCost(
  salt: Uint8Array = platform.randomBytes(passphraseLimits.saltBytes),
): PassphraseCost {
  return { memoryKiB: defaultMemoryKiB, passes: defaultPasses, salt };
}

/**
 * The 32-byte key of a passphrase. The text is normalised (NFKC), so that keyboards which compose accents
 * differently agree. In a browser call it from a worker: it takes a quarter of a second.
 *
 * Throws WALLET_KDF when the cost, which is read from a file, lies outside `passphraseLimits`.
 * Source: docs/protocol/sealing.md, rule S-6.
 */
export async function keyFromPassphrase(
  passphrase: string,
  cost: PassphraseCost,
): Promise<Uint8Array> {
  requireHonestCost(cost);
  const { memoryKiB, passes, salt } = cost;
  return platform.argon2id(utf8(passphrase.normalize('NFKC')), salt, { memoryKiB, passes });
}

/** Throws WALLET_KDF: outside `passphraseLimits`. Before any work, and whoever does the work. */
export function requireHonestCost({ memoryKiB, passes, salt }: PassphraseCost): void {
  const limits = passphraseLimits;
  const isHonest =
    isWithin(memoryKiB, limits.minMemoryKiB, limits.maxMemoryKiB) &&
    isWithin(passes, limits.minPasses, limits.maxPasses) &&
    salt.length === limits.saltBytes;
  if (!isHonest) throw new CodedError('WALLET_KDF');
}

/** What turns a passphrase into a key: `keyFromPassphrase`, or somebody who runs it elsewhere. */
export type PassphraseStretcher = typeof keyFromPassphrase;

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
