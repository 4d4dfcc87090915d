import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeErase } from '../../src/api/erase.ts';
import { decodeInboxMessage, encodeInboxMessage } from '../../src/api/inbox-message.ts';
import { encodeItemsOrder } from '../../src/api/item.ts';
import { bytesOfText, textOfBytes } from '../../src/api/message-parts.ts';
import { encodeReadRequest } from '../../src/api/read-request.ts';
import { encodeSessionProof } from '../../src/api/session.ts';
import { decodeSigned, encodeSigned } from '../../src/api/signed.ts';
import { labels } from '../../src/crypto/labels.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { type SigningKey, signLabelled } from '../../src/crypto/signature.ts';
import { encodeTx, encodeTxBody } from '../../src/ledger/codec.ts';
import { suite } from '../../src/ledger/object-types.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import { decodeRow } from '../../src/ledger/table.ts';
import { accounts } from '../../src/ledger/tables/accounts.ts';
import type { TxBody } from '../../src/ledger/tx.ts';
import { consentIdOf, idBytes } from '../../src/primitives/ids.ts';
import { accepted, codeOf, type Grant, Person } from '../gateway/person.ts';
import { rootOf, sealedItem } from '../gateway/sealed.ts';
import { openTown, type Town, townChain } from '../gateway/town.ts';
import { someBlob } from '../world.ts';

/**
 * The attacker has everything that was ever sent, signatures and all, and sends it again: to the same place, to
 * another ledger, another log, another hospital, in the name of another account.
 *
 * Claim: what was signed counts once, where and for whom it was signed. Reads, refused as REQUEST_REPLAYED, are in
 * src/gateway/parts/reading/read.test.ts, sessions in parts/sessions/sessions.test.ts, items in
 * src/sdk/records/item.test.ts, letters in src/sdk/grants/letter.test.ts.
 */
let town: Town;
let ana: Person;
let eve: Person;
let doctor: Person;
let writing: Grant;
let reading: Grant;

before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  eve = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
  await ana.keySet();
  await eve.keySet();
  writing = await ana.grant(doctor.account, { writeClasses: ['diagnosis'] });
  reading = await ana.grant(doctor.account);
});
after(() => town.close());

const revoke = (): Act => ({ kind: 'ConsentRevoke', consent: reading.consent });

// Beyond the numbers that the helper counts up from 1, and within the window that keeps those free.
let nonce = 100;
const bodyOf = (change: Partial<TxBody> = {}): TxBody => ({
  ...{ suite, chainId: townChain, log: 'user', sender: ana.account },
  nonce: ++nonce,
  validUntilMs: Date.now() + 60_000,
  acts: [revoke()],
  ...change,
});

/** A transaction whose signature was made over `signed`, whatever the body says now. */
async function txOf(body: TxBody, signed = body, key: SigningKey = ana.keys.sign) {
  const signature = await signLabelled(key, labels.txSign, encodeTxBody(signed));
  return encodeTx({ body, signatures: [{ publicKey: key.publicKey, signature }] });
}

const post = (tx: Uint8Array) =>
  ana.call('POST', '/v1/tx', { json: { tx: textOfBytes(tx) }, anonymous: true });

const account = async () => {
  const { value } = await town.engine.query('accounts', idBytes(ana.account), { prove: false });
  assert.ok(value);
  return decodeRow(accounts, value);
};

test('a transaction that is sent again is answered with its result, and counts once', async () => {
  const consent = consentIdOf(randomBytes(16));
  const act: Act = {
    kind: 'ConsentGrant',
    consent,
    bodyHash: randomBytes(32),
    notBeforeMs: Date.now(),
    notAfterMs: Date.now() + 60_000,
    writeKey: new Uint8Array(0),
  };
  const tx = await txOf(bodyOf({ acts: [act] }));
  const first = accepted<{ txId: string; height: number }>(await post(tx));
  const { window } = await account();
  const again = accepted<{ txId: string; height: number }>(await post(tx));
  assert.deepEqual([again.txId, again.height], [first.txId, first.height]);
  assert.deepEqual((await account()).window, window);
});

/** The group order of Ed25519: S + L verifies where nobody checks that S is reduced. */
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

