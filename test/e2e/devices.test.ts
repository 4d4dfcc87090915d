import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOfText } from '../../src/api/message-parts.ts';
import type { KeySet } from '../../src/ledger/acts/key-set.ts';
import { decodeTx } from '../../src/ledger/codec.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import type { Context } from '../../src/sdk/client/context.ts';
import { Person } from '../../src/sdk/index.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from './consortium.ts';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const hour = 3_600_000;

let consortium: Consortium;
let ana: Enrolled;
let phone: Person;
let drA: Enrolled;
let drB: Enrolled;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  drB = await consortium.person('Dr B', 'harbour', 'clinician');
  await ana.person.addCard(drA.person.card());
  await ana.person.addCard(drB.person.card());
  await ana.person.addFile(fileOf('old.txt', text('old')));
  const gatewayUrl = consortium.url('north');
  const store = memoryWalletStore();
  phone = await Person.recover(
    { store, passphrase, code: ana.code, gatewayUrl },
    { now: consortium.now },
  );
});
after(async () => consortium.stop());

const grantTo = (device: Person, grantee: string, notAfterMs = consortium.now() + hour) =>
  device.grant({ grantee, readClasses: ['other'], purposes: ['TREAT'], notAfterMs });

test('Two devices of one person grant at once, and both doctors read what comes next', async () => {
  const [a, b] = await Promise.all([grantTo(ana.person, 'Dr A'), grantTo(phone, 'Dr B')]);
  const added = await phone.addFile(fileOf('new.txt', text('new')));
  for (const [doctor, { consent }] of [
    [drA.person, a],
    [drB.person, b],
  ] as const) {
    await doctor.inbox();
    const { records } = await doctor.readShared(consent);
    assert.ok(records.some((it) => it.row.recordId === added.items[0]?.recordId));
    assert.ok(records.length >= 2, 'the history too');
  }
});

test('A KeySet that lost a race is built anew with a fresh salt', async () => {
  const keySets: KeySet[] = [];
  const overtaken = async (url: string, init: RequestInit): Promise<Response> => {
    if (url.includes('/v1/tx?') && typeof init.body === 'string') {
      const tx = bytesOfText(String(JSON.parse(init.body).tx));
      for (const act of decodeTx(tx).body.acts) if (act.kind === 'KeySet') keySets.push(act);
      if (keySets.length === 1) await grantTo(phone, 'Dr B');
    }
    return fetch(url, init);
  };
  const options = { now: consortium.now, http: { fetch: overtaken } };
  const slow = await Person.open({ store: ana.store, passphrase }, options);
  const { confirmed } = await grantTo(slow, 'Dr B');
  assert.ok(confirmed.height > 0);
  const [lost, taken, another] = keySets;
  assert.ok(lost && taken && another === undefined);
  assert.ok(taken.after > lost.after);
  assert.notDeepEqual(taken.salt, lost.salt);
  assert.notEqual(taken.envelopeSetBlob, lost.envelopeSetBlob);
});

test('What one device revoked is ended on the other, and its keys leave him out', async () => {
  const [grant] = (await ana.person.grants()).filter((it) => it.granteeName === 'Dr A');
  assert.ok(grant);
  await ana.person.revoke(grant.consent);
  await grantTo(phone, 'Dr A');
  const states = (await phone.grants()).map((it) => [it.granteeName, it.state]);
  const ofDrA = states.filter(([name]) => name === 'Dr A').sort();
  assert.deepEqual(ofDrA, [
    ['Dr A', 'ended'],
    ['Dr A', 'live'],
  ]);
  await assert.rejects(phone.revoke(grant.consent), (error) => isCoded(error, 'CONSENT_ENDED'));
});

test('A grant begins and ends at block time while every device of the patient is off', async () => {
  const begins = consortium.now() + hour;
  const given = await ana.person.grant({
    grantee: 'Dr B',
    readClasses: ['other'],
    purposes: ['TREAT'],
    notBeforeMs: begins,
    notAfterMs: begins + hour,
  });
  const { consent } = given;
  const later = await drB.person.inbox();
  assert.equal(later.find((it) => it.consent === consent)?.state, 'not yet');
  await assert.rejects(drB.person.readShared(consent), (error) =>
    isCoded(error, 'CONSENT_NOT_LIVE'),
  );
  consortium.advance(hour);
  const during = await ana.person.addFile(fileOf('during.txt', text('during')));
  const { records } = await drB.person.readShared(consent, {
    recordIds: during.items.map((it) => it.recordId),
  });
  assert.equal(records.length, 1);
  consortium.advance(hour);
  await assert.rejects(drB.person.readShared(consent), (error) => isCoded(error, 'CONSENT_ENDED'));
  const after = await ana.person.addFile(fileOf('after.txt', text('after')));
  assert.ok(after.epoch !== undefined && during.epoch !== undefined);
  assert.equal(after.epoch, during.epoch + 1, 'what comes after his end is under other keys');
});

