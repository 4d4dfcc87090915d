import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  closeAccount,
  type ExportFolder,
  exportAccount,
  type GivenBack,
  isCoded,
  Person,
} from '../../src/sdk/index.ts';
import { copiedStore, memoryWalletStore } from '../wallet-store.ts';
import { type Consortium, fileOf, passphrase, startConsortium } from './consortium.ts';

/** Everything of a chart comes back: whole files where they are whole, and what is left of the others. */
const utf8 = (words: string): Uint8Array => new TextEncoder().encode(words);
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const lab = (id: string) => ({
  ...{ resourceType: 'Observation', id, status: 'final', code: { text: id } },
  category: [{ coding: [{ code: 'laboratory' }] }],
});
const bundleOf = (...ids: readonly string[]): string =>
  JSON.stringify({
    ...{ resourceType: 'Bundle', type: 'collection' },
    entry: ids.map((id) => ({ resource: lab(id) })),
  });

let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

function inMemory(): ExportFolder & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  return {
    files,
    write: async (name, bytes) => void files.set(name, bytes.slice()),
    read: async (name) => files.get(name) ?? new Uint8Array(0),
  };
}

/** Ana with two files, of one of which she erased a part. */
async function withErased(): Promise<Person> {
  const { person } = await consortium.person('Ana', 'north', 'patient');
  await person.addFile(fileOf('whole.json', utf8(bundleOf('Potassium', 'Sodium'))));
  const torn = await person.addFile(fileOf('torn.json', utf8(bundleOf('Calcium', 'Lithium'))));
  const lithium = torn.items.find((it) => it.name.includes('Lithium'));
  assert.ok(lithium);
  await person.erase([lithium.recordId]);
  return person;
}

test('Who erased a part of a file leaves with the rest of it, and with every other file as it was', async () => {
  const person = await withErased();
  const folder = inMemory();
  const { imports, records, files } = await person.run(exportAccount, folder);
  assert.deepEqual([imports, records, files], [1, 1, folder.files.size]);
  const names = [...folder.files.keys()];
  const [whole] = names.filter((it) => it.startsWith('imports/'));
  assert.equal(textOf(folder.files.get(whole ?? '')), bundleOf('Potassium', 'Sodium'));
  const [left, ...others] = names.filter((it) => it.startsWith('records/'));
  assert.deepEqual(
    [textOf(folder.files.get(left ?? '')), others],
    [JSON.stringify(lab('Calcium')), []],
  );
  const facts: { readonly name: string; readonly file: string }[] = JSON.parse(
    textOf(folder.files.get('records.json')),
  );
  assert.deepEqual(facts.map((it) => [it.name, it.file]).sort(), [
    ['Calcium', left],
    ['Potassium', whole],
    ['Sodium', whole],
    ['whole.json', whole],
  ]);
});

test('Given back one after the other it is the same', async () => {
  const person = await withErased();
  const given: GivenBack[] = [];
  await person.exportAll(async (it) => void given.push(it));
  assert.deepEqual(
    given.map((it) =>
      it.kind === 'import' ? it.fileName : it.kind === 'record' && it.record.head.name,
    ),
    ['whole.json', 'Calcium'],
  );
});

test('An account that closes takes back what another device granted and no copy told of', async () => {
  const store = memoryWalletStore();
  const { now } = consortium;
  const { person } = await Person.create({ store, passphrase, name: 'Eve' }, { now });
  const invitation = await consortium.invite('north', 'patient', 'Eve');
  const hospital = { gatewayUrl: consortium.url('north'), invitation };
  await person.enrol({ ...hospital, role: 'patient', withoutCopy: true });
  const old = await Person.open({ store: copiedStore(store), passphrase }, { now });
  const { person: doctor } = await consortium.person('Dr Osei', 'north', 'clinician');
  await person.addCard(doctor.card());
  const { consent } = await person.grant({
    ...{ grantee: 'Dr Osei', readClasses: ['note'], writeClasses: ['note'] },
    ...{ purposes: ['TREAT'], notAfterMs: now() + 3_600_000 },
  });
  const { revoked } = await old.run(closeAccount, undefined);
  assert.equal(revoked, 1);
  const [grant] = await person.grants();
  assert.deepEqual([grant?.consent, grant?.state], [consent, 'ended']);
});

