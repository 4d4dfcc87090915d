import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, accepted, codeOf, Person } from '../../../../test/gateway/person.ts';
import { rootOf, type Sealed, sealedItem } from '../../../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import type { ItemsAnswer } from '../../../api/items.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { custody } from './custody.ts';

let town: Town;
let ana: Person;
let doctor: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
  await ana.keySet();
});
after(() => town.close());

const anchor = (items: readonly Sealed[], epoch = 1) => ({
  ...({ kind: 'DataAnchor', consent: '', epoch } as const),
  ...{ root: rootOf(items), count: items.length },
});
const kept = () => town.north.gateway.parts.get(custody);
const has = async (person: Person, item: Sealed) =>
  (await person.ownRows()).rows.some(({ recordId }) => recordId === item.recordId);

test('rows wait for their anchor and are shown when it is committed', async () => {
  const items = [sealedItem('lab'), sealedItem('image')];
  const { root, count } = accepted<ItemsAnswer>(await ana.deliver(items));
  assert.ok(equalBytes(bytesOfText(root), rootOf(items)));
  assert.equal(count, 2);
  for (const item of items) assert.equal(await has(ana, item), false);
  await ana.send([anchor(items)]);
  for (const item of items) assert.equal(await has(ana, item), true);
});

test('rows that come after their anchor are shown at once', async () => {
  const items = [sealedItem('lab')];
  await ana.send([anchor(items)]);
  accepted(await ana.deliver(items));
  for (const item of items) assert.equal(await has(ana, item), true);
});

test('rows that come after their anchor are news to an owner who has seen later ones', async () => {
  const [late, early] = [[sealedItem('lab'), sealedItem('lab')], [sealedItem('lab')]];
  await ana.send([anchor(late)]);
  await ana.keep(early);
  const seen = await ana.ownRows();
  accepted(await ana.deliver(late));
  const told = await ana.ownRows(seen.changes);
  assert.deepEqual(
    told.rows.map(({ recordId }) => recordId),
    late.map(({ recordId }) => recordId),
  );
  assert.ok((told.rows[0]?.height ?? 0) < (seen.rows.at(-1)?.height ?? 0));
  assert.equal(told.changes, seen.changes + 1);
});

test('the same rows again change nothing', async () => {
  const items = [sealedItem('lab')];
  await ana.keep(items);
  accepted(await ana.deliver(items));
  const rows = (await ana.ownRows()).rows.filter((row) => row.recordId === items[0]?.recordId);
  assert.equal(rows.length, 1);
});

test('a record id that is anchored is taken, also twice in one delivery', async () => {
  const item = sealedItem('lab');
  await ana.keep([item]);
  const again = sealedItem('lab', { recordId: item.recordId });
  assert.equal(codeOf(await ana.deliver([again])), 'RECORD_ID_TAKEN');
  const fresh = sealedItem('lab');
  const twin = sealedItem('lab', { recordId: fresh.recordId });
  assert.equal(codeOf(await ana.deliver([fresh, twin])), 'RECORD_ID_TAKEN');
});

test('of two tries at the same records, the one that is anchored stays', async () => {
  const first = sealedItem('lab');
  const second = sealedItem('lab', { recordId: first.recordId });
  accepted(await ana.deliver([first]));
  accepted(await ana.deliver([second]));
  await ana.send([anchor([second])]);
  const rows = (await ana.ownRows()).rows.filter((row) => row.recordId === first.recordId);
  assert.deepEqual(
    rows.map((row) => row.root),
    [textOfBytes(rootOf([second]))],
  );
});

test('the rows of an anchor of a past epoch are dropped', async () => {
  const item = sealedItem('lab');
  accepted(await ana.deliver([item]));
  await ana.keySet();
  assert.equal(codeOf(await ana.submit([anchor([item])])), 'EPOCH_STALE');
  assert.equal(kept().erased.tombstoneOf(ana.account, item.leaf), undefined);
  await ana.keep([sealedItem('lab', { recordId: item.recordId, epoch: 2 })], 2);
  assert.equal(await has(ana, item), true);
});

test('rows without an anchor go after a day', async () => {
  const item = sealedItem('lab', { epoch: 2 });
  accepted(await ana.deliver([item], 2));
  town.clock.aheadMs += 24 * 3_600_000 + 1;
  await kept().waiting.purge();
  assert.equal(kept().erased.tombstoneOf(ana.account, item.leaf), undefined);
  town.clock.aheadMs = 0;
});

