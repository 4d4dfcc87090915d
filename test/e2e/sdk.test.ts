import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { isCoded } from '../../src/primitives/errors.ts';
import type { ConsentId } from '../../src/primitives/ids.ts';
import { checkReceipt, Person } from '../../src/sdk/index.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from './consortium.ts';

const patientFile = 'Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json';
const bundle = new Uint8Array(
  readFileSync(new URL(`../../examples/patients/${patientFile}`, import.meta.url)),
);
const letter = new Uint8Array(
  readFileSync(new URL('../../examples/documents/discharge-letter.pdf', import.meta.url)),
);
const hour = 3_600_000;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const refused =
  (code: Parameters<typeof isCoded>[1]) =>
  (error: unknown): boolean => {
    assert.ok(isCoded(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  };

let consortium: Consortium;
let ana: Enrolled;
let drA: Enrolled;
let drB: Enrolled;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana Lima', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  drB = await consortium.person('Dr B', 'harbour', 'clinician');
  await ana.person.addCard(drA.person.card(), { nickname: 'dr-a' });
  await ana.person.addCard(drB.person.card(), { nickname: 'dr-b' });
});
after(async () => consortium.stop());

test('A patient imports a bundle and a document and gets both back byte for byte', async () => {
  for (const [name, bytes] of [
    [patientFile, bundle],
    ['discharge-letter.pdf', letter],
  ] as const) {
    const added = await ana.person.addFile(fileOf(name, bytes));
    assert.equal(added.sha256, sha256(bytes));
    assert.ok(added.receipt && added.importId && added.items.length > 0);
    const verdict = await checkReceipt(added.receipt, ana.person.trustRootJson());
    assert.equal(verdict.height, added.height);
    const exported = await ana.person.exportImport(added.importId);
    assert.deepEqual([exported.fileName, sha256(exported.bytes)], [name, sha256(bytes)]);
  }
  assert.equal(ana.person.pendingCount, 0);
});

test('The same file again adds nothing', async () => {
  const before = (await ana.person.listRecords()).length;
  const again = await ana.person.addFile(fileOf('other-name.json', bundle));
  assert.deepEqual([again.kind, again.items.length], [undefined, 0]);
  assert.equal((await ana.person.listRecords()).length, before);
});

let consentA: ConsentId;
let consentB: ConsentId;

test('A doctor of another hospital reads what he was granted, and nothing else', async () => {
  const given = await ana.person.grant({
    grantee: 'dr-b',
    readClasses: ['lab', 'diagnosis'],
    writeClasses: ['diagnosis'],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + hour,
  });
  consentB = given.consent;
  const [received] = await drB.person.inbox();
  assert.deepEqual(
    [received?.consent, received?.patientName, received?.state],
    [consentB, 'Ana Lima', 'live'],
  );
  const read = await drB.person.readShared(consentB);
  assert.ok(read.records.length > 0);
  const classes = new Set(read.records.map((it) => it.row.recordClass));
  assert.deepEqual(classes, new Set(['lab', 'diagnosis']));
  const own = new Map((await ana.person.listRecords()).map((it) => [it.recordId, it.recordClass]));
  const expected = [...own.values()].filter((it) => it === 'lab' || it === 'diagnosis');
  assert.equal(read.records.length, expected.length);
  const [record] = read.records;
  assert.ok(record);
  const mine = await ana.person.openRecord(record.row.recordId);
  assert.deepEqual(mine.bytes, record.bytes);
});

test('A doctor writes a diagnosis that the patient opens; it stands on Docchain', async () => {
  const bytes = new TextEncoder().encode('{"resourceType":"Condition","id":"new"}');
  const note = { mediaType: 'application/fhir+json', name: 'Cough', bytes };
  const written = await drB.person.diagnose(consentB, note);
  const [recordId] = written.recordIds;
  assert.ok(recordId);
  const opened = await ana.person.openRecord(recordId);
  assert.deepEqual(opened.bytes, bytes);
  assert.equal(opened.head.author, drB.person.account().account);
  assert.equal(opened.consent, consentB);
  const reread = await drB.person.readShared(consentB, { recordIds: [recordId] });
  assert.deepEqual(reread.records[0]?.bytes, bytes);
  await assert.rejects(
    drB.person.write(consentB, [{ ...note, recordClass: 'lab' }]),
    refused('CLASS_NOT_GRANTED'),
  );
});

test('Some records alone are opened by the grant that names them', async () => {
  const [named, other] = (await ana.person.listRecords()).filter(
    (it) => it.recordClass === 'vital',
  );
  assert.ok(named && other);
  const given = await ana.person.grant({
    grantee: 'dr-a',
    readClasses: ['vital'],
    recordIds: [named.recordId],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + hour,
  });
  consentA = given.consent;
  await drA.person.inbox();
  const read = await drA.person.readShared(consentA);
  assert.deepEqual(
    read.records.map((it) => it.row.recordId),
    [named.recordId],
  );
  await assert.rejects(
    drA.person.readShared(consentA, { recordIds: [other.recordId] }),
    refused('RECORD_NOT_GRANTED'),
  );
});

