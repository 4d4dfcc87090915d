import { encodeCbor } from '../../../src/primitives/cbor.ts';
import { codeCheckOf, formatCode, parseCode } from '../../../src/sdk/wallet/code.ts';
import {
  emptyWallet,
  encodeWalletContent,
  type WalletContent,
} from '../../../src/sdk/wallet/content.ts';
import { openWalletFile, sealWalletFile } from '../../../src/sdk/wallet/file.ts';
import { emptyLocal, localShape } from '../../../src/sdk/wallet/local.ts';
import {
  bucketsUnder,
  intoBuckets,
  sealShard,
  withoutShards,
} from '../../../src/sdk/wallet/shards.ts';
import { costToCbor, newPassphraseKey, wrapRoot } from '../../../src/sdk/wallet/unlock.ts';
import { withFixedRandomness } from './fixed-randomness.ts';
import { code } from './people.ts';
import { full, ownLocal } from './wallet-content.ts';
import { codeOf, type Format, hex, hexOfAll, json, pattern } from './write.ts';

const passphrase = 'correct horse ba\u0308ttery';
const cost = { memoryKiB: 19_456, passes: 2, salt: pattern(16, 4) };

/** How many entries each list has; of a name or key, its length. */
const entriesOf = (content: WalletContent): object =>
  Object.fromEntries(Object.entries(content).map(([name, value]) => [name, value.length]));

const root = pattern(32, 11);
const secret = pattern(32, 12);

export const walletFiles: Format = {
  about:
    'wallet.md W-1, W-2, W-12, W-23: content, cut into an index and shards and sealed for the passphrase; local = what is the device\u2019s alone (W-23); drawn = of each shard name, key, nonce, then the nonces of wrap and index; then files that are refused, with the code',
  async cases() {
    const key = await newPassphraseKey(passphrase, cost);
    const cases = [];
    for (const [index, [content, local]] of [
      [emptyWallet(''), emptyLocal] as const,
      [full, ownLocal] as const,
    ].entries()) {
      const { result, drawn } = await withFixedRandomness(`wallet file ${index}`, async () => {
        const shards = [];
        for (const [bucket, shard] of intoBuckets(content, bucketsUnder(secret, 16))) {
          shards.push(await sealShard(bucket, shard));
        }
        const layout = { secret, buckets: 16, shards: shards.map(({ ref }) => ref) };
        const unlockers = [await wrapRoot(key, root)];
        const file = await sealWalletFile(unlockers, root, {
          ...{ content: withoutShards(content), layout, local },
        });
        return { file, shards };
      });
      const plain = encodeWalletContent(content);
      cases.push({
        ...{ passphrase, memoryKiB: cost.memoryKiB, passes: cost.passes, salt: hex(cost.salt) },
        ...{ root: hex(root), secret: hex(secret), buckets: 16, content: hex(plain) },
        local: json(localShape.encode(local)),
        ...{ drawn: hexOfAll(drawn), file: hex(result.file) },
        shards: result.shards.map(({ ref, sealed }) => ({
          ...{ bucket: ref.bucket, name: ref.name, sealed: hex(sealed) },
        })),
        entries: entriesOf(content),
      });
    }
    const head = (...kdf: readonly (string | number | Uint8Array)[]) =>
      encodeCbor([2, 49, [['passphrase', kdf, pattern(60, 2)]], pattern(60, 1)]);
    const strange = [
      head('argon2id', 19_455, 2, 1, cost.salt),
      head('argon2id', 1_048_577, 2, 1, cost.salt),
      head('argon2id', 19_456, 1, 1, cost.salt),
      head('argon2id', 19_456, 11, 1, cost.salt),
      head('argon2id', 19_456, 2, 2, cost.salt),
      head('argon2id', 19_456, 2, 1, pattern(15, 0)),
      head('argon2i', 19_456, 2, 1, cost.salt),
      head('argon2id', 19_456, 2, 1, cost.salt),
      encodeCbor([2, 49, [['passkey', 1, pattern(60, 2)]], pattern(60, 1)]),
      encodeCbor([2, 49, [], pattern(60, 1)]),
      encodeCbor([2, 49, ['argon2id', 19_455, 2, 1, cost.salt], pattern(60, 1)]),
      encodeCbor([2, 49, ['argon2id', 19_456, 2, 1, cost.salt], pattern(60, 1)]),
      encodeCbor([1, 49, [['passphrase', costToCbor(cost), pattern(60, 2)]], pattern(60, 1)]),
      encodeCbor([2, 50, [['passphrase', costToCbor(cost), pattern(60, 2)]], pattern(60, 1)]),
    ];
    for (const file of strange) {
      cases.push({
        passphrase,
        file: hex(file),
        refused: await codeOf(() => openWalletFile(passphrase, file)),
      });
    }
    return cases;
  },
};

export const printedCodes: Format = {
  about:
    'wallet.md W-4: a code, how it is printed, and by what a wallet knows it again; then what people type, and the code or the refusal',
  async cases() {
    const printed = formatCode(code);
    const typed = [
      printed,
      printed.toLowerCase(),
      printed.replaceAll('-', ' '),
      printed.replaceAll('-', ''),
      printed.replaceAll('0', 'o').replaceAll('1', 'l'),
      printed.slice(0, -1),
      `${printed}0`,
      printed.replace(/.$/, (last) => (last === 'Z' ? 'Y' : 'Z')),
      printed.replace(/^./, 'U'),
      '',
    ];
    const codes = [code, new Uint8Array(20), new Uint8Array(20).fill(255)];
    return [
      ...codes.map((bytes) => ({
        ...{ code: hex(bytes), printed: formatCode(bytes), check: hex(codeCheckOf(bytes)) },
      })),
      ...(await Promise.all(
        typed.map(async (text) => {
          const refused = await codeOf(() => parseCode(text));
          return refused === ''
            ? { typed: text, code: hex(parseCode(text)) }
            : { typed: text, refused };
        }),
      )),
    ];
  },
};
