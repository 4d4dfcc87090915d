import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xwingKeyFromSeed } from '../../crypto/kem.ts';
import { randomBytes } from '../../crypto/random.ts';
import { signingKeyFromSeed } from '../../crypto/signature.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { accountIdOf } from '../../primitives/ids.ts';
import { openItem } from '../records/item-open.ts';
import { newRecordId, sealItem } from '../records/item-seal.ts';
import { openingSecretOfHeader, writePairOf } from '../records/item-wrap.ts';
import { segmentKey, segmentWriteSeed } from './segment.ts';

const account = accountIdOf(new Uint8Array(32).fill(1));
const root = new Uint8Array(32).fill(2);
const salt = new Uint8Array(16).fill(3);
const base = { account, class: 'lab', epoch: 4, salt };

test('A segment key changes with root, account, class, epoch and salt', () => {
  const keys = [
    segmentKey(root, base),
    segmentKey(new Uint8Array(32), base),
    segmentKey(root, { ...base, account: accountIdOf(new Uint8Array(32)) }),
    segmentKey(root, { ...base, class: 'vital' }),
    segmentKey(root, { ...base, epoch: 5 }),
    segmentKey(root, { ...base, salt: new Uint8Array(16) }),
  ];
  assert.equal(new Set(keys.map(bytesToHex)).size, keys.length);
  assert.deepEqual(segmentKey(root, { ...base }), keys[0]);
});

test('The write key that is published is the pair that readers derive', async () => {
  const sek = segmentKey(root, base);
  const published = await xwingKeyFromSeed(segmentWriteSeed(sek));
  assert.deepEqual((await writePairOf(sek)).publicKey, published.publicKey);
});

test('Whoever holds all keys of an epoch opens nothing of the next, nor of the same number under a fresh salt', async () => {
  const sek = segmentKey(root, base);
  const author = await signingKeyFromSeed(randomBytes(32));
  for (const next of [
    { ...base, epoch: 5 },
    { ...base, salt: new Uint8Array(16).fill(9) },
  ]) {
    const item = await sealItem(
      {
        recordId: newRecordId(),
        account,
        author: account,
        recordClass: 'lab',
        mediaType: 'text/plain',
        name: 'a',
        previous: undefined,
        writtenMs: 1,
        bytes: Uint8Array.of(1),
      },
      author,
      { kind: 'segment', epoch: next.epoch, sek: segmentKey(root, next) },
    );
    const row = { ...item, account, recordId: item.recordId, isKeyOfAuthor: () => true };
    const open = (key: Uint8Array) =>
      openItem({ ...row, key: { kind: 'segment', sek: key } }, item.body);
    await open(segmentKey(root, next));
    await assert.rejects(open(sek), (error) => isCoded(error, 'CANNOT_OPEN'));
    const secret = await openingSecretOfHeader(item.header, { kind: 'segment', sek });
    await assert.rejects(
      openItem({ ...row, key: { kind: 'opening-secret', secret } }, item.body),
      (error) => isCoded(error, 'CANNOT_OPEN'),
    );
  }
});
