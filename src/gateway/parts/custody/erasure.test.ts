import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accepted, codeOf, Person } from '../../../../test/gateway/person.ts';
import { sealedItem } from '../../../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { decodeErased } from '../../../api/erase.ts';
import type { EraseAnswer } from '../../../api/items.ts';
import { bytesOfText } from '../../../api/message-parts.ts';
import { decodeSigned } from '../../../api/signed.ts';
import { labels } from '../../../crypto/labels.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { decodeTx } from '../../../ledger/codec.ts';
import { isIncluded, leafHash } from '../../../ledger/merkle.ts';
import { decodeRow } from '../../../ledger/table.ts';
import { anchorRowId } from '../../../ledger/tables/anchors.ts';
import { batches } from '../../../ledger/tables/batches.ts';
import { equalBytes, hexToBytes } from '../../../primitives/bytes.ts';
import { custody } from './custody.ts';

let town: Town;
let ana: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
});
after(() => town.close());

/** Every byte below a folder, so that a search finds what any file still holds. */
function everything(folder: string): Buffer {
  const parts: Buffer[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    parts.push(statSync(path).isDirectory() ? everything(path) : readFileSync(path));
  }
  return Buffer.concat(parts);
}

test('erasing leaves a signed tombstone in place of header, salt and body, and no copy on the disk', async () => {
  const wrap = randomBytes(60);
  const body = randomBytes(400);
  const item = sealedItem('lab', { wrap, body });
  const kept = sealedItem('lab');
  await ana.keep([item, kept]);
  const home = join(town.folder, 'north');
  assert.ok(everything(home).includes(Buffer.from(wrap)));

  const { erased } = accepted<EraseAnswer>(await ana.erase([item.leaf]));
  assert.equal(erased.length, 1);
  const signed = decodeSigned(bytesOfText(erased[0]?.tombstone ?? ''));
  const tombstone = decodeErased(signed.bytes);
  assert.ok(equalBytes(tombstone.leaf, item.leaf));
  assert.equal(tombstone.holder, town.north.organisation);
  const { holderKey } = tombstone;
  assert.ok(await verifyLabelled(holderKey, labels.erasedSign, signed.bytes, signed.signature));
  assert.ok(equalBytes(holderKey, town.north.keys.sign.publicKey));

  const rows = (await ana.ownRows()).rows;
  const row = rows.find(({ recordId }) => recordId === item.recordId);
  assert.ok(row?.state === 'erased');
  const other = rows.find(({ recordId }) => recordId === kept.recordId);
  assert.ok(other?.state === 'live');
  const path = other.path.map((hash) => bytesOfText(hash));
  assert.ok(isIncluded(kept.leaf, other.index, other.count, path, bytesOfText(other.root)));

  const disk = everything(home);
  assert.ok(!disk.includes(Buffer.from(wrap)), 'the wrap is still on the disk');
  assert.ok(!disk.includes(Buffer.from(item.row.salt)), 'the salt is still on the disk');
  assert.equal(await town.north.blobs.has(item.blobId), false);
});

test('a tombstone is anchored with the next batch, and the notice proves it', async () => {
  const item = sealedItem('lab');
  await ana.keep([item]);
  const { erased } = accepted<EraseAnswer>(await ana.erase([item.leaf]));
  await town.north.gateway.flush();
  const notice = (await ana.inbox()).findLast(({ kind }) => kind === 'erased');
  assert.equal(notice?.sealed, erased[0]?.tombstone);
  const { anchor } = notice ?? {};
  assert.ok(anchor?.leaf !== undefined && anchor.path !== undefined && anchor.count !== undefined);
  assert.equal(anchor.leaf, erased[0]?.tombstone);
  const block = await town.engine.block(anchor.height);
  const act = block.txs
    .flatMap((tx) => decodeTx(tx).body.acts)
    .find((it) => it.kind === 'BatchAnchor');
  assert.ok(act?.kind === 'BatchAnchor' && act.batch === 'erased');
  const hashes = anchor.path.map((hash) => bytesOfText(hash));
  const leaf = leafHash(bytesOfText(anchor.leaf));
  assert.ok(isIncluded(leaf, anchor.index, anchor.count, hashes, act.root));
  const id = hexToBytes(anchorRowId(town.north.organisation, act.root));
  assert.ok(id !== undefined);
  const { value } = await town.engine.query('batches', id, { prove: false });
  assert.ok(value !== undefined);
  assert.equal(decodeRow(batches, value).count, anchor.count);
});

