import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { bytesOfText } from '../../../src/api/message-parts.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { codeOf, type Grant, Person } from '../../gateway/person.ts';
import { openTown, type Town } from '../../gateway/town.ts';

let town: Town;
let ana: Person;
let doctor: Person;
let stranger: Person;
let grant: Grant;
beforeEach(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.north, 'clinician');
  stranger = await Person.enrolled(town, town.south, 'researcher');
  grant = await ana.grant(doctor.account);
});
afterEach(() => town.close());

/** The patient's notices, and how many bytes they have. */
const notices = async () => {
  await ana.signIn();
  const found = (await ana.inbox()).filter((it) => it.kind === 'refusal');
  const bytes = found.reduce((sum, it) => sum + bytesOfText(it.sealed).length, 0);
  return { count: found.length, bytes, found };
};

test('a stranger who knows a consent’s id and no more writes nothing into the patient’s inbox', async () => {
  // As much as anybody without a session may send.
  const junk = { ...grant, body: randomBytes(20_000) };
  const via = new Person(town, town.north, stranger.keys);
  for (const hour of [0, 1]) {
    town.clock.aheadMs = hour * 3_600_000;
    // Twelve stand for as many as one likes: three would be too many.
    for (let n = 0; n < 12; n++) {
      assert.equal(codeOf(await via.read(junk, town.north)), 'GRANT_BODY_WRONG');
    }
    // Nor does one that is refused before anybody looks at what it shows.
    const old = Date.now() + town.clock.aheadMs - 600_000;
    assert.equal(codeOf(await via.read(junk, town.north, { issuedMs: old })), 'REQUEST_STALE');
  }
  await town.north.gateway.flush();
  assert.equal((await notices()).count, 0);
  town.clock.aheadMs = 0;
});

test('who was shown a grant and asks too much: three small notices an hour, then one that counts', async () => {
  const before = await notices();
  for (let n = 0; n < 8; n++) {
    assert.equal(
      codeOf(await doctor.read(grant, town.north, { purpose: 'HRESCH' })),
      'PURPOSE_NOT_GRANTED',
    );
  }
  const told = await notices();
  assert.equal(told.count - before.count, 3);
  assert.ok((told.bytes - before.bytes) / 3 < 2_048);
  town.clock.aheadMs = 2 * 3_600_000;
  await town.north.gateway.flush();
  const later = await notices();
  assert.equal(later.count - told.count, 1);
  const opened = await ana.openNotice(later.found.at(-1)?.sealed ?? '');
  assert.ok(opened.kind === 'refusals');
  assert.deepEqual(
    [opened.count, opened.reader, opened.consent],
    [5, doctor.account, grant.consent],
  );
  assert.ok(later.found.at(-1)?.anchor !== undefined, 'and stands on the ledger');
  town.clock.aheadMs = 0;
});
