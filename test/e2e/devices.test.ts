import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isCoded } from '../../src/primitives/errors.ts';
import { Person } from '../../src/sdk/index.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  memoryWalletStore,
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
  phone = await Person.recover({ store, passphrase, code: ana.code, gatewayUrl });
});
after(async () => consortium.stop());

const grantTo = (device: Person, grantee: string, notAfterMs = Date.now() + hour) =>
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

test('What one device revoked is ended on the other, and its keys leave him out', async () => {
  const [grant] = (await ana.person.grants()).filter((it) => it.granteeName === 'Dr A');
  assert.ok(grant);
  await ana.person.revoke(grant.consent);
  await grantTo(phone, 'Dr A');
  const states = (await phone.grants()).map((it) => [it.granteeName, it.state]);
  assert.deepEqual(states.sort(), [
    ['Dr A', 'ended'],
    ['Dr A', 'live'],
    ['Dr B', 'live'],
  ]);
  await assert.rejects(phone.revoke(grant.consent), (error) => isCoded(error, 'CONSENT_ENDED'));
});

test('A grant ends at block time while every device of the patient is off', async () => {
  const until = Date.now() + 2_000;
  const { consent } = await grantTo(ana.person, 'Dr B', until);
  await drB.person.inbox();
  await drB.person.readShared(consent);
  // The ledger's clock is the world's: the test waits for that time and for nothing else.
  await new Promise((resolve) => setTimeout(resolve, until - Date.now() + 50));
  await assert.rejects(drB.person.readShared(consent), (error) => isCoded(error, 'CONSENT_ENDED'));
  const added = await ana.person.addFile(fileOf('later.txt', text('later')));
  assert.ok(added.items[0]);
});

test('A device writes under its grant and reads nothing', async () => {
  const scale = await consortium.person('Scale', 'north', 'device');
  await ana.person.addCard(scale.person.card());
  const { consent } = await ana.person.grant({
    grantee: 'Scale',
    readClasses: [],
    writeClasses: ['iot'],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + hour,
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
      notAfterMs: Date.now() + hour,
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
  const options = { http: { fetch: fetchCut, retryDelaysMs: [] } };
  const cut = await Person.open({ store: ana.store, passphrase }, options);
  await assert.rejects(grantTo(cut, 'Dr B'), (error) => isCoded(error, 'GATEWAY_UNREACHABLE'));
  assert.equal(cut.pendingCount, 1);
  isCut = false;
  const next = await Person.open({ store: ana.store, passphrase });
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
