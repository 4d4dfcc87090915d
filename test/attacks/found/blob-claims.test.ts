// What somebody gets who knows a blob id and nothing else: each test sends what once worked, and expects what is right.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { randomBytes } from '../../../src/crypto/random.ts';
import { custody } from '../../../src/gateway/parts/custody/custody.ts';
import type { Act } from '../../../src/ledger/protocol.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { codeOf, Person } from '../../gateway/person.ts';
import { type Sealed, sealedItem } from '../../gateway/sealed.ts';
import { openTown, type Town } from '../../gateway/town.ts';

const hourMs = 3_600_000;

let town: Town;
before(async () => {
  town = await openTown();
});
after(() => town.close());

/** Every byte below a folder, so that a search finds what any file still holds. */
function everything(folder: string): Buffer {
  const parts = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? everything(path) : readFileSync(path);
  });
  return Buffer.concat(parts);
}
const onDisk = (bytes: Uint8Array) =>
  everything(join(town.folder, 'north')).includes(Buffer.from(bytes));
const fetched = async (person: Person, { blobId }: Sealed) =>
  codeOf(await person.call('GET', `/v1/blobs/${blobId}`));
/** A made-up row of the sender's own account, which names somebody's body. */
const names = async (person: Person, body: Uint8Array) => {
  const head = { account: person.account, epoch: 1, consent: [] };
  return codeOf(await person.postItems(head, [sealedItem('other', { body })]));
};
const keySetNaming = ({ blobId }: Sealed): Act => ({
  kind: 'KeySet',
  ...{ after: 0, salt: randomBytes(16), schedule: [{ epoch: 1, validFromMs: 0 }] },
  ...{ keySetBlob: blobId, envelopeSetBlob: blobId },
});

async function revokedReader() {
  const { north } = town;
  const ana = await Person.enrolled(town, north, 'patient');
  await ana.keySet();
  const doctor = await Person.enrolled(town, north, 'clinician');
  const [item, other, control] = [sealedItem('lab'), sealedItem('lab'), sealedItem('lab')];
  await ana.keep([item, other, control]);
  const grant = await ana.grant(doctor.account);
  const { ticket } = await doctor.reads(grant, north);
  await ana.revoke(grant);
  return { ana, doctor, item, other, control, ticket };
}

test('a revoked reader fetches nothing again, not with his ticket, nor after naming the body in rows', async () => {
  const { ana, doctor, item, ticket } = await revokedReader();
  const headers = { 'x-salus-ticket': ticket };
  const late = await doctor.call('GET', `/v1/blobs/${item.blobId}`, { headers });
  assert.equal(codeOf(late), 'BLOB_UNKNOWN');
  assert.equal(await fetched(doctor, item), 'BLOB_UNKNOWN');
  assert.equal(await names(doctor, item.body), 'BLOB_UNKNOWN');
  assert.equal(await fetched(doctor, item), 'BLOB_UNKNOWN');
  const looks = (await ana.inbox()).filter(({ kind }) => kind === 'look').length;
  assert.equal(looks, 1, 'the one before the revocation');
});

test('an erased body leaves the disk although a stranger named it, now and for good', async () => {
  const { ana, doctor, item, control } = await revokedReader();
  await names(doctor, item.body);
  assert.ok(onDisk(item.body) && onDisk(control.body));
  assert.equal((await ana.erase([item.leaf, control.leaf])).status, 200);
  assert.equal(await fetched(doctor, item), 'BLOB_UNKNOWN');
  assert.deepEqual([onDisk(item.body), onDisk(control.body)], [false, false]);
  town.clock.aheadMs = 3 * 24 * hourMs;
  await town.north.gateway.parts.get(custody).housekeep();
  await town.north.gateway.erasure.release();
  town.clock.aheadMs = 0;
  assert.equal(onDisk(item.body), false);
  assert.equal(await town.north.blobs.has(item.blobId), false);
});

test('naming a body in a KeySet publishes nothing that its sender has not stored himself', async () => {
  const { item, other } = await revokedReader();
  const nurse = await Person.enrolled(town, town.north, 'nurse');
  const far = await Person.enrolled(town, town.south, 'patient', 'stranger');
  await far.send([keySetNaming(item)]);
  const near = await Person.enrolled(town, town.north, 'patient', 'neighbour');
  await near.send([keySetNaming(other)]);
  for (const body of [item, other]) {
    for (const person of [nurse, far, near]) {
      assert.equal(await fetched(person, body), 'BLOB_UNKNOWN');
    }
  }
});

test('rows are refused alike for a body that another stored and for one that nobody did', async () => {
  const { item } = await revokedReader();
  const nurse = await Person.enrolled(town, town.north, 'nurse');
  assert.equal(await names(nurse, item.body), 'BLOB_UNKNOWN');
  assert.equal(await names(nurse, randomBytes(10)), 'BLOB_UNKNOWN');
  const missing = await nurse.call('GET', `/v1/blobs/${blobIdOf(randomBytes(9))}`);
  assert.equal(codeOf(missing), 'BLOB_UNKNOWN');
});

test('a hospital hands nothing to another on the word of somebody who is not its patient', async () => {
  const { north, south } = town;
  const { item } = await revokedReader();
  const stranger = await Person.enrolled(town, south, 'patient', 'stranger');
  const atNorth = new Person(town, north, stranger.keys);
  await atNorth.signIn();
  assert.equal(await south.blobs.has(item.blobId), false);
  const answers = [await names(atNorth, item.body), await names(atNorth, randomBytes(10))];
  assert.equal(await south.blobs.has(item.blobId), false);
  assert.deepEqual(answers, ['FORBIDDEN', 'FORBIDDEN']);
});
