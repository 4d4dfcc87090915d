// A device that fills what it may with rows that no anchor will cover. Limits are smaller here than in the protocol,
// and so are the posts: what counts is whose limit it is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { encodeItemsOrder } from '../../../src/api/item.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import { custody } from '../../../src/gateway/parts/custody/custody.ts';
import { accepted, codeOf, type Grant, Person } from '../../gateway/person.ts';
import { rootOf, sealedItem } from '../../gateway/sealed.ts';
import { openTown, type Town } from '../../gateway/town.ts';

const rowsAPost = 64;
/** Posts that a chart holds at most, from all together and from one. */
const limits = {
  maxPendingRows: 6 * rowsAPost,
  maxPendingRowsOfGrant: 4 * rowsAPost,
};

let town: Town;
before(async () => {
  town = await openTown(limits);
});
after(() => town.close());

const body = randomBytes(300);
const items = (count: number) =>
  Array.from({ length: count }, () => sealedItem('iot', { body, wrap: randomBytes(4096) }));

/** Rows in bulk over one body, and no anchor after them. */
async function floods(device: Person, grant: Grant, patient: Person): Promise<unknown> {
  await device.putBlob(body);
  const rows = items(rowsAPost);
  const { account } = patient;
  const { consent } = grant;
  const order = { account, consent, epoch: 1, root: rootOf(rows), count: rows.length };
  assert.ok(grant.writeKey !== undefined);
  const signature = await signLabelled(grant.writeKey, labels.itemsSign, encodeItemsOrder(order));
  const shown = { id: consent, body: grant.body, salt: grant.salt, signature };
  return codeOf(await device.postItems({ account, epoch: 1, consent: [shown] }, rows));
}

async function fullOf(device: Person, grant: Grant, patient: Person): Promise<void> {
  let posts = 0;
  let last: unknown;
  while (last !== 'QUOTA_EXCEEDED' && posts < 60) {
    last = await floods(device, grant, patient);
    posts += 1;
  }
  assert.equal(last, 'QUOTA_EXCEEDED');
}

const mayWrite = { readClasses: [], writeClasses: ['iot'] } as const;
async function patientWithDevice() {
  const ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
  const device = await Person.enrolled(town, town.north, 'device');
  return { ana, device, grant: await ana.grant(device.account, mayWrite) };
}
const deliversOwn = async (patient: Person) => {
  await patient.putBlob(body);
  const head = { account: patient.account, epoch: 1, consent: [] };
  return codeOf(await patient.postItems(head, items(5 * rowsAPost)));
};

test('a device at its limit stops neither the patient’s own deliveries nor another device', async () => {
  const { ana, device, grant } = await patientWithDevice();
  const honest = await Person.enrolled(town, town.north, 'device');
  const other = await ana.grant(honest.account, mayWrite);
  await fullOf(device, grant, ana);
  assert.equal(await deliversOwn(ana), 'accepted');
  assert.equal(await floods(honest, other, ana), 'accepted');
});

/** Every byte that the hospital's file and its log hold, free pages too. */
const onDisk = () =>
  Buffer.concat(
    ['', '-wal'].map((end) => readFileSync(join(town.folder, 'north', `gateway.sqlite${end}`))),
  );

test('the end of a grant gives back what was left pending under it, in rows and on the disk', async () => {
  const { ana, device, grant } = await patientWithDevice();
  const kept = town.north.gateway.parts.get(custody);
  const wrap = randomBytes(60);
  const first = sealedItem('iot', { wrap });
  accepted(await device.deliverUnder(grant, ana.account, [first]));
  await fullOf(device, grant, ana);
  assert.notEqual(kept.erased.tombstoneOf(ana.account, first.leaf), undefined);
  assert.ok(onDisk().includes(Buffer.from(wrap)));
  await ana.revoke(grant);
  await kept.idle();
  assert.equal(kept.erased.tombstoneOf(ana.account, first.leaf), undefined);
  assert.ok(!onDisk().includes(Buffer.from(wrap)));
  assert.equal(await town.north.blobs.has(first.blobId), false);
  assert.equal(await deliversOwn(ana), 'accepted');
  const again = await ana.grant(device.account, mayWrite);
  assert.equal(await floods(device, again, ana), 'accepted');
});
