import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { randomBytes } from '../../src/crypto/random.ts';
import {
  burnNonce,
  freshWindow,
  judgeNonce,
  nonceFarLimit,
} from '../../src/ledger/nonce-window.ts';
import { accounts } from '../../src/ledger/tables/accounts.ts';
import { consentIdOf, idBytes } from '../../src/primitives/ids.ts';
import { blobQuota } from '../../src/server/blob-quotas.ts';
import { type Consortium, fileOf, startConsortium } from '../e2e/consortium.ts';
import { codeOf, Person } from '../gateway/person.ts';
import { sealedItem } from '../gateway/sealed.ts';
import { openTown, type Town } from '../gateway/town.ts';
import { anchorUnder, revoke, setting, writeKey } from '../setting.ts';
import { accountOf, bytesOf, day } from '../world.ts';
import { bytesOfWords, caught } from './middle.ts';

/**
 * The attacker wants others not to be served: with many orders, many messages, many bytes; as a stranger, as an
 * enrolled person, or as the holder of a grant's write key.
 *
 * Claim: what he uses up is his own: numbers, places in flight, room in the store. 200 in flight a sender is in
 * src/engines/engine.contract.ts, requests a minute in src/gateway/routes.test.ts, refusals an hour in
 * parts/reading/refusals.test.ts, shares of an inbox in parts/inbox/shares.test.ts. A crowd as large as an inbox is not
 * stopped: SECURITY.md says so.
 */
test('whatever numbers a sender burns, there is always a next one: nobody locks himself or another out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 2 * nonceFarLimit }), { maxLength: 300 }),
      (jumps) => {
        let window = freshWindow;
        for (const jump of jumps) {
          const nonce = window.top + jump;
          if (judgeNonce(window, nonce) === undefined) window = burnNonce(window, nonce);
        }
        assert.equal(judgeNonce(window, window.top + 1), undefined);
        assert.equal(judgeNonce(window, window.top + nonceFarLimit), undefined);
      },
    ),
  );
});

test('the holder of a write key burns its numbers in vain: the patient’s own are others, and she revokes', () => {
  const world = setting();
  const { window } = world.view.get(accounts, accountOf('ana')) ?? assert.fail('no account');
  let nonce = 0;
  // Refused anchors burn their number: he goes as far and as fast as the rule lets him.
  for (let n = 0; n < 40; n++) {
    nonce += nonceFarLimit;
    const acts = [anchorUnder('writing', { epoch: 77 })];
    assert.equal(world.send({ from: 'ana', acts, keys: [writeKey], nonce }).answer, 'EPOCH_STALE');
  }
  assert.deepEqual(world.view.get(accounts, accountOf('ana'))?.window, window);
  assert.equal(world.send({ from: 'ana', acts: [revoke('writing')] }).answer, 'accepted');
  const more = { from: 'ana', acts: [anchorUnder('writing')], keys: [writeKey], nonce: nonce + 1 };
  assert.equal(world.send(more).answer, 'CONSENT_ENDED');
});

test('numbers that were burnt one by one leave the next ones free, also after a thousand', () => {
  const world = setting();
  for (let n = 0; n < 1_100; n++) {
    const acts = [anchorUnder('writing', { epoch: 77, root: bytesOf(`${n}`) })];
    world.send({ from: 'ana', acts, keys: [writeKey], nonce: n + 1 }, world.timeMs + 1);
  }
  const acts = [anchorUnder('writing')];
  const sent = { from: 'ana', acts, keys: [writeKey], nonce: 1_101 };
  assert.equal(world.send(sent, world.timeMs + day / 2).answer, 'accepted');
});

let town: Town;
let consortium: Consortium;
const quotaBytes = 40_000;
let limited = '';

before(async () => {
  town = await openTown({ messagesPerHour: 5, maxInboxMessages: 8 });
  consortium = await startConsortium({
    quotaBytesOf: (owner) => (owner === limited ? quotaBytes : 2 ** 40),
  });
});
after(async () => {
  await town.close();
  await consortium.stop();
});

test('a flood of messages fills one inbox and no other, and hides no look', async () => {
  const patient = await Person.enrolled(town, town.north, 'patient');
  const other = await Person.enrolled(town, town.north, 'patient');
  const doctor = await Person.enrolled(town, town.south, 'clinician');
  await patient.keySet();
  await patient.keep([sealedItem('lab')]);
  const grant = await patient.grant(doctor.account);
  const send = async (from: Person, to: Person): Promise<unknown> => {
    const message = await from.message(to.account, randomBytes(100));
    return codeOf(await from.call('POST', '/v1/inbox', { json: { message } }));
  };
  const answers: unknown[] = [];
  for (const name of ['one', 'two', 'three']) {
    const flooder = await Person.enrolled(town, town.north, 'patient', name);
    for (let n = 0; n < 6; n++) answers.push(await send(flooder, patient));
  }
  // Each sender is held back, and the inbox holds no more than it holds: who has most in it gives up his oldest.
  assert.ok(answers.includes('RATE_LIMITED') && !answers.includes('QUOTA_EXCEEDED'));
  const waiting = (await patient.inbox()).filter((it) => it.kind === 'message');
  assert.equal(waiting.length, 8);
  assert.equal(await send(doctor, other), 'accepted');
  // Looks and refusals are notices of the hospital: the limit is for messages alone.
  await doctor.reads(grant, town.north);
  assert.equal((await patient.inbox()).filter((it) => it.kind === 'look').length, 1);
});

test('a flood of blobs ends at its owner’s quota: QUOTA_EXCEEDED, and others are served', async () => {
  const eve = await consortium.person('Eve', 'north', 'patient');
  const ana = await consortium.person('Ana', 'north', 'patient');
  limited = eve.person.account().account;
  const file = (n: number) => fileOf(`${n}.txt`, bytesOfWords(`${n} `.repeat(2_000)));
  let stored = 0;
  await caught(
    (async () => {
      for (; stored < 20; stored++) await eve.person.addFile(file(stored));
    })(),
    'QUOTA_EXCEEDED',
  );
  assert.ok(stored > 0 && stored < 10);
  await ana.person.addFile(file(100));
  // What she has stays hers, and readable.
  const [first] = await eve.person.listRecords();
  assert.ok(first);
  await eve.person.openRecord(first.recordId);
});

test('every owner at a hospital has a quota: a person, a grant into a chart, and all of a chart’s grants', () => {
  const [chart, largest] = ['ab'.repeat(32), 17 * 2 ** 30];
  assert.ok(blobQuota(chart) >= 3 * largest);
  const granted = blobQuota(`${chart}:${'cd'.repeat(16)}`);
  assert.ok(granted >= largest && granted < blobQuota(`${chart}:`));
  assert.ok(Number.isSafeInteger(blobQuota(`${chart}:`)));
});

test('a stranger’s unsigned orders cost no row and no number', async () => {
  const ana = await Person.enrolled(town, town.north, 'patient');
  const state = async () =>
    (await town.engine.query('accounts', idBytes(ana.account), { prove: false })).value;
  const before = await state();
  const eve = await Person.make(town, town.north);
  for (let nonce = 1; nonce <= 30; nonce++) {
    const acts = [{ kind: 'ConsentRevoke', consent: consentIdOf(randomBytes(16)) }] as const;
    const answer = await eve.submit(acts, { sender: ana.account, key: eve.keys.sign, nonce });
    assert.equal(codeOf(answer), 'KEY_NOT_CURRENT');
  }
  assert.deepEqual(await state(), before);
});
