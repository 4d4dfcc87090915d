import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KemKey, xwingKeyFromSeed } from '../../crypto/kem.ts';
import { randomBytes } from '../../crypto/random.ts';
import { decodeCbor, encodeCbor, readArray, readBytes } from '../../primitives/cbor.ts';
import { isCoded } from '../../primitives/errors.ts';
import { consentIdOf, parseBlobId, recordIdOf } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import {
  type Envelope,
  envelopePlainBytes,
  maxEnvelopeSetBytes,
  maxOpenings,
  openEnvelope,
  sealEnvelopeSet,
} from './envelope-set.ts';

const keySetBlob = blobIdOf(Uint8Array.of(1));
const otherBlob = blobIdOf(Uint8Array.of(2));
const key = (): Promise<KemKey> => xwingKeyFromSeed(randomBytes(32));
const throwAway = async (): Promise<Uint8Array> => (await key()).publicKey;

async function granted(segments: number, openings = 0) {
  const kem = await key();
  const envelope: Envelope = {
    consent: consentIdOf(randomBytes(16)),
    tagKey: randomBytes(32),
    kemKey: kem.publicKey,
    segments: Array.from({ length: segments }, (_, epoch) => ({
      class: 'diagnosis',
      epoch,
      secret: randomBytes(32),
    })),
    openings: Array.from({ length: openings }, () => ({
      record: recordIdOf(randomBytes(16)),
      secret: randomBytes(32),
    })),
  };
  const { consent, tagKey } = envelope;
  const opener = { consent, tagKey, kemKeys: [kem], mostSegments: segments };
  return {
    envelope,
    opener,
    content: { segments: envelope.segments, openings: envelope.openings },
  };
}

const envelopesOf = (set: Uint8Array) =>
  readArray(readArray(decodeCbor(set), 'set')[2], 'envelopes');

test('Everybody finds and opens his own envelope, in the envelope or in the tail', async () => {
  const people = [
    await granted(1),
    await granted(0),
    await granted(30),
    await granted(200),
    await granted(3, maxOpenings),
  ];
  const set = await sealEnvelopeSet(
    keySetBlob,
    people.map((it) => it.envelope),
    throwAway,
  );
  for (const person of people) {
    assert.deepEqual(await openEnvelope(set, keySetBlob, person.opener), person.content);
  }
});

for (const [count, shown] of [
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 4],
  [5, 8],
] as const) {
  test(`A set for ${count} shows ${shown} envelopes of one length, sorted by tag`, async () => {
    const people = await Promise.all(Array.from({ length: count }, () => granted(1)));
    const set = await sealEnvelopeSet(
      keySetBlob,
      people.map((it) => it.envelope),
      throwAway,
    );
    const shownEnvelopes = envelopesOf(set).map((entry) => readArray(entry, 'envelope', 2));
    assert.equal(shownEnvelopes.length, shown);
    const tags = shownEnvelopes.map((entry) => Buffer.from(readBytes(entry[0], 'tag', 16)));
    assert.deepEqual(tags, [...tags].sort(Buffer.compare));
    for (const entry of shownEnvelopes) {
      assert.equal(readBytes(entry[1], 'sealed').length, 1120 + envelopePlainBytes + 16);
    }
  });
}

test('Who has no envelope in the set finds nothing', async () => {
  const [ana, bob] = [await granted(1), await granted(1)];
  const set = await sealEnvelopeSet(keySetBlob, [ana.envelope], throwAway);
  assert.equal(await openEnvelope(set, keySetBlob, bob.opener), undefined);
  assert.equal(await openEnvelope(set, otherBlob, ana.opener), undefined);
});