const broken: readonly [string, (item: Sealed) => Sealed, number, string][] = [
  [
    'a header that its leaf does not name',
    (it) => ({ ...it, row: { ...it.row, header: sealedItem('lab').row.header } }),
    1,
    'LEAF_MISMATCH',
  ],
  [
    'a leaf that is no leaf',
    (it) => ({ ...it, row: { ...it.row, leafContent: randomBytes(20) } }),
    1,
    'LEAF_MISMATCH',
  ],
  ['another epoch than the rows’', (it) => it, 2, 'LEAF_MISMATCH'],
  [
    'a salt that is too short',
    (it) => ({ ...it, row: { ...it.row, salt: randomBytes(16) } }),
    1,
    'CBOR_SHAPE',
  ],
];
for (const [name, change, epoch, code] of broken) {
  test(`a delivery with ${name} is refused: ${code}`, async () => {
    assert.equal(codeOf(await ana.deliver([change(sealedItem('lab'))], epoch)), code);
  });
}

test('rows whose body is not stored are refused', async () => {
  const head = { account: ana.account, epoch: 2, consent: [] };
  const answer = await ana.postItems(head, [sealedItem('lab', { epoch: 2 })]);
  assert.equal(codeOf(answer), 'BLOB_UNKNOWN');
});

test('nobody delivers to another’s chart without a grant', async () => {
  const item = sealedItem('lab');
  await doctor.putBlob(item.body);
  const head = { account: ana.account, epoch: 1, consent: [] };
  assert.equal(codeOf(await doctor.postItems(head, [item])), 'FORBIDDEN');
});

test('a doctor of another hospital writes under a grant: his hospital passes blobs and rows on', async () => {
  const patient = await Person.enrolled(town, town.north, 'patient');
  await patient.keySet();
  const grant = await patient.grant(doctor.account, {
    readClasses: [],
    writeClasses: ['diagnosis'],
  });
  const item = sealedItem('diagnosis');
  accepted(await doctor.deliverUnder(grant, patient.account, [item]));
  assert.ok(await town.north.blobs.has(item.blobId));
  const { consent, writeKey } = grant;
  const act = {
    kind: 'DiagnosisAnchor',
    consent,
    epoch: 1,
    root: rootOf([item]),
    count: 1,
  } as const;
  assert.ok(writeKey !== undefined);
  const as = { log: 'doc', sender: patient.account, key: writeKey, nonce: 1 } as const;
  accepted(await doctor.submit([act], as));
  const [row] = (await patient.ownRows()).rows;
  assert.equal(row?.recordId, item.recordId);
  assert.equal(row?.consent, consent);
  const body = await patient.call('GET', `/v1/blobs/${item.blobId}`);
  assert.ok(equalBytes(body.bytes, item.body));
});

test('a delivery under a grant is refused when the grant does not allow it', async () => {
  const nurse = await Person.enrolled(town, town.south, 'nurse');
  const change = { readClasses: [], writeClasses: ['diagnosis'] } as const;
  const grant = await ana.grant(doctor.account, change);
  const reading = await ana.grant(doctor.account);
  const stranger = await signingKeyFromSeed(randomBytes(32));
  const items = [sealedItem('diagnosis')];
  const tries: readonly [string, Promise<Answer>][] = [
    ['CLASS_NOT_GRANTED', doctor.deliverUnder(grant, ana.account, [sealedItem('lab')])],
    ['SIGNATURE_WRONG', doctor.deliverUnder(grant, ana.account, items, stranger)],
    ['NOT_SHARED', nurse.deliverUnder(grant, ana.account, items)],
    ['GRANT_BODY_WRONG', doctor.deliverUnder(grant, nurse.account, items)],
    [
      'GRANT_BODY_WRONG',
      doctor.deliverUnder({ ...grant, salt: randomBytes(32) }, ana.account, items),
    ],
    ['CONSENT_CANNOT_WRITE', doctor.deliverUnder(reading, ana.account, items, stranger)],
  ];
  for (const [code, answer] of tries) assert.equal(codeOf(await answer), code);
  await ana.revoke(grant);
  assert.equal(codeOf(await doctor.deliverUnder(grant, ana.account, items)), 'CONSENT_ENDED');
});
