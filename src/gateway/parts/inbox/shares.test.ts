import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAccountId } from '../../../primitives/ids.ts';
import { storesOf } from '../../part.ts';
import { Store } from '../../store.ts';
import { spineParts } from '../all.ts';
import { makeRoom } from './shares.ts';

const accountOf = (digit: string) => parseAccountId(digit.repeat(64));
const [ana, ben, flooder, doctor, nurse] = ['a', 'b', 'f', 'd', 'e'].map(accountOf);
assert.ok(ana && ben && flooder && doctor && nurse);
const settings = { maxInboxMessages: 6, maxWaitingPerSender: 3, maxWaitingBytesPerSender: 40 };

function opened() {
  const db = new Store(':memory:', storesOf(spineParts));
  return {
    db,
    /** Puts a message in and makes room for it. */
    send(from: string, to: string, bytes = 1): void {
      db.run(
        `INSERT INTO inbox (account, kind, receivedMs, sealed, signed, shown, sender, bytes)
         VALUES (?, 'message', 0, x'', x'', 1, ?, ?)`,
        ...[to, from, bytes],
      );
      makeRoom(db, { from: parseAccountId(from), to: parseAccountId(to), settings });
    },
    /** Whose messages wait, oldest first. */
    waiting: (to: string) =>
      db
        .all("SELECT sender FROM inbox WHERE account = ? AND kind = 'message' ORDER BY id", to)
        .map((row) => row.text('sender')),
    ids: (to: string) =>
      db.all('SELECT id FROM inbox WHERE account = ? ORDER BY id', to).map((row) => row.uint('id')),
  };
}

test('a sender’s share of one inbox is full: his own oldest goes', () => {
  const { send, ids } = opened();
  for (let n = 0; n < 5; n++) send(flooder, doctor);
  assert.deepEqual(ids(doctor), [3, 4, 5]);
});

test('a sender’s bytes at the hospital are used up: his own oldest goes, whoever it was for', () => {
  const { send, ids } = opened();
  send(ana, doctor, 40);
  send(flooder, doctor, 20);
  send(flooder, nurse, 20);
  send(flooder, nurse, 20);
  assert.deepEqual([ids(doctor), ids(nurse)], [[1], [3, 4]]);
});

test('an inbox is full: the oldest of whoever has most in it goes, and a newcomer comes in', () => {
  const { send, waiting } = opened();
  for (const from of [ana, flooder, flooder, flooder, ben, ben]) send(from, doctor);
  send(nurse, doctor);
  assert.deepEqual(waiting(doctor), [ana, flooder, flooder, ben, ben, nurse]);
});

test('looks, refusals and tombstones are nobody’s share and never go', () => {
  const { db, send, ids } = opened();
  for (let n = 0; n < 20; n++) {
    db.run(
      "INSERT INTO inbox (account, kind, receivedMs, sealed, shown) VALUES (?, 'look', 0, x'00', 1)",
      doctor,
    );
  }
  for (let n = 0; n < 5; n++) send(flooder, doctor);
  assert.deepEqual(
    ids(doctor).slice(0, 20),
    [...Array(20).keys()].map((at) => at + 1),
  );
  assert.equal(ids(doctor).length, 23);
});

test('whoever sends however much: who has one message in an inbox loses it to nobody who has more', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(ana, ben, flooder), { maxLength: 60 }), (senders) => {
      const { send, waiting, db } = opened();
      send(nurse, doctor);
      for (const from of senders) send(from, doctor);
      const left = waiting(doctor);
      db.close();
      assert.ok(left.includes(nurse) && left.length <= settings.maxInboxMessages);
    }),
    { numRuns: 40 },
  );
});
