import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeGrantBody, grantBodyHash } from '../../api/grant-body.ts';
import { xwingKeyFromSeed } from '../../crypto/kem.ts';
import { signingKeyFromSeed } from '../../crypto/signature.ts';
import { freshWindow } from '../../ledger/nonce-window.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { decodeCbor } from '../../primitives/cbor.ts';
import { isCoded } from '../../primitives/errors.ts';
import { accountIdOf, consentIdOf } from '../../primitives/ids.ts';
import { openMessage, sealMessage } from '../client/messages.ts';
import { firstGenerations } from '../wallet/generations.ts';
import { checkLetter, readLetter, signLetter } from './letter.ts';

const filled = (length: number, n: number) => new Uint8Array(length).fill(n);
const owner = await signingKeyFromSeed(filled(32, 1));
const stranger = await signingKeyFromSeed(filled(32, 2));
const [ana, drA, drB] = [filled(32, 3), filled(32, 4), filled(32, 5)].map(accountIdOf);
assert.ok(ana && drA && drB);
const body = encodeGrantBody({
  account: ana,
  grantee: drA,
  readClasses: ['lab'],
  recordIds: [],
  fromMs: 0,
  writeClasses: [],
  purposes: ['TREAT'],
});
const letter = {
  consent: consentIdOf(filled(16, 6)),
  body,
  salt: filled(32, 7),
  tagKey: filled(32, 8),
  writeSeed: new Uint8Array(0),
  notBeforeMs: 10,
  notAfterMs: 20,
  ownerCard: new Uint8Array(0),
  ...firstGenerations,
};
const consent: Consent = {
  account: ana,
  bodyHash: grantBodyHash(letter.salt, body),
  notBeforeMs: 10,
  notAfterMs: 20,
  writeKey: new Uint8Array(0),
  grantedHeight: 1,
  revokedHeight: 0,
  looks: 0,
  lookChain: new Uint8Array(32),
  window: freshWindow,
  writeKeyGeneration: 0,
};
const facts = { grantee: drA, consent, ownerKeys: [owner.publicKey] };
const signed = await signLetter(owner, letter);

test('A letter reads back and is accepted when the ledger says the same', async () => {
  const read = readLetter(signed);
  assert.deepEqual(read.letter, letter);
  await checkLetter(read, facts);
});

for (const [name, change, code] of [
  ['the ledger knows no such grant', { consent: undefined }, 'CONSENT_UNKNOWN'],
  ['it is for somebody else', { grantee: drB }, 'GRANT_BODY_WRONG'],
  [
    'another body stands there',
    { consent: { ...consent, bodyHash: filled(32, 0) } },
    'GRANT_BODY_WRONG',
  ],
  ['it is of another account', { consent: { ...consent, account: drB } }, 'GRANT_BODY_WRONG'],
  ['it begins at another time', { consent: { ...consent, notBeforeMs: 9 } }, 'GRANT_BODY_WRONG'],
  ['it ends at another time', { consent: { ...consent, notAfterMs: 21 } }, 'GRANT_BODY_WRONG'],
  ['somebody else signed it', { ownerKeys: [stranger.publicKey] }, 'SIGNATURE_WRONG'],
  ['the owner has no key', { ownerKeys: [] }, 'SIGNATURE_WRONG'],
] as const) {
  test(`A letter is refused when ${name}: ${code}`, async () => {
    await assert.rejects(checkLetter(readLetter(signed), { ...facts, ...change }), (error) =>
      isCoded(error, code),
    );
  });
}

test('A letter opens for its grantee with any of his keys, and for nobody else', async () => {
  const [older, newer] = [
    await xwingKeyFromSeed(filled(32, 9)),
    await xwingKeyFromSeed(filled(32, 10)),
  ];
  const sealed = await sealMessage(older.publicKey, drA, signed);
  assert.deepEqual(await openMessage([newer, older], drA, sealed), signed);
  const cannot = (error: unknown): boolean => isCoded(error, 'CANNOT_OPEN');
  await assert.rejects(openMessage([newer], drA, sealed), cannot);
  await assert.rejects(openMessage([older], drB, sealed), cannot);
});

test('A letter of keys that were changed says so; one of the first keys is written as before there were such', async () => {
  const renewed = { ...letter, ownerGeneration: 2, granteeGeneration: 1 };
  assert.deepEqual(readLetter(await signLetter(owner, renewed)).letter, renewed);
  const fieldsOf = (signedLetter: Uint8Array) => decodeCbor(readLetter(signedLetter).bytes);
  assert.equal(Object(fieldsOf(signed)).length, 10);
  assert.equal(Object(fieldsOf(await signLetter(owner, renewed))).length, 12);
});
