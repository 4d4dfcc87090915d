import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { textOfBytes } from '../../../src/api/message-parts.ts';
import { encodeReadRequest } from '../../../src/api/read-request.ts';
import { encodeSigned } from '../../../src/api/signed.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import { readLetter } from '../../../src/sdk/grants/letter.ts';
import { Person } from '../../../src/sdk/index.ts';
import { Vault } from '../../../src/sdk/wallet/vault.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../../e2e/consortium.ts';
import { bytesOfWords } from '../middle.ts';
import { Hostile } from './hostile.ts';

/** A reader with an honest grant makes looks without end. The limit is a thirtieth of the product's 600 an hour. */
const looksPerHour = 20;
let town: Consortium;
let eve: Enrolled;
let doctor: Enrolled;
let look: () => Promise<string>;
before(async () => {
  town = await startConsortium({ settings: { looksPerHour } });
  eve = await town.person('Eve', 'north', 'patient');
  doctor = await town.person('Dr Curious', 'north', 'clinician');
  await eve.person.addFile(fileOf('x.txt', bytesOfWords('secret')));
  await eve.person.addCard(doctor.person.card());
  const { consent } = await eve.person.grant({
    grantee: doctor.person.account().account,
    readClasses: ['other'],
    purposes: ['TREAT'],
    notAfterMs: town.now() + 86_400_000,
  });
  await doctor.person.inbox();
  const { content } = await Vault.open(doctor.store, passphrase);
  const [held] = content.letters;
  assert.ok(held);
  const { letter } = readLetter(held.letter);
  const raw = await Hostile.of(town, doctor);
  const { organisation } = doctor.person.account();
  look = async () => {
    const { sign } = raw.keys;
    const bytes = encodeReadRequest({
      ...{ chainId: town.chainId, organisation, consent, grantBody: letter.body },
      ...{ grantSalt: letter.salt, what: { kind: 'since', height: 0, limit: 1, cursor: '' } },
      ...{ purpose: 'TREAT', nonce: randomBytes(16), issuedMs: town.now() },
      ...{ reader: raw.account, readerKey: sign.publicKey },
    });
    const signature = await signLabelled(sign, labels.readSign, bytes);
    return raw.post('/read', { request: textOfBytes(encodeSigned({ bytes, signature })) });
  };
});
after(() => town.stop());

/** The patient's device, opened anew, and what it asks of her hospital. */
async function opened() {
  const calls: string[] = [];
  const fetchCounted = (url: string, init: RequestInit) => {
    calls.push(new URL(url).pathname.replace(/^.*\/v1/, ''));
    return fetch(url, init);
  };
  const options = { now: town.now, http: { fetch: fetchCounted } };
  const person = await Person.open({ store: eve.store, passphrase }, options);
  return { person, calls };
}

test('one grant serves so many looks an hour, and what is beyond is one notice that counts', async () => {
  const codes = await Promise.all(Array.from({ length: 26 }, () => look()));
  assert.equal(codes.filter((it) => it === 'accepted').length, looksPerHour);
  assert.equal(codes.filter((it) => it === 'RATE_LIMITED').length, 26 - looksPerHour);
  const { person } = await opened();
  const { notices, withheld } = await person.looked();
  assert.deepEqual(withheld, []);
  assert.equal(notices.filter((it) => it.kind === 'look').length, looksPerHour);
  town.advance(3_600_000);
  await town.gateway('north').flush();
  const later = await person.looked();
  const counts = later.notices.filter((it) => it.kind === 'refusals');
  assert.deepEqual(
    counts.map((it) => [it.count, it.reader]),
    [[26 - looksPerHour, doctor.person.account().account]],
  );
  assert.equal(await look(), 'accepted', 'an hour later he may look again');
});

test('a device fetches and checks each look once: afterwards only what is new', async () => {
  const first = await opened();
  const shown = (await first.person.looked()).notices;
  await look();
  const { person, calls } = await opened();
  const { notices, withheld } = await person.looked();
  assert.equal(notices.length, shown.length + 1);
  assert.deepEqual(withheld, []);
  assert.equal(calls.filter((it) => it.endsWith('/receipt')).length, 1, 'that of the new look');
  assert.equal(calls.filter((it) => it === '/inbox').length, 1);
  assert.deepEqual(notices.slice(0, -1), shown);
  // What was checked before is proven to others all the same.
  const [oldest] = notices;
  assert.ok(oldest !== undefined && (await person.receiptOfNotice(oldest)).length > 0);
});

test('a device that lost what it kept, or may not open it, checks all of them again', async () => {
  const { notices } = await (await opened()).person.looked();
  const store = { ...eve.store, beside: undefined };
  const bare = await Person.open({ store, passphrase }, { now: town.now });
  assert.deepEqual((await bare.looked()).notices, notices);
});
