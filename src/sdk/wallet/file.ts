import { messageObjects } from '../../api/object-types.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { labels } from '../../crypto/labels.ts';
import {
  keyFromPassphrase,
  newPassphraseCost,
  type PassphraseCost,
  type PassphraseStretcher,
} from '../../crypto/passphrase.ts';
import { suite } from '../../ledger/object-types.ts';
import { concatBytes, utf8 } from '../../primitives/bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
  readUint,
} from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { decodeWalletContent, encodeWalletContent, type WalletContent } from './content.ts';

export const minPassphraseCharacters = 10;
/** Nothing larger is read, so nothing larger is written. */
export const maxWalletBytes = 64 * 1024 * 1024;

/** Throws PASSPHRASE_SHORT. Characters are counted as people count them, not as UTF-16 does. */
export function checkPassphrase(passphrase: string): void {
  const characters = [...passphrase.normalize('NFKC')].length;
  if (characters < minPassphraseCharacters) {
    throw new CodedError('PASSPHRASE_SHORT', { atLeast: minPassphraseCharacters });
  }
}

/** An unlocked file: the derived key is kept, because deriving it costs a quarter of a second. */
export interface WalletKey {
  readonly cost: PassphraseCost;
  readonly key: Uint8Array;
}

/** Throws PASSPHRASE_SHORT. */
export async function newWalletKey(
  passphrase: string,
  cost: PassphraseCost = newPassphraseCost(),
  stretch: PassphraseStretcher = keyFromPassphrase,
): Promise<WalletKey> {
  checkPassphrase(passphrase);
  return { cost, key: await stretch(passphrase, cost) };
}

/**
 * The wallet as it lies on a person's device: `[suite, type, ['argon2id', m KiB, t, p, salt 16],
 * nonce 12 ‖ AES-256-GCM]`. The head is authenticated with the content.
 *
 * Throws WALLET_FULL, and WALLET_INVALID for content that would not be read again: then the file of before stays.
 * Source: docs/protocol/wallet.md, rules W-1 to W-3.
 */
export async function sealWalletFile(
  { cost, key }: WalletKey,
  content: WalletContent,
): Promise<Uint8Array> {
  const head = headOf(cost);
  const encoded = encodeWalletContent(content);
  decodeWalletContent(encoded);
  const file = encodeCbor([...head, await sealUnderKey(key, aadOf(head), encoded)]);
  if (file.length > maxWalletBytes) throw new CodedError('WALLET_FULL', { bytes: file.length });
  return file;
}

/**
 * Throws WALLET_INVALID (not a wallet, or damaged), WALLET_KDF (settings outside the limits),
 * PASSPHRASE_WRONG.
 */
export async function openWalletFile(
  passphrase: string,
  file: Uint8Array,
  stretch: PassphraseStretcher = keyFromPassphrase,
): Promise<{ readonly walletKey: WalletKey; readonly content: WalletContent }> {
  const { cost, sealed } = parseFile(file);
  const walletKey = { cost, key: await stretch(passphrase, cost) };
  return { walletKey, content: await openWith(walletKey, sealed) };
}

/** Opens a file again with a key that is at hand, after another process wrote it. */
export async function reopenWalletFile(
  walletKey: WalletKey,
  file: Uint8Array,
): Promise<WalletContent> {
  return openWith(walletKey, parseFile(file).sealed);
}

async function openWith({ cost, key }: WalletKey, sealed: Uint8Array): Promise<WalletContent> {
  let plain: Uint8Array;
  try {
    plain = await openUnderKey(key, aadOf(headOf(cost)), sealed);
  } catch (cause) {
    if (!isCoded(cause, 'CANNOT_OPEN')) throw cause;
    // Damage and a wrong passphrase cannot be told apart; the second is by far the likelier.
    throw new CodedError('PASSPHRASE_WRONG', {}, cause);
  }
  return decodeWalletContent(plain);
}

function parseFile(file: Uint8Array): {
  readonly cost: PassphraseCost;
  readonly sealed: Uint8Array;
} {
  if (file.length > maxWalletBytes) throw new CodedError('WALLET_INVALID', { bytes: file.length });
  try {
    const fields = readArray(decodeCbor(file), 'wallet', 4);
    if (fields[0] !== suite) throw new CodedError('SUITE_UNKNOWN');
    if (fields[1] !== messageObjects.walletFile) throw new CodedError('TYPE_UNKNOWN');
    const kdf = readArray(fields[2], 'kdf', 5);
    if (readText(kdf[0], 'kdf') !== 'argon2id') throw new CodedError('CBOR_SHAPE');
    const memoryKiB = readUint(kdf[1], 'memory');
    const passes = readUint(kdf[2], 'passes');
    if (readUint(kdf[3], 'lanes') !== 1) throw new CodedError('CBOR_SHAPE', { field: 'lanes' });
    const salt = readBytes(kdf[4], 'salt');
    return { cost: { memoryKiB, passes, salt }, sealed: readBytes(fields[3], 'sealed') };
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', {}, cause);
  }
}

function headOf({ memoryKiB, passes, salt }: PassphraseCost): readonly Cbor[] {
  return [suite, messageObjects.walletFile, ['argon2id', memoryKiB, passes, 1, salt]];
}

function aadOf(head: readonly Cbor[]): Uint8Array {
  return concatBytes(utf8(labels.walletFile), Uint8Array.of(0), encodeCbor(head));
}
