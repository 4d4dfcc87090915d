import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { ConsentId } from '../../src/primitives/ids.ts';
import { type Consortium, type Enrolled, fileOf, startConsortium } from '../e2e/consortium.ts';
import { bytesOfWords, caught, Middle } from './middle.ts';
import { everythingHeldBy, tryEverything } from './raw-store.ts';

/**
 * The attacker is a doctor whose grant was revoked and who kept every key that he was ever given; with him a
 * hospital that gives him its raw store, or that keeps a writer in the past so that he seals to an old epoch.
 *
 * Claim: what is written after a revocation is sealed under a root he never had; who is made to write for an old
 * epoch is refused by the ledger, and after ten minutes by his own device before he seals anything. What a reader
 * was given he keeps: the records of his epochs, also those he never fetched.
 */
const hour = 3_600_000;

let consortium: Consortium;
let ana: Enrolled;
let revoked: Enrolled;
let device: Enrolled;
let writing: ConsentId;
let middle: Middle;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  revoked = await consortium.person('Dr R', 'north', 'clinician');
  device = await consortium.person('Pump', 'north', 'device');
  await ana.person.addCard(revoked.person.card());
  await ana.person.addCard(device.person.card());
  const given = await ana.person.grant({
    grantee: 'Pump',
    readClasses: [],
    writeClasses: ['iot'],
    purposes: ['TREAT'],
    notAfterMs: consortium.now() + 24 * hour,
  });
  writing = given.consent;
  await device.person.inbox();
  middle = new Middle();
});
after(() => consortium.stop());
afterEach(() => {
  middle.lie = undefined;
});

const grantAll = async (): Promise<ConsentId> => {
  const { consent } = await ana.person.grant({
    grantee: 'Dr R',
    readClasses: ['other', 'iot', 'lab'],
    purposes: ['TREAT'],
    notAfterMs: consortium.now() + 24 * hour,
  });
  await revoked.person.inbox();
  return consent;
};
const target = () => ({
  hospital: 'north',
  store: consortium.gateway('north').options.blobs,
  account: ana.person.account().account,
});
const added = async (words: string) => {
  const { items } = await ana.person.addFile(fileOf(`${words}.txt`, bytesOfWords(words)));
  assert.ok(items[0]);
  return items[0].recordId;
};
const reading = (words: string) => ({
  recordClass: 'iot' as const,
  mediaType: 'text/plain',
  name: 'r',
  bytes: bytesOfWords(words),
});

test('a revoked reader with all his keys and the raw store opens what was his, and nothing that came since', async () => {
  const consent = await grantAll();
  const before = await added('before');
  const never = await added('never fetched');
  await revoked.person.readShared(consent, { recordIds: [before] });
  await ana.person.revoke(consent);
  const since = await added('since');
  const written = await device.person.write(writing, [reading('measured since')]);
  const [measured] = written.recordIds;
  assert.ok(measured);

  const held = await everythingHeldBy(revoked);
  const opens = async (recordId: typeof since) =>
    tryEverything(consortium, held, { ...target(), recordId });
  // The attack works where it must: else its failure would show nothing.
  assert.equal((await opens(before)).opened, true);
  assert.equal(
    (await opens(never)).opened,
    true,
    'also what he never fetched: SECURITY.md says so',
  );
  for (const recordId of [since, measured]) {
    const { tried, opened } = await opens(recordId);
    assert.equal(opened, false);
    assert.ok(tried >= 3);
  }
});

test('a writer whose hospital keeps him in an old epoch is refused by the ledger: EPOCH_STALE', async () => {
  const consent = await grantAll();
  const person = await middle.serve(device);
  const first = await person.write(writing, [reading('in time')]);
  await ana.person.revoke(consent);
  // The old account row, with its true proof: the writer's device has seen nothing newer.
  middle.freeze();
  const error = await caught(
    person.write(writing, [reading('late')]),
    'EPOCH_STALE',
    'GATEWAY_LIED',
  );
  assert.ok(error);
  middle.lie = undefined;
  const again = await person.write(writing, [reading('now')]);
  assert.ok(again.epoch > first.epoch);
});

test('a writer who is kept in the past for ten minutes seals nothing any more: LEDGER_OLD', async () => {
  let aheadMs = 0;
  const person = await middle.serve(device, () => consortium.now() + aheadMs);
  await person.write(writing, [reading('warm')]);
  middle.freeze();
  aheadMs = 10 * 60_000 + 1_000;
  middle.calls.length = 0;
  await caught(person.write(writing, [reading('late')]), 'LEDGER_OLD');
  const sent = middle.calls.filter((call) => /(POST|PUT) \/v1\/(blobs|items|tx)/.test(call));
  assert.deepEqual(sent, [], 'nothing has left the device');
});

test('a cached writer who takes a newer row for granted is corrected: the item is sealed anew', async () => {
  const consent = await grantAll();
  const first = await device.person.write(writing, [reading('one')]);
  await ana.person.revoke(consent);
  const second = await device.person.write(writing, [reading('two')]);
  assert.ok(second.epoch > first.epoch);
  const held = await everythingHeldBy(revoked);
  const [recordId] = second.recordIds;
  assert.ok(recordId);
  assert.equal((await tryEverything(consortium, held, { ...target(), recordId })).opened, false);
});

test('an old grant that was revoked does not come alive with the old letter: CONSENT_ENDED', async () => {
  const consent = await grantAll();
  await ana.person.revoke(consent);
  await caught(revoked.person.readShared(consent), 'CONSENT_ENDED');
  const renewed = await grantAll();
  await caught(revoked.person.readShared(consent), 'CONSENT_ENDED');
  await revoked.person.readShared(renewed);
});