test('the same order under another encoding of its signature is refused: SIGNATURE_WRONG', async () => {
  // Else one order would have two transaction ids, and who keeps books by id would count it twice.
  const body = bodyOf();
  const signature = await signLabelled(ana.keys.sign, labels.txSign, encodeTxBody(body));
  const scalar = [...signature.subarray(32)].reduceRight(
    (all, byte) => all * 256n + BigInt(byte),
    0n,
  );
  let rest = scalar + groupOrder;
  const malleated = new Uint8Array(signature);
  for (let at = 32; at < 64; at++, rest >>= 8n) malleated[at] = Number(rest & 255n);
  const { publicKey } = ana.keys.sign;
  const tx = encodeTx({ body, signatures: [{ publicKey, signature: malleated }] });
  assert.equal(codeOf(await post(tx)), 'SIGNATURE_WRONG');
});

test('an order that was carried out is not carried out again under a fresh wrapping: NONCE_USED', async () => {
  const body = bodyOf({ acts: [{ kind: 'ConsentRevoke', consent: consentIdOf(randomBytes(16)) }] });
  await post(await txOf(body));
  const other = bodyOf({ nonce: body.nonce });
  assert.equal(codeOf(await post(await txOf(other))), 'NONCE_USED');
});

for (const [name, signedFor, sentAs, code] of [
  ['another ledger', { chainId: 'salus-other-1' }, {}, 'CHAIN_WRONG'],
  [
    'another ledger under this one’s name',
    { chainId: 'salus-other-1' },
    { chainId: townChain },
    'SIGNATURE_WRONG',
  ],
  ['another log', { log: 'doc' }, {}, 'LOG_WRONG'],
  ['another log under this one’s name', { log: 'doc' }, { log: 'user' }, 'SIGNATURE_WRONG'],
  ['another number', { nonce: 2_000 }, { nonce: 900 }, 'SIGNATURE_WRONG'],
] as const) {
  test(`an order that was signed for ${name} is refused: ${code}`, async () => {
    const signed = bodyOf(signedFor);
    assert.equal(codeOf(await post(await txOf({ ...signed, ...sentAs }, signed))), code);
  });
}

test('an order of one patient is none in the name of another: her key is not the sender’s', async () => {
  const signed = bodyOf();
  const inEvesName = await txOf({ ...signed, sender: eve.account }, signed);
  assert.equal(codeOf(await post(inEvesName)), 'KEY_NOT_CURRENT');
  const byEvesKey = await txOf(bodyOf(), bodyOf(), eve.keys.sign);
  assert.equal(codeOf(await post(byEvesKey)), 'KEY_NOT_CURRENT');
});

test('the write key of one grant signs under no other grant, in no other account, and no other act', async () => {
  const key = writing.writeKey;
  assert.ok(key);
  const other = await ana.grant(doctor.account, { writeClasses: ['diagnosis'] });
  const anchor = (consent: Grant): Act => ({
    ...{ kind: 'DataAnchor', consent: consent.consent, epoch: 1, root: randomBytes(32), count: 1 },
  });
  for (const [acts, sender, code] of [
    [[anchor(other)], ana.account, 'KEY_NOT_CURRENT'],
    [[anchor(reading)], ana.account, 'CONSENT_CANNOT_WRITE'],
    [[anchor(writing)], eve.account, 'CONSENT_UNKNOWN'],
    [[revoke()], ana.account, 'KEY_NOT_CURRENT'],
    [[anchor(writing), anchor(other)], ana.account, 'KEY_NOT_CURRENT'],
  ] as const) {
    const body = bodyOf({ sender, acts, nonce: 1 });
    assert.equal(codeOf(await post(await txOf(body, body, key))), code);
  }
  const body = bodyOf({ acts: [anchor(writing)], nonce: 1 });
  accepted(await post(await txOf(body, body, key)));
});

test('an anchor is not repeated under another grant or by its owner: ANCHOR_TAKEN', async () => {
  const items = [sealedItem('diagnosis')];
  accepted(await doctor.deliverUnder(writing, ana.account, items));
  const root = rootOf(items);
  const act: Act = { kind: 'DataAnchor', consent: writing.consent, epoch: 1, root, count: 1 };
  accepted(
    await doctor.submit([act], {
      sender: ana.account,
      ...(writing.writeKey && { key: writing.writeKey }),
      nonce: 2,
    }),
  );
  const own = bodyOf({ acts: [{ ...act, consent: '' }] });
  assert.equal(codeOf(await post(await txOf(own))), 'ANCHOR_TAKEN');
});