test('an owner who says what she has seen is told of later erasures, once each', async () => {
  const [item, other] = [sealedItem('lab'), sealedItem('lab')];
  await ana.keep([item, other]);
  const seen = (await ana.ownRows()).changes;
  assert.deepEqual((await ana.ownRows(seen)).rows, []);
  await ana.erase([item.leaf]);
  const told = await ana.ownRows(seen);
  assert.deepEqual(
    told.rows.map(({ recordId, state }) => [recordId, state]),
    [[item.recordId, 'erased']],
  );
  await ana.erase([item.leaf]);
  assert.deepEqual(await ana.ownRows(told.changes), { changes: told.changes, rows: [] });
});

test('erasing again gives the same tombstone', async () => {
  const item = sealedItem('lab');
  await ana.keep([item]);
  const first = accepted<EraseAnswer>(await ana.erase([item.leaf]));
  assert.deepEqual(accepted<EraseAnswer>(await ana.erase([item.leaf])), first);
});

test('an erased record is not read any more', async () => {
  const doctor = await Person.enrolled(town, town.south, 'clinician');
  const item = sealedItem('lab');
  await ana.keep([item]);
  const grant = await ana.grant(doctor.account);
  await ana.erase([item.leaf]);
  const what = { kind: 'records', recordIds: [item.recordId] } as const;
  assert.equal(codeOf(await doctor.read(grant, town.north, { what })), 'RECORD_UNKNOWN');
});

test('nobody but the owner erases, and a leaf that is unknown stops the whole order', async () => {
  const item = sealedItem('lab');
  await ana.keep([item]);
  const eve = await Person.enrolled(town, town.north, 'patient');
  assert.equal(codeOf(await eve.erase([item.leaf])), 'NOT_FOUND');
  assert.equal(codeOf(await eve.erase([item.leaf], ana.account)), 'KEY_NOT_CURRENT');
  assert.equal(codeOf(await ana.erase([item.leaf, randomBytes(32)])), 'NOT_FOUND');
  const rows = (await ana.ownRows()).rows;
  assert.equal(rows.find(({ recordId }) => recordId === item.recordId)?.state, 'live');
});

test('a body that two rows have goes with the second of them', async () => {
  const item = sealedItem('lab');
  const twin = sealedItem('lab', { body: item.body });
  await ana.keep([item, twin]);
  await ana.erase([item.leaf]);
  assert.ok((await ana.call('GET', `/v1/blobs/${item.blobId}`)).bytes.equals(item.body));
  await ana.erase([twin.leaf]);
  assert.equal(await town.north.blobs.has(item.blobId), false);
});

test('rows that wait for an anchor keep no erased body, and go with it', async () => {
  const item = sealedItem('lab');
  const waiting = sealedItem('lab', { body: item.body });
  const beside = sealedItem('lab');
  await ana.keep([item]);
  accepted(await ana.deliver([waiting, beside]));
  await ana.erase([item.leaf]);
  assert.equal(await town.north.blobs.has(item.blobId), false);
  const { erased } = town.north.gateway.parts.get(custody);
  assert.equal(erased.tombstoneOf(ana.account, waiting.leaf), undefined);
  assert.ok(!everything(join(town.folder, 'north')).includes(Buffer.from(item.body)));
});

test('who has the bytes may store them as his own: that keeps no row of hers, and serves nobody else', async () => {
  const item = sealedItem('lab');
  await ana.keep([item]);
  const doctor = await Person.enrolled(town, town.north, 'clinician');
  const bea = await Person.enrolled(town, town.north, 'patient', 'bea');
  await bea.keySet();
  const grant = await ana.grant(doctor.account);
  const { ticket } = await doctor.reads(grant, town.north);
  const headers = { 'x-salus-ticket': ticket };
  const path = `/v1/blobs/${item.blobId}`;
  assert.equal(codeOf(await doctor.call('GET', path, { headers })), 'accepted');
  const copy = sealedItem('other', { body: item.body });
  await bea.keep([copy]);
  await ana.erase([item.leaf]);
  assert.equal(await town.north.blobs.has(item.blobId), true);
  for (const [person, code] of [
    [ana, 'BLOB_UNKNOWN'],
    [doctor, 'BLOB_UNKNOWN'],
    [bea, 'accepted'],
  ] as const) {
    assert.equal(codeOf(await person.call('GET', path, { headers })), code);
  }
  await bea.erase([copy.leaf]);
  assert.equal(await town.north.blobs.has(item.blobId), false);
});