test('Only what came since is opened by a grant without history', async () => {
  const given = await ana.person.grant({
    grantee: 'dr-a',
    readClasses: ['other'],
    fromMs: Date.now(),
    purposes: ['TREAT'],
    notAfterMs: Date.now() + hour,
  });
  await drA.person.inbox();
  assert.equal((await drA.person.readShared(given.consent)).records.length, 0);
  const bytes = new TextEncoder().encode('a new note');
  const added = await ana.person.addFile(fileOf('note.txt', bytes));
  const read = await drA.person.readShared(given.consent);
  assert.ok(read.records.some((it) => it.row.recordId === added.items[0]?.recordId));
  assert.ok(read.records.every((it) => it.row.height >= given.confirmed.height));
});

test('Many are let read with one set of keys, also what was there before', async () => {
  const terms = {
    grantee: 'Dr A',
    readClasses: ['vital'],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + hour,
  } as const;
  const given = await ana.person.grantMany(Array.from({ length: 17 }, () => terms));
  const doctor = drA.person;
  await doctor.inbox();
  for (const place of [0, 16]) {
    const consent = given[place]?.consent;
    assert.ok(consent);
    assert.ok((await doctor.readShared(consent)).records.length > 0);
    await ana.person.revoke(consent);
    await assert.rejects(doctor.readShared(consent), refused('CONSENT_ENDED'));
  }
});

test('A revoked doctor is refused, and his keys do not open what comes next', async () => {
  await ana.person.revoke(consentB);
  await assert.rejects(drB.person.readShared(consentB), refused('CONSENT_ENDED'));
  await assert.rejects(
    drB.person.diagnose(consentB, { mediaType: 'text/plain', name: 'x', bytes: letter }),
    (error) => isCoded(error) && error.kind === 'not-shared',
  );
  const [grant] = (await ana.person.grants()).filter((it) => it.consent === consentB);
  assert.equal(grant?.state, 'ended');
});

test('The patient sees every look and every refusal, each with a receipt', async () => {
  await consortium.gateway('north').flush();
  const { notices, withheld } = await ana.person.looked();
  assert.deepEqual(withheld, []);
  assert.ok(notices.every((it) => it.kind !== 'doubtful'));
  const looks = notices.filter((it) => it.kind === 'look');
  const refusals = notices.filter((it) => it.kind === 'refusal');
  assert.ok(looks.some((it) => it.reader === drB.person.account().account));
  assert.ok(refusals.some((it) => it.code === 'CONSENT_ENDED' && it.consent === consentB));
  for (const notice of [...looks, ...refusals]) {
    const receipt = await ana.person.receiptOfNotice(notice);
    const verdict = await checkReceipt(receipt, ana.person.trustRootJson());
    assert.ok(verdict.claim);
  }
});

test('An erased record is gone for its owner and its readers, and the tombstone is signed', async () => {
  const [record] = (await ana.person.listRecords()).filter((it) => it.recordClass === 'vital');
  assert.ok(record);
  await ana.person.erase([record.recordId]);
  await assert.rejects(ana.person.openRecord(record.recordId), refused('RECORD_ERASED'));
  await consortium.gateway('north').flush();
  const { notices } = await ana.person.looked();
  assert.ok(notices.some((it) => it.kind === 'erased' && it.txId !== undefined));
});

test('A lost device comes back by the printed code, with everything', async () => {
  const store = memoryWalletStore();
  const gatewayUrl = consortium.url('north');
  const found = { store, passphrase: 'another passphrase', gatewayUrl };
  const again = await Person.recover({ ...found, code: ana.code });
  await again.sync();
  assert.equal(again.account().account, ana.person.account().account);
  const repeated = await again.addFile(fileOf('again.json', bundle));
  assert.ok(repeated.items.length <= 1, 'only what was erased is new');
  const wrong = ana.code.replace(/^./, (first) => (first === '0' ? '1' : '0'));
  await assert.rejects(
    Person.recover({ ...found, store: memoryWalletStore(), code: wrong }),
    refused('RECOVERY_CODE_WRONG'),
  );
});

test('After a rotation old records still open and readers still read', async () => {
  await ana.person.rotate();
  const [first] = (await ana.person.listRecords()).filter((it) => it.state === 'live');
  assert.ok(first);
  await ana.person.openRecord(first.recordId);
  const added = await ana.person.addFile(fileOf('after.txt', new TextEncoder().encode('later')));
  assert.equal(added.items.length, 1);
});

test('A wallet opens with its passphrase alone', async () => {
  const person = await Person.open({ store: drA.store, passphrase });
  assert.equal(person.name, 'Dr A');
  await assert.rejects(
    Person.open({ store: drA.store, passphrase: 'not the passphrase' }),
    refused('PASSPHRASE_WRONG'),
  );
});
