import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { decodeWalletAnswer, maxWalletCopyBytes, maxWalletPutBytes } from '../../../api/people.ts';
import type { AnswerOf } from '../../../api/route.ts';
import type { walletPut } from '../../../api/routes/wallet-put.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';

let town: Town;
before(async () => {
  town = await openTown({ maxWalletCopies: 2 });
});
after(() => town.close());

const locator = () => bytesToHex(randomBytes(32));
const put = (person: Person, where: string, expectedVersion: number, sealed: Uint8Array) =>
  person.putCopy(where, expectedVersion, sealed);
const get = (person: Person, where: string) =>
  person.call('GET', `/v1/wallet/${where}`, { anonymous: true });

test('a wallet’s copy is written over the version its writer had seen, and over no other', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const where = locator();
  const first = randomBytes(2_000_000);
  assert.equal(accepted<AnswerOf<typeof walletPut>>(await put(ana, where, 0, first)).version, 1);
  const copy = decodeWalletAnswer((await get(ana, where)).bytes);
  assert.equal(copy.version, 1);
  assert.ok(equalBytes(copy.sealed, first));
  assert.equal(codeOf(await put(ana, where, 0, randomBytes(9))), 'WALLET_CONFLICT');
  assert.equal(
    accepted<AnswerOf<typeof walletPut>>(await put(ana, where, 1, randomBytes(9))).version,
    2,
  );
});

test('nobody writes over another’s copy, and nobody keeps many', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const eve = await Person.enrolled(town, town.north, 'patient');
  const where = locator();
  accepted(await put(ana, where, 0, randomBytes(9)));
  assert.equal(codeOf(await put(eve, where, 1, randomBytes(9))), 'FORBIDDEN');
  accepted(await put(ana, locator(), 0, randomBytes(9)));
  assert.equal(codeOf(await put(ana, locator(), 0, randomBytes(9))), 'QUOTA_EXCEEDED');
});

test('whoever misses as often as he likes: a copy is given to who knows where it lies', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const where = locator();
  accepted(await put(ana, where, 0, randomBytes(9)));
  for (let i = 0; i < 30; i++) assert.equal(codeOf(await get(ana, locator())), 'NOT_FOUND');
  accepted(await get(ana, where));
});

test('a copy larger than may be kept is refused', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const most = new Uint8Array(maxWalletCopyBytes);
  accepted(await put(ana, locator(), 0, most));
  assert.equal(codeOf(await put(ana, locator(), 0, new Uint8Array(most.length + 1))), 'CBOR_SHAPE');
  const more = new Uint8Array(maxWalletPutBytes + 1);
  assert.equal(codeOf(await put(ana, locator(), 0, more)), 'BODY_TOO_LARGE');
});
