import assert from 'node:assert/strict';
import { passphraseLimits, requireHonestCost } from '../../../src/crypto/passphrase.ts';
import { utf8, utf8ToText } from '../../../src/primitives/bytes.ts';
import type { Cbor } from '../../../src/primitives/cbor.ts';
import { CodedError } from '../../../src/primitives/errors.ts';
import { decodeAs, encodeAs } from '../../../src/primitives/shape.ts';
import { formatCode, parseCode } from '../../../src/sdk/wallet/code.ts';
import {
  decodeWalletContent,
  emptyWallet,
  encodeWalletContent,
  shardShape,
} from '../../../src/sdk/wallet/content.ts';
import {
  decodeWalletIndex,
  encodeWalletIndex,
  openWalletFile,
  sealWalletFile,
} from '../../../src/sdk/wallet/file.ts';
import { emptyLocal } from '../../../src/sdk/wallet/local.ts';
import { mergeWallets } from '../../../src/sdk/wallet/merge.ts';
import { intoBuckets } from '../../../src/sdk/wallet/shards.ts';
import { wrapRoot } from '../../../src/sdk/wallet/unlock.ts';
import { full, ownLocal } from '../../vectors/formats/wallet-content.ts';
import { pattern } from '../../vectors/formats/write.ts';
import { bytesOf, someBlob } from '../../world.ts';
import { unlessCoded } from '../mutate-bytes.ts';
import type { Target, TargetModule } from '../target.ts';
import { codecModule, mustEqual } from './codec.ts';

export const words: readonly Cbor[] = [
  ...['argon2id', 'argon2d', 'patient', 'grant', 'import', 'lab', 'notes', 'Telephone', someBlob],
  ...[passphraseLimits.minMemoryKiB - 1, passphraseLimits.maxMemoryKiB + 1, 2 ** 31, 10, 11],
  ...[pattern(8, 1), pattern(8, 2), pattern(16, 6), pattern(32, 1), pattern(32, 2)],
];

/** What a decrypted file or copy holds, and what merging it with one's own does. */
export const walletContents: TargetModule = {
  open: (): Target => ({
    ...{ name: 'wallets', shape: 'cbor', words, allows: ['WALLET_INVALID'] },
    seeds: [encodeWalletContent(full), encodeWalletContent(emptyWallet('Bo'))],
    run: (input) => {
      const read = decodeWalletContent(input);
      mustEqual(encodeWalletContent(read), input, 'another encoding');
      const merged = unlessCoded(() => mergeWallets(full, read));
      if (merged !== undefined) decodeWalletContent(encodeWalletContent(merged));
    },
  }),
};

/** Whoever opens a shard says WALLET_INVALID for each of them. */
const shardCodes = ['CBOR_SHAPE', 'CBOR_INVALID', 'ID_FORMAT'] as const;

/** What a shard holds that was opened. */
export const walletShards: TargetModule = {
  open(): Target {
    const cut = intoBuckets(full, () => 0).get(0);
    assert.ok(cut);
    return {
      ...{ name: 'wallet-shards', shape: 'cbor', words, allows: shardCodes },
      seeds: [encodeAs(shardShape, cut)],
      run: (input) => {
        const written = encodeAs(shardShape, decodeAs(shardShape, input, 'shard'));
        mustEqual(written, input, 'another encoding');
      },
    };
  },
};

/** What a file holds that was opened: where the shards lie, and what is this device's alone. */
export const walletIndexes: TargetModule = codecModule(() => ({
  ...{ name: 'wallet-indexes', words, allows: ['WALLET_INVALID'] as const },
  seeds: [ownLocal, emptyLocal].map((local) =>
    encodeWalletIndex({
      ...{ content: emptyWallet('Ana'), local },
      layout: {
        ...{ secret: bytesOf('secret'), buckets: 16 },
        shards: [{ bucket: 3, name: '0f'.repeat(16), key: bytesOf('shard'), bytes: 99 }],
      },
    }),
  ),
  ...{ decode: decodeWalletIndex, encode: encodeWalletIndex },
}));

/**
 * A file of somebody else's making. What it asks of the key derivation is refused outside the limits, at once and
 * without memory; within them the key is at hand, because deriving it is slow on purpose.
 */
export const walletFiles: TargetModule = {
  async open(): Promise<Target> {
    const salt = bytesOf('salt').slice(0, 16);
    const cost = { memoryKiB: passphraseLimits.minMemoryKiB, passes: 2, salt };
    const key = bytesOf('key');
    const root = bytesOf('root');
    const layout = { secret: bytesOf('secret'), buckets: 16, shards: [] };
    const index = { content: full, layout, local: ownLocal };
    const unlockers = [await wrapRoot({ cost, key }, root)];
    return {
      ...{ name: 'wallet-files', shape: 'cbor', words, boundMiB: 16 },
      seeds: [await sealWalletFile(unlockers, root, index)],
      allows: ['WALLET_INVALID', 'WALLET_KDF', 'PASSPHRASE_WRONG'],
      run: async (input) => {
        const opened = await openWalletFile('a long passphrase', input, async (_, asked) => {
          requireHonestCost(asked);
          return key;
        });
        mustEqual(encodeWalletIndex(opened.index), encodeWalletIndex(index), 'another wallet');
      },
    };
  },
};

/** What a person types from a printed sheet. */
export const codes: TargetModule = {
  open(): Target {
    const texts = ['a', 'b', 'c'].map((name) => formatCode(bytesOf(name).slice(0, 20)));
    return {
      ...{ name: 'codes', shape: 'bytes', allows: ['RECOVERY_CODE_WRONG'] },
      seeds: [...texts, texts[0]?.toLowerCase() ?? '', texts[1]?.replaceAll('-', ' ') ?? ''].map(
        utf8,
      ),
      words: ['O', 'I', 'l', '-', ' ', 'ß', 'ı', '0', 'U', '\u2013'],
      run: (input) => {
        const code = parseCode(typed(input));
        mustEqual(parseCode(formatCode(code)), code, 'another code');
      },
    };
  },
};

function typed(input: Uint8Array): string {
  try {
    return utf8ToText(input);
  } catch {
    throw new CodedError('RECOVERY_CODE_WRONG');
  }
}