test('Looks go along with their receipts, and the inbox is asked for them once', async () => {
  const ana = await consortium.person('Ana', 'north', 'patient');
  const { person: doctor } = await consortium.person('Dr Osei', 'north', 'clinician');
  await ana.person.addCard(doctor.card());
  const { consent } = await ana.person.grant({
    ...{ grantee: 'Dr Osei', readClasses: ['note'], purposes: ['TREAT'] },
    notAfterMs: consortium.now() + 3_600_000,
  });
  await doctor.inbox();
  const looks = 4;
  for (let n = 0; n < looks; n++) await doctor.listShared(consent);
  let asked = 0;
  const counting = (url: string, init: RequestInit): Promise<Response> => {
    if (url.includes('/v1/inbox')) asked += 1;
    return fetch(url, init);
  };
  const { store } = ana;
  const device = await Person.open({ store, passphrase }, { http: { fetch: counting } });
  const folder = inMemory();
  await device.run(exportAccount, folder);
  const history = JSON.parse(textOf(folder.files.get('grants-and-looks-1.json')));
  assert.equal(history.looks.length, looks);
  assert.ok(history.looks.every((it: { receipt?: string }) => typeof it.receipt === 'string'));
  assert.equal(asked, 2);
});

test('Who leaves again after a new record, and after a part was erased, has all of it in the folder', async () => {
  const { person } = await consortium.person('Ana', 'north', 'patient');
  const first = await person.addFile(fileOf('one.json', utf8(bundleOf('Potassium', 'Sodium'))));
  const folder = inMemory();
  await person.run(exportAccount, folder);
  await person.addFile(fileOf('two.txt', utf8('a new note')));
  await person.run(exportAccount, folder);
  // As closing does, and is stopped.
  const parts = first.items.map((it) => it.recordId);
  assert.ok(first.importId);
  await person.erase([...parts, first.importId]);
  await person.addFile(fileOf('one.json', utf8(bundleOf('Calcium'))));
  await person.run(exportAccount, folder);
  const names = [...folder.files.keys()];
  const texts = names
    .filter((it) => it.startsWith('imports/'))
    .map((it) => textOf(folder.files.get(it)));
  for (const words of [bundleOf('Potassium', 'Sodium'), bundleOf('Calcium'), 'a new note']) {
    assert.ok(texts.includes(words), words);
  }
  const listed: readonly { readonly name: string }[] = JSON.parse(
    textOf(folder.files.get('records.json')),
  );
  for (const name of ['Potassium', 'Sodium', 'Calcium', 'two.txt']) {
    assert.ok(
      listed.some((it) => it.name === name),
      name,
    );
  }
  const { files } = JSON.parse(textOf(folder.files.get('manifest.json')));
  const manifest = files.map((it: { readonly name: string }) => it.name);
  assert.deepEqual([...manifest].sort(), names.filter((it) => it !== 'manifest.json').sort());
});

test('With the printed code every copy of the wallet goes with the account; a wrong code closes nothing', async () => {
  const { person, code } = await consortium.person('Ana', 'north', 'patient');
  const other = await consortium.person('Bob', 'north', 'patient');
  const at = { code, gatewayUrl: consortium.url('north') };
  await assert.rejects(person.run(closeAccount, { code: other.code }), (error) =>
    isCoded(error, 'RECOVERY_CODE_WRONG'),
  );
  assert.ok((await Person.keptCopies(at, { now: consortium.now })).length > 0);
  const { copiesGoneMs } = await person.run(closeAccount, { code });
  assert.ok(copiesGoneMs !== undefined && copiesGoneMs <= consortium.now());
  assert.deepEqual(await Person.keptCopies(at, { now: consortium.now }), []);
});

test('Without the code they go 30 days later; the code still brings a closed account back before, or ends them at once', async () => {
  const { person, code } = await consortium.person('Ana', 'north', 'patient');
  const at = { code, gatewayUrl: consortium.url('north') };
  const { copiesGoneMs = 0 } = await person.run(closeAccount, undefined);
  assert.equal(Math.round((copiesGoneMs - consortium.now()) / 86_400_000), 30);
  assert.ok((await Person.keptCopies(at, { now: consortium.now })).length > 0);
  const again = await person.run(closeAccount, { code });
  assert.ok(again.copiesGoneMs !== undefined && again.copiesGoneMs <= consortium.now());
  assert.deepEqual(await Person.keptCopies(at, { now: consortium.now }), []);
});
