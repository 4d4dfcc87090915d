import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { accepted, codeOf, type Grant, Person } from '../../../../test/gateway/person.ts';
import { rootOf, type Sealed, sealedItem } from '../../../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { randomBytes } from '../../../crypto/random.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { blobIdOf } from '../../../storage/blob-id.ts';
import { broughtForHeader } from '../peers/peers.ts';
import { claimOwnerOf } from './claim-owner.ts';
import { custody } from './custody.ts';

let town: Town;
let ana: Person;
let doctor: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
  doctor = await Person.enrolled(town, town.south, 'clinician');
});
after(() => town.close());

const mayWrite = { readClasses: [], writeClasses: ['diagnosis'] } as const;
const kept = () => town.north.gateway.parts.get(custody);

/** The anchor over what was delivered under a grant, by the grant's write key. */
function anchored(by: Person, grant: Grant, items: readonly Sealed[], nonce: number) {
  assert.ok(grant.writeKey !== undefined);
  const { consent, writeKey: key } = grant;
  const act = { kind: 'DiagnosisAnchor', consent, epoch: 1, root: rootOf(items) } as const;
  const as = { log: 'doc', sender: ana.account, key, nonce } as const;
  return by.submit([{ ...act, count: items.length }], as);
}

/** The same person, who sends rows without the bodies that they name. */
function withoutBodies(person: Person): Person {
  const same = new Person(person.town, person.hospital, person.keys);
  same.token = person.token;
  same.putBlob = async () => undefined;
  return same;
}

/** How often a text stands in any file below a hospital's folder: live, in free pages, in a log. */
function timesOnDisk(text: string, folder = join(town.folder, 'north')): number {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) =>
      statSync(path).isDirectory()
        ? timesOnDisk(text, path)
        : readFileSync(path).toString('latin1').split(text).length - 1,
    )
    .reduce((sum, times) => sum + times, 0);
}

function ownersOf(blobId: string): { owner: string; put_ms: number }[] {
  const path = join(town.folder, 'north', 'blobs', 'blobs.sqlite');
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db.prepare('SELECT owner, put_ms FROM claims WHERE id = ?').all(blobId);
    return rows.map(({ owner, put_ms }) => ({ owner: String(owner), put_ms: Number(put_ms) }));
  } finally {
    db.close();
  }
}

test('what is anchored names its grant, and neither who wrote it nor when it came', async () => {
  const grant = await ana.grant(doctor.account, mayWrite);
  await kept().housekeep();
  const before = timesOnDisk(doctor.account);
  const item = sealedItem('diagnosis');
  accepted(await doctor.deliverUnder(grant, ana.account, [item]));
  const { account } = ana;
  const owner = claimOwnerOf({ account, consent: grant.consent });
  assert.deepEqual(
    ownersOf(item.blobId).map((claim) => claim.owner),
    [owner],
  );
  assert.ok(timesOnDisk(doctor.account) > before, 'rows that wait are counted by who brought them');
  accepted(await anchored(doctor, grant, [item], 1));
  assert.equal((await ana.ownRows()).rows.at(-1)?.consent, grant.consent);
  await kept().housekeep();
  assert.equal(timesOnDisk(doctor.account), before);
  assert.deepEqual(ownersOf(item.blobId), [{ owner, put_ms: 0 }]);
});

test('the hospital of who writes elsewhere keeps no body that the custodian took', async () => {
  const grant = await ana.grant(doctor.account, mayWrite);
  const item = sealedItem('diagnosis');
  const elsewhere = sealedItem('diagnosis');
  await doctor.putBlob(elsewhere.body);
  accepted(await doctor.deliverUnder(grant, ana.account, [item]));
  assert.equal(await town.south.blobs.has(item.blobId), false);
  assert.equal(await town.south.blobs.has(elsewhere.blobId), true);
  // The answer may be lost on the way: the same order again needs no body.
  accepted(await withoutBodies(doctor).deliverUnder(grant, ana.account, [item]));
  assert.ok(await town.north.blobs.has(item.blobId));
});

test('no body leaves for a custodian that refuses the rows', async () => {
  const taken = sealedItem('diagnosis');
  await ana.keep([taken]);
  const grant = await ana.grant(doctor.account, mayWrite);
  const item = sealedItem('diagnosis', { recordId: taken.recordId });
  assert.equal(codeOf(await doctor.deliverUnder(grant, ana.account, [item])), 'RECORD_ID_TAKEN');
  assert.equal(await town.north.blobs.has(item.blobId), false);
  assert.equal(await town.south.blobs.has(item.blobId), true);
});

test('what one writer of a hospital brought there another does not name', async () => {
  const colleague = await Person.enrolled(town, town.south, 'clinician', 'colleague');
  const grant = await ana.grant(doctor.account, mayWrite);
  const other = await ana.grant(colleague.account, mayWrite);
  const item = sealedItem('diagnosis');
  accepted(await doctor.deliverUnder(grant, ana.account, [item]));
  const copied = sealedItem('diagnosis', { body: item.body });
  const named = await withoutBodies(colleague).deliverUnder(other, ana.account, [copied]);
  assert.equal(codeOf(named), 'BLOB_UNKNOWN');
  // Who has the bytes brings them: then it is his own.
  accepted(await colleague.deliverUnder(other, ana.account, [copied]));
});

test('a hospital stores for its own people and for nobody else: FORBIDDEN', async () => {
  const south = new Person(town, town.north, town.south.keys);
  await south.signIn();
  const bytes = randomBytes(40);
  const put = (by: Person, account: AccountId) =>
    by.call('PUT', `/v1/blobs/${blobIdOf(bytes)}`, {
      ...{ bytes, type: 'application/octet-stream' },
      headers: { [broughtForHeader]: account },
    });
  assert.equal(codeOf(await put(south, ana.account)), 'FORBIDDEN');
  assert.equal(codeOf(await put(ana, ana.account)), 'FORBIDDEN');
  assert.equal(codeOf(await put(ana, doctor.account)), 'FORBIDDEN');
  assert.equal(await town.north.blobs.has(blobIdOf(bytes)), false);
  assert.equal(codeOf(await put(south, doctor.account)), 'accepted');
  assert.equal(await town.north.blobs.hasClaim(blobIdOf(bytes), doctor.account), true);
});

test('a hospital delivers for its own people alone: NOT_SHARED', async () => {
  const nurse = await Person.enrolled(town, town.north, 'nurse');
  const grant = await ana.grant(nurse.account, mayWrite);
  const south = new Person(town, town.north, town.south.keys);
  await south.signIn();
  const item = sealedItem('diagnosis');
  assert.equal(codeOf(await south.deliverUnder(grant, ana.account, [item])), 'NOT_SHARED');
  accepted(await nurse.deliverUnder(grant, ana.account, [item]));
});
