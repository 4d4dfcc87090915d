import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealUnderKey } from '../../crypto/aead.ts';
import { deriveKey, labelledInfo } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { passphraseLimits } from '../../crypto/passphrase.ts';
import { hexToBytes } from '../../primitives/bytes.ts';
import { type Cbor, decodeCbor, encodeCbor, readArray } from '../../primitives/cbor.ts';
import { isCoded } from '../../primitives/errors.ts';
import { accountIdOf } from '../../primitives/ids.ts';
import { emptyWallet, encodeWalletContent } from './content.ts';
import { layoutShape, openWalletFile, reopenWalletFile, sealWalletFile } from './file.ts';
import { emptyLocal, localShape } from './local.ts';
import { newPassphraseKey, type Unlocker, wrapRoot } from './unlock.ts';

const cheap = {
  memoryKiB: passphraseLimits.minMemoryKiB,
  passes: passphraseLimits.minPasses,
  salt: new Uint8Array(16).fill(1),
};
const passphrase = 'correct horse';
const content = {
  ...emptyWallet('Ana'),
  printed: [{ check: new Uint8Array(32).fill(9), madeMs: 1 }],
};
const layout = { secret: new Uint8Array(32).fill(2), buckets: 16, shards: [] };
const local = {
  seeds: [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)],
  deviceRoot: ['0101010101010101'],
  next: [
    {
      account: accountIdOf(new Uint8Array(32).fill(7)),
      root: { id: '0202020202020202', secret: new Uint8Array(32).fill(8), createdMs: 2 },
      seed: new Uint8Array(32).fill(9),
    },
  ],
  freezing: [accountIdOf(new Uint8Array(32).fill(7))],
};
const root = new Uint8Array(32).fill(3);
const fileFor = async (typed: string, ...others: Unlocker[]): Promise<Uint8Array> => {
  const way = await wrapRoot(await newPassphraseKey(typed, cheap), root);
  return sealWalletFile([...others, way], root, { content, layout, local });
};
const file = await fileFor(passphrase);

test('A wallet file opens with its passphrase, with what belongs to this device alone', async () => {
  const { index, root: found } = await openWalletFile(passphrase, file);
  assert.deepEqual([index, found], [{ content, layout, local }, root]);
});

test('An unlocker of a kind that this version does not know is kept, and is in nobody’s way', async () => {
  const passkey = { kind: 'passkey', parameters: ['later', 1], wrap: new Uint8Array(60).fill(8) };
  const { unlockers, index } = await openWalletFile(passphrase, await fileFor(passphrase, passkey));
  assert.deepEqual(unlockers[0], passkey);
  assert.deepEqual(index.content, content);
});

test('A passphrase counts the same however its accents are composed', async () => {
  const accented = await fileFor('café au lait');
  assert.deepEqual((await openWalletFile('cafe\u0301 au lait', accented)).index.content, content);
});

test('After another process wrote it, it opens with what is at hand: another root, another passphrase, not both', async () => {
  const held = { key: await newPassphraseKey(passphrase, cheap), root };
  const otherRoot = new Uint8Array(32).fill(4);
  const rooted = await sealWalletFile([await wrapRoot(held.key, otherRoot)], otherRoot, {
    ...{ content, layout, local },
  });
  assert.deepEqual((await reopenWalletFile(held, rooted)).root, otherRoot);
  const renamed = await fileFor('incorrect horse');
  assert.deepEqual((await reopenWalletFile(held, renamed)).index.content, content);
  const strange = { ...held, root: otherRoot };
  await assert.rejects(reopenWalletFile(strange, renamed), (error) =>
    isCoded(error, 'PASSPHRASE_WRONG'),
  );
});

test('A wallet file of before opens, byte for byte as it was written then', async () => {
  const before = hexToBytes(
    '8402183185686172676f6e326964194c000201500405060708090a0b0c0d0e0f1011121358312ee83d1031c9610072b55df9d891ec36e43db98438b369797c58beea3037c23a5b2ba149dc3a785bc31b745127bcfa5463',
  );
  assert.ok(before);
  const { index } = await openWalletFile('correct horse b\u00e4ttery', before);
  assert.deepEqual([index.content, index.local], [emptyWallet(''), emptyLocal]);
});

const head = readArray(decodeCbor(file), 'file');

/** As a writer made it who knew fewer or more fields of an index. */
async function fileOfFields(fields: readonly Cbor[]): Promise<Uint8Array> {
  const key = deriveKey(root, labels.walletIndex, []);
  const aad = labelledInfo(labels.walletIndex, [2, 49]);
  const sealed = await sealUnderKey(key, aad, encodeCbor([2, 54, ...fields]));
  return encodeCbor([2, 49, readArray(head[2], 'unlockers'), sealed]);
}