test('An envelope opens under its own consent, key set and KEM key alone', async () => {
  const ana = await granted(1);
  const set = await sealEnvelopeSet(keySetBlob, [ana.envelope], throwAway);
  const cannot = (error: unknown): boolean => isCoded(error, 'CANNOT_OPEN');
  const otherConsent = { ...ana.opener, consent: consentIdOf(randomBytes(16)) };
  await assert.rejects(openEnvelope(set, keySetBlob, otherConsent), cannot);
  await assert.rejects(
    openEnvelope(set, keySetBlob, { ...ana.opener, kemKeys: [await key()] }),
    cannot,
  );
  const [older, newer] = [ana.opener.kemKeys[0], await key()];
  assert.ok(older);
  const rotated = { ...ana.opener, kemKeys: [newer, older] };
  assert.deepEqual(await openEnvelope(set, keySetBlob, rotated), ana.content);
});

test('A grant of more single items than the limit is refused', async () => {
  const { envelope } = await granted(0, maxOpenings + 1);
  await assert.rejects(sealEnvelopeSet(keySetBlob, [envelope], throwAway), (error) =>
    isCoded(error, 'GRANT_TOO_LARGE'),
  );
});

test('A changed tail, or a set of another suite, is refused', async () => {
  const ana = await granted(200);
  const set = await sealEnvelopeSet(keySetBlob, [ana.envelope], throwAway);
  const changed = set.slice();
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
  await assert.rejects(openEnvelope(changed, keySetBlob, ana.opener), (error) =>
    isCoded(error, 'CANNOT_OPEN'),
  );
  const [, ...rest] = readArray(decodeCbor(set), 'set');
  await assert.rejects(
    openEnvelope(encodeCbor([7, ...rest]), parseBlobId(keySetBlob), ana.opener),
    (error) => isCoded(error, 'SUITE_UNKNOWN'),
  );
});

for (const [what, spoil] of [
  ['a lattice half that is none', (kem: Uint8Array) => kem.fill(255, 0, 1_184)],
  ['a curve half that gives no secret', (kem: Uint8Array) => kem.fill(0, 1_184)],
  ['another length', (kem: Uint8Array) => kem.subarray(1)],
] as const) {
  test(`A grantee whose KEM key has ${what} gets no envelope, and keeps nobody else from his`, async () => {
    const [ana, weak] = [await granted(30), await granted(1)];
    const kemKey = spoil(weak.envelope.kemKey.slice());
    const set = await sealEnvelopeSet(
      keySetBlob,
      [{ ...weak.envelope, kemKey }, ana.envelope],
      throwAway,
    );
    assert.equal(envelopesOf(set).length, 1);
    assert.deepEqual(await openEnvelope(set, keySetBlob, ana.opener), ana.content);
    assert.equal(await openEnvelope(set, keySetBlob, weak.opener), undefined);
  });
}

test('What an owner says his part of the tail has is measured by what the grant can hold', async () => {
  const { envelope, opener, content } = await granted(300, maxOpenings);
  const set = await sealEnvelopeSet(keySetBlob, [envelope], throwAway);
  assert.deepEqual(await openEnvelope(set, keySetBlob, opener), content);
  const many = await granted(3_000);
  const large = await sealEnvelopeSet(keySetBlob, [many.envelope], throwAway);
  await assert.rejects(
    openEnvelope(large, keySetBlob, { ...many.opener, mostSegments: 300 }),
    (error) => isCoded(error, 'CBOR_SHAPE'),
  );
});

test('A set of more bytes than one may have is neither sealed nor read: GRANT_TOO_LARGE, CBOR_SHAPE', async () => {
  const { envelope, opener } = await granted(1);
  const secret = randomBytes(32);
  const segments = Array.from({ length: 18_000 }, (_, epoch) => ({
    ...{ class: 'medication-of-twenty', epoch, secret },
  }));
  const many = Array.from({ length: 16 }, () => ({ ...envelope, segments }));
  await assert.rejects(sealEnvelopeSet(keySetBlob, many, throwAway), (error) =>
    isCoded(error, 'GRANT_TOO_LARGE'),
  );
  const bytes = new Uint8Array(maxEnvelopeSetBytes + 1);
  await assert.rejects(openEnvelope(bytes, keySetBlob, opener), (error) =>
    isCoded(error, 'CBOR_SHAPE'),
  );
});
