import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Act } from '../../../src/ledger/protocol.ts';
import { accepted, codeOf, Person } from '../../gateway/person.ts';
import { sealedItem } from '../../gateway/sealed.ts';
import { openTown, portOf, type Town } from '../../gateway/town.ts';

/**
 * Somebody keeps an event stream open beyond the session that opened it: his account is frozen, his time is over, his
 * session gave way to a newer one.
 *
 * Claim: the stream ends with the session and tells of no later block.
 */
let town: Town;
let ana: Person;
before(async () => {
  town = await openTown({ sessionsPerAccount: 2 });
  await town.app.listen({ port: 0, host: '127.0.0.1' });
  ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
});
after(() => town.close());

/** Everything that is heard until the stream ends. */
async function watched(person: Person): Promise<{ heard: Promise<string> }> {
  const url = `http://127.0.0.1:${portOf(town)}/north/v1/events`;
  const headers = { authorization: `Bearer ${person.token}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(30_000) });
  assert.equal(response.status, 200);
  const heard = (async () => {
    let text = '';
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString();
    return text;
  })();
  return { heard };
}

test('the hospital freezes a clinician: his stream ends, and tells nothing of what comes', async () => {
  const doctor = await Person.enrolled(town, town.north, 'clinician');
  const { heard } = await watched(doctor);
  const north = new Person(town, town.north, town.north.keys);
  const freeze: Act = { kind: 'RevokeKey', account: doctor.account };
  accepted(await north.submit([freeze], { nonce: 50 }));
  assert.equal(codeOf(await doctor.call('GET', '/v1/inbox')), 'SESSION_EXPIRED');
  await ana.keep([sealedItem('lab')]);
  assert.doesNotMatch(await heard, /DataAnchor/);
});

test('ten minutes are over: the stream ends at the next block and does not tell it', async () => {
  const nurse = await Person.enrolled(town, town.north, 'nurse');
  const { heard } = await watched(nurse);
  town.clock.aheadMs += 10 * 60_000;
  await ana.signIn();
  await ana.keep([sealedItem('lab')]);
  assert.doesNotMatch(await heard, /DataAnchor/);
  town.clock.aheadMs = 0;
});

test('a session that gave way to a newer one of the same account ends its stream', async () => {
  const ben = await Person.enrolled(town, town.north, 'patient');
  const { heard } = await watched(ben);
  await ben.signIn();
  await ben.signIn();
  assert.match(await heard, /^: open\nid: \d+\n\n/);
});
