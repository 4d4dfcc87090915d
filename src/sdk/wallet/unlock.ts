import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { labelledInfo } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import {
  keyFromPassphrase,
  newPassphraseCost,
  type PassphraseCost,
  type PassphraseStretcher,
} from '../../crypto/passphrase.ts';
import { randomBytes } from '../../crypto/random.ts';
import { suite } from '../../ledger/object-types.ts';
import { type Cbor, readArray, readBytes, readUint } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';

export const minPassphraseCharacters = 10;

/** Throws PASSPHRASE_SHORT. Characters are counted as people count them, not as UTF-16 does. */
export function checkPassphrase(passphrase: string): void {
  const characters = [...passphrase.normalize('NFKC')].length;
  if (characters < minPassphraseCharacters) {
    throw new CodedError('PASSPHRASE_SHORT', { atLeast: minPassphraseCharacters });
  }
}

/**
 * One way to the device root, as it stands in the file: what the way needs, and the root wrapped under what it
 * gives. A kind that this version does not know is kept, and opens nothing here.
 */
export interface Unlocker {
  readonly kind: string;
  readonly parameters: Cbor;
  /** nonce 12 ‖ AES-256-GCM of the root ‖ tag 16. */
  readonly wrap: Uint8Array;
}

/** What a passphrase gives: kept while the wallet is open, because deriving it costs a quarter of a second. */
export interface PassphraseKey {
  readonly cost: PassphraseCost;
  readonly key: Uint8Array;
}

const passphraseKind = 'passphrase';

/** Throws PASSPHRASE_SHORT. */
export async function newPassphraseKey(
  passphrase: string,
  cost: PassphraseCost = newPassphraseCost(),
  stretch: PassphraseStretcher = keyFromPassphrase,
): Promise<PassphraseKey> {
  checkPassphrase(passphrase);
  return { cost, key: await stretch(passphrase, cost) };
}

/** Throws WALLET_INVALID (no passphrase opens this file), WALLET_KDF. */
export async function passphraseKeyFor(
  unlockers: readonly Unlocker[],
  passphrase: string,
  stretch: PassphraseStretcher = keyFromPassphrase,
): Promise<PassphraseKey> {
  const unlocker = unlockers.find(({ kind }) => kind === passphraseKind);
  if (unlocker === undefined) throw new CodedError('WALLET_INVALID', { reason: 'passphrase' });
  const cost = costFromCbor(unlocker.parameters);
  return { cost, key: await stretch(passphrase, cost) };
}

/** In place of the passphrase's key, where a wallet was opened without: it unwraps nothing. Throws WALLET_INVALID. */
export function strangersKey(unlockers: readonly Unlocker[]): PassphraseKey {
  const unlocker = unlockers.find(({ kind }) => kind === passphraseKind);
  if (unlocker === undefined) throw new CodedError('WALLET_INVALID', { reason: 'passphrase' });
  return { cost: costFromCbor(unlocker.parameters), key: randomBytes(32) };
}

/** The root, wrapped for this passphrase. Source: docs/protocol/wallet.md, rule W-1. */
export async function wrapRoot({ cost, key }: PassphraseKey, root: Uint8Array): Promise<Unlocker> {
  const parameters = costToCbor(cost);
  const wrap = await sealUnderKey(key, aadOf(passphraseKind, parameters), root);
  return { kind: passphraseKind, parameters, wrap };
}

/** Throws PASSPHRASE_WRONG: damage and a wrong passphrase cannot be told apart, and the second is likelier. */
export async function unwrapRoot(
  { key }: PassphraseKey,
  unlockers: readonly Unlocker[],
): Promise<Uint8Array> {
  const unlocker = unlockers.find(({ kind }) => kind === passphraseKind);
  if (unlocker === undefined) throw new CodedError('WALLET_INVALID', { reason: 'passphrase' });
  try {
    return await openUnderKey(key, aadOf(passphraseKind, unlocker.parameters), unlocker.wrap);
  } catch (cause) {
    if (!isCoded(cause, 'CANNOT_OPEN')) throw cause;
    throw new CodedError('PASSPHRASE_WRONG', {}, cause);
  }
}

/** All unlockers with the passphrase's one in place of what stood there. */
export function withPassphrase(
  unlockers: readonly Unlocker[],
  unlocker: Unlocker,
): readonly Unlocker[] {
  return [unlocker, ...unlockers.filter(({ kind }) => kind !== passphraseKind)];
}

/** What each wrap of the root is bound to: the way and what it needs (W-1). */
export const aadOf = (kind: string, parameters: Cbor): Uint8Array =>
  labelledInfo(labels.walletUnlock, [suite, kind, parameters]);

/** `['argon2id', memory KiB, passes, lanes, salt 16]`. */
export function costToCbor({ memoryKiB, passes, salt }: PassphraseCost): Cbor {
  return ['argon2id', memoryKiB, passes, 1, salt];
}

/** Whether the cost is within limits, whoever derives the key says. Throws WALLET_INVALID. */
export function costFromCbor(parameters: Cbor): PassphraseCost {
  try {
    const [name, memory, passes, lanes, salt] = readArray(parameters, 'kdf', 5);
    if (name !== 'argon2id') throw new CodedError('CBOR_SHAPE', { field: 'kdf' });
    if (readUint(lanes, 'lanes') !== 1) throw new CodedError('CBOR_SHAPE', { field: 'lanes' });
    return {
      memoryKiB: readUint(memory, 'memory'),
      passes: readUint(passes, 'passes'),
      salt: readBytes(salt, 'salt'),
    };
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', {}, cause);
  }
}
