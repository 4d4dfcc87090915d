import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passphraseLimits } from '../../crypto/passphrase.ts';
import { hexToBytes } from '../../primitives/bytes.ts';
import { type Cbor, decodeCbor, encodeCbor, readArray } from '../../primitives/cbor.ts';
import { isCoded } from '../../primitives/errors.ts';
import { emptyWallet } from './content.ts';
import { newWalletKey, openWalletFile, sealWalletFile } from './file.ts';

const cheap = {
  memoryKiB: passphraseLimits.minMemoryKiB,
  passes: passphraseLimits.minPasses,
  salt: new Uint8Array(16).fill(1),
};
const passphrase = 'correct horse';
const content = { ...emptyWallet('Ana'), copyKey: new Uint8Array(32).fill(9) };
const file = await sealWalletFile(await newWalletKey(passphrase, cheap), content);

test('A wallet file opens with its passphrase', async () => {
  assert.deepEqual((await openWalletFile(passphrase, file)).content, content);
});

test('A passphrase counts the same however its accents are composed', async () => {
  const key = await newWalletKey('café au lait', cheap);
  const accented = await sealWalletFile(key, content);
  assert.deepEqual((await openWalletFile('cafe\u0301 au lait', accented)).content, content);
});

test('A wallet file of before there were drawers opens, byte for byte as it was written then', async () => {
  const before = hexToBytes(
    '8402183185686172676f6e326964194c000201500405060708090a0b0c0d0e0f1011121358312ee83d1031c9610072b55df9d891ec36e43db98438b369797c58beea3037c23a5b2ba149dc3a785bc31b745127bcfa5463',
  );
  assert.ok(before);
  const read = await openWalletFile('correct horse b\u00e4ttery', before);
  assert.deepEqual(read.content, emptyWallet(''));
});

const head = readArray(decodeCbor(file), 'file');
const withKdf = (...kdf: Cbor[]): Uint8Array => encodeCbor([2, 49, kdf, head[3] ?? null]);
const { salt } = cheap;
const flipped = file.map((byte, i) => (i === file.length - 1 ? byte ^ 1 : byte));

for (const [name, bytes, typed, code] of [
  ['another passphrase', file, 'incorrect horse', 'PASSPHRASE_WRONG'],
  ['a flipped bit', flipped, passphrase, 'PASSPHRASE_WRONG'],
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
    const made = newWalletKey(typed, cheap);
    if (isLong) await made;
    else await assert.rejects(made, (error) => isCoded(error, 'PASSPHRASE_SHORT'));
  });
}