test('a delivery that was signed for some items brings no others: SIGNATURE_WRONG', async () => {
  const [signed, sent] = [[sealedItem('diagnosis')], [sealedItem('diagnosis')]];
  accepted(await doctor.deliverUnder(writing, ana.account, signed));
  for (const { body } of sent) await doctor.putBlob(body);
  assert.ok(writing.writeKey);
  const order = encodeItemsOrder({
    ...{ account: ana.account, consent: writing.consent, epoch: 1 },
    ...{ root: rootOf(signed), count: 1 },
  });
  const captured = await signLabelled(writing.writeKey, labels.itemsSign, order);
  const { consent: id, body, salt } = writing;
  const consent = [{ id, body, salt, signature: captured }];
  const answer = await doctor.postItems({ account: ana.account, epoch: 1, consent }, sent);
  assert.equal(codeOf(answer), 'SIGNATURE_WRONG');
});

test('a read that was signed for another ledger is not served: CHAIN_WRONG', async () => {
  const request = encodeReadRequest(
    doctor.request(reading, town.north, { chainId: 'salus-other-1' }),
  );
  assert.equal(
    codeOf(await doctor.postRead(await doctor.signed(labels.readSign, request))),
    'CHAIN_WRONG',
  );
});

test('a read that was signed for one hospital is not served by another', async () => {
  const bytes = encodeReadRequest(doctor.request(reading, town.south));
  const request = await doctor.signed(labels.readSign, bytes);
  for (const forwarded of [false, true]) {
    const headers = forwarded ? { 'x-salus-forwarded': '1' } : {};
    const answer = await ana.call('POST', '/v1/read', {
      json: { request },
      anonymous: true,
      headers,
    });
    assert.notEqual(codeOf(answer), 'accepted');
  }
});

test('a signature of one purpose is none of another: an erase order is no session, no message and no read', async () => {
  const bytes = encodeErase({
    chainId: townChain,
    account: ana.account,
    accountKey: ana.keys.sign.publicKey,
    leaves: [randomBytes(32)],
    issuedMs: Date.now(),
  });
  for (const label of [labels.readSign, labels.inboxSign, labels.txSign, labels.sessionSign]) {
    const erase = await ana.signed(label, bytes);
    const answer = await ana.call('POST', '/v1/erase', { json: { erase } });
    assert.equal(codeOf(answer), 'SIGNATURE_WRONG');
  }
});

test('an erase order of one patient erases nothing of another', async () => {
  const item = sealedItem('lab');
  await ana.keep([item]);
  assert.notEqual(codeOf(await eve.erase([item.leaf], ana.account)), 'accepted');
  assert.notEqual(codeOf(await eve.erase([item.leaf])), 'accepted');
  assert.ok(
    (await ana.ownRows()).rows.some((it) => it.recordId === item.recordId && it.state === 'live'),
  );
});

test('a letter cannot be turned to another inbox: SIGNATURE_WRONG', async () => {
  // What travels is signed with its address.
  const travelling = bytesOfText(await ana.message(doctor.account, randomBytes(50)));
  const { bytes, signature } = decodeSigned(travelling);
  const turned = encodeInboxMessage({ ...decodeInboxMessage(bytes), to: eve.account });
  const message = textOfBytes(encodeSigned({ bytes: turned, signature }));
  const answer = await ana.call('POST', '/v1/inbox', { json: { message } });
  assert.equal(codeOf(answer), 'SIGNATURE_WRONG');
});

test('a hospital that passes another’s challenge to its visitor signs nobody in there', async () => {
  // South asks North for a challenge to Ana and gives it to her as its own: she signs with South's name in it.
  const asked = await ana.call('POST', '/v1/session', {
    json: { account: ana.account },
    anonymous: true,
  });
  const { challenge } = accepted<{ challenge: string }>(asked);
  const proof = encodeSessionProof({
    chainId: townChain,
    organisation: town.south.organisation,
    account: ana.account,
    challenge: bytesOfText(challenge),
  });
  const json = {
    ...{ account: ana.account, challenge },
    publicKey: textOfBytes(ana.keys.sign.publicKey),
    signature: textOfBytes(await signLabelled(ana.keys.sign, labels.sessionSign, proof)),
  };
  const answer = await ana.call('POST', '/v1/session', { json, anonymous: true });
  assert.equal(codeOf(answer), 'SIGNATURE_WRONG');
});

test('a KeySet that lost a race is not brought in later: KEYSET_STALE', async () => {
  const { highestEpoch } = await account();
  const { keySetBlob } = await ana.keySet();
  assert.ok(keySetBlob.length > 0);
  const late: Act = {
    kind: 'KeySet',
    after: highestEpoch,
    salt: randomBytes(16),
    schedule: [{ epoch: highestEpoch + 1, validFromMs: 0 }],
    keySetBlob: someBlob,
    envelopeSetBlob: someBlob,
  };
  assert.equal(codeOf(await post(await txOf(bodyOf({ acts: [late] })))), 'KEYSET_STALE');
});