test('Keys that are 90 days old are renewed when the wallet wakes', async () => {
  consortium.advance(91 * 24 * hour);
  const before = await ana.person.addFile(fileOf('day-91.txt', text('day 91')));
  await ana.person.sync();
  const after = await ana.person.addFile(fileOf('renewed.txt', text('renewed')));
  assert.ok((after.epoch ?? 0) > (before.epoch ?? 0));
});

test('A device writes under its grant and reads nothing', async () => {
  const scale = await consortium.person('Scale', 'north', 'device');
  await ana.person.addCard(scale.person.card());
  const { consent } = await ana.person.grant({
    grantee: 'Scale',
    readClasses: [],
    writeClasses: ['iot'],
    purposes: ['TREAT'],
    notAfterMs: consortium.now() + hour,
  });
  await scale.person.inbox();
  const bytes = text('{"resourceType":"Observation"}');
  const written = await scale.person.write(consent, [
    { recordClass: 'iot', mediaType: 'application/fhir+json', name: 'Weight', bytes },
  ]);
  const [recordId] = written.recordIds;
  assert.ok(recordId);
  assert.deepEqual((await ana.person.openRecord(recordId)).bytes, bytes);
  await assert.rejects(scale.person.readShared(consent, { recordIds: [recordId] }), (error) =>
    isCoded(error, 'CLASS_NOT_GRANTED'),
  );
  await assert.rejects(
    ana.person.grant({
      grantee: 'Scale',
      readClasses: [],
      writeClasses: ['diagnosis'],
      purposes: ['TREAT'],
      notAfterMs: consortium.now() + hour,
    }),
    (error) => isCoded(error, 'GRANTEE_ROLE'),
  );
});

test('A transaction whose answer was lost is repeated by the next process and counts once', async () => {
  let isCut = true;
  const fetchCut = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    if (isCut && url.includes('/v1/tx?')) throw new TypeError('the line went dead');
    return response;
  };
  const options = { now: consortium.now, http: { fetch: fetchCut, retryDelaysMs: [] } };
  const cut = await Person.open({ store: ana.store, passphrase }, options);
  await assert.rejects(grantTo(cut, 'Dr B'), (error) => isCoded(error, 'GATEWAY_UNREACHABLE'));
  assert.equal(cut.pendingCount, 1);
  isCut = false;
  const next = await Person.open({ store: ana.store, passphrase }, { now: consortium.now });
  const before = (await drB.person.inbox()).length;
  const { resumed } = await next.sync();
  assert.deepEqual(
    resumed.map((it) => [it.kind, it.refused]),
    [['grant', undefined]],
  );
  assert.equal(next.pendingCount, 0);
  const received = await drB.person.inbox();
  assert.equal(received.length, before + 1);
  for (const { consent, state } of received) {
    if (state === 'live') await drB.person.readShared(consent);
  }
});

test('A file that is too large to hold is sealed as a stream', async () => {
  const bytes = new Uint8Array(3 * 1024 * 1024 + 17).map((_, i) => (i * 31) & 255);
  const phases = new Set<string>();
  const added = await ana.person.addFile(fileOf('scan.bin', bytes), {
    onProgress: ({ phase }) => phases.add(phase),
  });
  assert.deepEqual([...phases].sort(), ['anchoring', 'sealing', 'uploading']);
  assert.ok(added.importId !== undefined);
  const exported = await ana.person.exportImport(added.importId);
  assert.deepEqual(exported.bytes, bytes);
});

test('Work stops at its signal and leaves nothing half done', async () => {
  const stop = new AbortController();
  const lines = Array.from({ length: 400 }, (_, i) => `{"resourceType":"Basic","id":"b${i}"}`);
  const listed = (await ana.person.listRecords()).length;
  const adding = ana.person.addFile(fileOf('many.ndjson', text(lines.join('\n'))), {
    signal: stop.signal,
    onProgress: ({ phase }) => phase === 'uploading' && stop.abort(),
  });
  await assert.rejects(adding, (error) => isCoded(error, 'INTERRUPTED'));
  assert.equal((await ana.person.listRecords()).length, listed);
  assert.equal(ana.person.pendingCount, 0);
});

test('A new device imports although the body of an earlier import is lost', async () => {
  const eve = await consortium.person('Eve', 'north', 'patient');
  const added = await eve.person.addFile(fileOf('old.txt', text('old')));
  const [item] = added.items;
  assert.ok(item);
  const run = async ({ rows }: Context) => (await rows.refresh()).liveOf(item.recordId)?.blobId;
  const blobId = await eve.person.run({ name: 'test/blob', run }, undefined);
  assert.ok(blobId);
  const refusal = { ok: false, code: 'BLOB_UNKNOWN', kind: 'not-shared', sentence: 'Lost.' };
  const losing = async (url: string, init: RequestInit): Promise<Response> =>
    url.includes(blobId) ? Response.json(refusal, { status: 404 }) : fetch(url, init);
  const device = await Person.recover(
    {
      ...{ store: memoryWalletStore(), passphrase },
      ...{ code: eve.code, gatewayUrl: consortium.url('north') },
    },
    { now: consortium.now, http: { fetch: losing } },
  );
  const later = await device.addFile(fileOf('new.txt', text('new')));
  assert.equal(later.items.length, 1);
});
