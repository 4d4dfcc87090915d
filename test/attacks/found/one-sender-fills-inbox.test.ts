import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from '../../../src/crypto/random.ts';
import { codeOf, Person } from '../../gateway/person.ts';
import { openTown } from '../../gateway/town.ts';

/**
 * One patient of another hospital sends a doctor junk, as much as an hour allows, hour after hour. The limits are far
 * below the product's, so that an inbox that one sender could fill would be full after two of them.
 */
test('one sender fills no inbox: of his messages fifty wait, and an honest letter comes in', async () => {
  const town = await openTown({ messagesPerHour: 30, maxInboxMessages: 60 });
  try {
    const { north, south } = town;
    const doctor = await Person.enrolled(town, north, 'clinician');
    const mal = await Person.enrolled(town, south, 'patient');
    const ana = await Person.enrolled(town, north, 'patient');
    const send = async (from: Person, bytes: Uint8Array) => {
      const sentMs = Date.now() + town.clock.aheadMs;
      const message = await from.message(doctor.account, bytes, sentMs);
      const at = new Person(town, north, from.keys);
      return codeOf(await at.call('POST', '/v1/inbox', { json: { message } }));
    };
    const codes = new Set<unknown>();
    for (let hour = 0; hour < 3; hour++) {
      for (let code: unknown = 'accepted'; code === 'accepted'; ) {
        code = await send(mal, randomBytes(64));
        codes.add(code);
      }
      town.clock.aheadMs += 3_600_000;
    }
    assert.deepEqual([...codes], ['accepted', 'RATE_LIMITED']);
    const letter = randomBytes(1_000);
    assert.equal(await send(ana, letter), 'accepted');
    await doctor.signIn();
    const waiting = await inboxOf(doctor);
    assert.equal(waiting.length, 51);
    assert.equal(waiting.at(-1)?.sealed, Buffer.from(letter).toString('base64url'));
  } finally {
    await town.close();
  }
});

async function inboxOf(person: Person) {
  const all: Awaited<ReturnType<Person['inbox']>> = [];
  for (let after = 0; ; ) {
    const page = await person.inbox(after);
    all.push(...page);
    after = page.at(-1)?.id ?? after;
    if (page.length === 0) return all;
  }
}
