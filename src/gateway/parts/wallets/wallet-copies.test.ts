import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import type { WalletAnswer } from '../../../api/people.ts';
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
  person.call('PUT', `/v1/wallet/${where}`, {
    json: { expectedVersion, sealed: textOfBytes(sealed) },
  });
const get = (person: Person, where: string) =>
  person.call('GET', `/v1/wallet/${where}`, { anonymous: true });

test('a wallet’s copy is written over the version its writer had seen, and over no other', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const where = locator();
  const first = randomBytes(2_000_000);
  assert.equal(accepted<AnswerOf<typeof walletPut>>(await put(ana, where, 0, first)).version, 1);
  const copy = accepted<WalletAnswer>(await get(ana, where));
  assert.equal(copy.version, 1);
  assert.ok(equalBytes(bytesOfText(copy.sealed), first));
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

test('guessing locators ends after ten misses an hour', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const where = locator();
  accepted(await put(ana, where, 0, randomBytes(9)));
  for (let i = 0; i < 10; i++) assert.equal(codeOf(await get(ana, locator())), 'NOT_FOUND');
  assert.equal(codeOf(await get(ana, locator())), 'RATE_LIMITED');
  assert.equal(codeOf(await get(ana, where)), 'RATE_LIMITED');
  town.clock.aheadMs += 3_600_000;
  accepted(await get(ana, where));
  town.clock.aheadMs = 0;
});