const [way] = readArray(head[2], 'unlockers', 1);
const wrap = readArray(way, 'unlocker', 3)[2] ?? null;
const withWays = (...ways: Cbor[]): Uint8Array => encodeCbor([2, 49, ways, head[3] ?? null]);
const withKdf = (...kdf: Cbor[]): Uint8Array => withWays(['passphrase', kdf, wrap]);
const { salt } = cheap;
const flipped = file.map((byte, i) => (i === file.length - 1 ? byte ^ 1 : byte));

const written = encodeWalletContent(content);
const places: readonly Cbor[] = [written, layoutShape.encode(layout), localShape.encode(local)];
const otherLocal = (change: object): readonly Cbor[] => [
  ...places.slice(0, 2),
  localShape.encode({ ...local, ...change }),
];
for (const [name, fields] of [
  ['no place for what belongs to this device', places.slice(0, 2)],
  ['a field more', [...places, 0]],
  ['33 pairs', otherLocal({ seeds: Array.from({ length: 33 }, () => root) })],
  ['a seed of 31 bytes', otherLocal({ seeds: [root.slice(1)] })],
  ['two device roots', otherLocal({ deviceRoot: ['01'.repeat(8), '02'.repeat(8)] })],
  ['33 accounts to be frozen', otherLocal({ freezing: Array(33).fill(local.freezing[0]) })],
  ['33 rotations on their way', otherLocal({ next: Array(33).fill(local.next[0]) })],
] as const) {
  test(`A wallet file whose index has ${name} is refused: WALLET_INVALID`, async () => {
    const strange = await fileOfFields(fields);
    await assert.rejects(openWalletFile(passphrase, strange), (error) =>
      isCoded(error, 'WALLET_INVALID'),
    );
  });
}

for (const [name, bytes, typed, code] of [
  ['another passphrase', file, 'incorrect horse', 'PASSPHRASE_WRONG'],
  ['a flipped bit in its index', flipped, passphrase, 'WALLET_INVALID'],
  ['no unlocker', withWays(), passphrase, 'WALLET_INVALID'],
  ['no unlocker for a passphrase', withWays(['passkey', 1, wrap]), passphrase, 'WALLET_INVALID'],
  [
    'seventeen unlockers',
    withWays(...Array.from({ length: 17 }, () => way ?? null)),
    passphrase,
    'WALLET_INVALID',
  ],
  ['nothing', new Uint8Array(0), passphrase, 'WALLET_INVALID'],
  ['a file cut short', file.slice(0, -1), passphrase, 'WALLET_INVALID'],
  ['another suite', encodeCbor([3, ...head.slice(1)]), passphrase, 'WALLET_INVALID'],
  ['another type', encodeCbor([2, 50, ...head.slice(2)]), passphrase, 'WALLET_INVALID'],
  ['another function', withKdf('pbkdf2', 65_536, 3, 1, salt), passphrase, 'WALLET_INVALID'],
  ['two lanes', withKdf('argon2id', 65_536, 3, 2, salt), passphrase, 'WALLET_INVALID'],
  ['too little memory', withKdf('argon2id', 8, 3, 1, salt), passphrase, 'WALLET_KDF'],
  ['too much memory', withKdf('argon2id', 2 ** 21, 3, 1, salt), passphrase, 'WALLET_KDF'],
  ['too few passes', withKdf('argon2id', 65_536, 1, 1, salt), passphrase, 'WALLET_KDF'],
  ['too many passes', withKdf('argon2id', 65_536, 11, 1, salt), passphrase, 'WALLET_KDF'],
  ['a short salt', withKdf('argon2id', 65_536, 3, 1, salt.slice(1)), passphrase, 'WALLET_KDF'],
  ['another honest cost', withKdf('argon2id', 19_457, 2, 1, salt), passphrase, 'PASSPHRASE_WRONG'],
] as const) {
  test(`A wallet file with ${name} is refused: ${code}`, async () => {
    await assert.rejects(openWalletFile(typed, bytes), (error) => isCoded(error, code));
  });
}

for (const [typed, isLong] of [
  ['123456789', false],
  ['1234567890', true],
  ['ÄÖÜäöüßéèà', true],
  ['😀😀😀😀😀', false],
] as const) {
  test(`A passphrase of ${[...typed].length} characters is ${isLong ? 'taken' : 'too short'}`, async () => {
    const made = newPassphraseKey(typed, cheap);
    if (isLong) await made;
    else await assert.rejects(made, (error) => isCoded(error, 'PASSPHRASE_SHORT'));
  });
}
