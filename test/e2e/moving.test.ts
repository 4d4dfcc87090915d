import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { AccountId, RecordId } from '../../src/primitives/ids.ts';
import { fileInputOf } from '../../src/sdk/browser/file-input.ts';
import type { Context } from '../../src/sdk/client/context.ts';
import {
  amendRecord,
  closeAccount,
  contentOf,
  learnClosed,
  type OpenedRecord,
  Person,
  reclassifyRecord,
  type WalletStore,
} from '../../src/sdk/index.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import { type Consortium, passphrase, startConsortium } from './consortium.ts';

/** A patient takes her chart to another hospital: what others wrote keeps its author, and readers check it. */
const day = 24 * 60 * 60_000;
const utf8 = (words: string): Uint8Array => new TextEncoder().encode(words);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const category = [{ coding: [{ code: 'laboratory' }] }];
const lab = (id: string) => ({
  ...{
    resourceType: 'Observation',
    id,
    status: 'final',
    category,
    code: { text: id },
    valueQuantity: { value: 4.2, unit: 'mmol/L' },
  },
});
const bundle = JSON.stringify({
  resourceType: 'Bundle',
  type: 'collection',
  entry: [{ resource: lab('Potassium') }, { resource: lab('Sodium') }],
});

let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

interface Moving {
  readonly ana: Person;
  readonly store: WalletStore;
  readonly north: AccountId;
  readonly valley: AccountId;
  readonly doctor: Person;
  readonly importId: RecordId;
}

/** Ana with a file and an amended note at North, and an empty account at Valley. */
async function moving(): Promise<Moving> {
  const { person: ana, code, store } = await consortium.person('Ana', 'north', 'patient');
  const north = ana.account().account;
  const { person: doctor } = await consortium.person('Dr Osei', 'harbour', 'clinician');
  await ana.addCard(doctor.card());
  const file = fileInputOf(new File([bundle], 'chart.json'));
  const { importId } = await ana.addFile(file);
  assert.ok(importId !== undefined);
  const { consent } = await ana.grant({
    ...{ grantee: 'Dr Osei', readClasses: ['lab', 'note'], writeClasses: ['note'] },
    ...{ purposes: ['TREAT'], notAfterMs: consortium.now() + 30 * day },
  });
  await doctor.inbox();
  const note = { recordClass: 'note', mediaType: 'text/plain', name: 'note', bytes: utf8('50 mg') };
  const { recordIds } = await doctor.write(consent, [{ ...note, recordClass: 'note' }]);
  await doctor.run(amendRecord, {
    ...{ recordId: recordIds[0] as RecordId, reason: 'wrong dose', enteredInError: false },
    now: { bytes: utf8('5 mg'), mediaType: 'text/plain' },
  });
  await doctor.readShared(consent);
  const invitation = await consortium.invite('valley', 'patient', 'Ana');
  const { account: valley } = await ana.enrol({
    ...{ gatewayUrl: consortium.url('valley'), invitation, name: 'Ana', role: 'patient', code },
  });
  return { ana, store, north, valley, doctor, importId };
}

async function chart(person: Person, as: AccountId): Promise<readonly OpenedRecord[]> {
  const live = (await person.listRecords({ as })).filter((it) => it.state === 'live');
  return person.openRecords(
    live.map((it) => it.recordId),
    { as },
  );
}

test('A moved chart has everything, each with its author, its versions, and where it lay', async () => {
  const { ana, north, valley, doctor, importId } = await moving();
  const would = await ana.moveRecords({ as: north, to: valley, dryRun: true });
  assert.deepEqual([would.moved, (await chart(ana, valley)).length], [5, 0]);
  const { moved, left, history } = await ana.moveRecords({ as: north, to: valley });
  assert.deepEqual([moved, left, history.length], [5, [], 1]);
  const opened = await chart(ana, valley);
  assert.equal(opened.length, 6);
  const carried = opened.filter((it) => it.carried !== undefined);
  assert.equal(carried.length, 5);
  for (const it of carried) {
    assert.equal(it.carried?.notVerified, undefined);
    assert.deepEqual([it.carried?.account, it.head.author], [north, valley]);
    assert.ok((it.carried?.anchored?.height ?? 0) < it.height);
  }
  const notes = carried.filter((it) => it.head.recordClass === 'note');
  const osei = doctor.account().account;
  assert.deepEqual(
    notes.map((it) => contentOf(it).head.author),
    [osei, osei],
  );
  const newest = notes.find((it) => it.head.previous !== undefined);
  const line = await ana.history(newest?.head.recordId as RecordId, { as: valley });
  assert.deepEqual(
    line.map((it) => textOf(contentOf(it).bytes)),
    ['5 mg', '50 mg'],
  );
  // In the list of the new chart too what was amended is one line.
  const listed = (await ana.recordLines({ as: valley })).filter((it) => !it.isOlder);
  assert.equal(listed.filter((it) => it.recordClass === 'note').length, 1);
  const own = carried.find((it) => it.head.recordClass === 'lab');
  assert.equal(own && contentOf(own).head.author, valley);
  // The file comes back byte for byte, and is known at the new account.
  const there = ana.imports.find((it) => it.account === valley);
  assert.notEqual(there?.skeleton, importId);
  const listOfParts = { recordId: there?.skeleton as RecordId, name: 'mine' };
  await assert.rejects(ana.run(reclassifyRecord, listOfParts, { as: valley }), {
    code: 'REQUEST_INVALID',
  });
  const file = await ana.exportImport(there?.skeleton as RecordId, { as: valley });
  assert.equal(textOf(file.bytes), bundle);
  const again = await ana.addFile(fileInputOf(new File([bundle], 'chart.json')), { as: valley });
  assert.deepEqual([again.items.length, again.kind], [0, undefined]);
  // Asked again nothing is moved twice.
  const second = await ana.moveRecords({ as: north, to: valley });
  assert.deepEqual([second.moved, second.before, second.history], [0, 5, []]);
  const old = opened.find((it) => it.head.recordId === history[0]);
  assert.deepEqual([old?.head.recordClass, old?.head.ordinaryClass], ['private', 'other']);
  // Lists say at both the same of each, and it is what is inside.
  assert.deepEqual(
    opened.flatMap((it) => it.problems),
    [],
  );
  const linesAt = async (as: AccountId) =>
    (await ana.recordLines({ as }))
      .filter((it) => it.recordClass !== 'private')
      .map(({ headline }) => headline && { ...headline })
      .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  assert.deepEqual(await linesAt(valley), await linesAt(north));
  assert.ok((await linesAt(valley)).some((it) => it?.value !== ''));
  // What a list opened once, the next one does not open again: it is the very same line.
  const [first, next] = [
    await ana.recordLines({ as: valley }),
    await ana.recordLines({ as: valley }),
  ];
  assert.ok(first.every((it, i) => it.headline === next[i]?.headline));
  const told = JSON.parse(textOf(old?.bytes ?? utf8('{}')));
  assert.equal(told.grants.length, 1);
  assert.ok(told.looks.every((it: { receipt?: string }) => typeof it.receipt === 'string'));
  assert.ok(told.looks.length > 0);
});

test('A record whose body the old hospital has lost stays there, and is told; all others move', async () => {
  const { ana, store, north, valley } = await moving();
  const note = (await chart(ana, north)).find((it) => it.head.recordClass === 'note');
  assert.ok(note);
  const { recordId } = note.head;
  const run = async (ctx: Context) => ctx.rows.liveOf(recordId)?.blobId;
  const blobId = await ana.run({ name: 'test/blob', run }, undefined, { as: north });
  assert.ok(blobId);
  const body = { ok: false, code: 'BLOB_UNKNOWN', kind: 'not-shared', sentence: 'Lost.' };
  const losing = async (url: string, init: RequestInit): Promise<Response> =>
    url.includes(blobId) ? Response.json(body, { status: 404 }) : fetch(url, init);
  const device = await Person.open({ store, passphrase }, { http: { fetch: losing } });
  const { moved, left } = await device.moveRecords({ as: north, to: valley });
  assert.deepEqual([moved, left], [4, [{ recordId, code: 'BLOB_UNKNOWN' }]]);
});

test('A reader at the new hospital checks the first author, also after a second move', async () => {
  const { ana, north, valley, doctor } = await moving();
  await ana.moveRecords({ as: north, to: valley });
  const { consent } = await ana.grant(
    {
      ...{ grantee: 'Dr Osei', readClasses: ['note'], purposes: ['TREAT'] },
      notAfterMs: consortium.now() + 30 * day,
    },
    { as: valley },
  );
  await doctor.inbox();
  const { records } = await doctor.readShared(consent);
  const osei = doctor.account().account;
  for (const it of records) {
    const { head, path } = contentOf(it);
    assert.deepEqual([head.author, path.map((at) => at.notVerified)], [osei, [undefined]]);
    assert.equal(path[0]?.account, north);
  }
  assert.deepEqual(records.map((it) => textOf(contentOf(it).bytes)).sort(), ['5 mg', '50 mg']);
});

test('A record filed anew keeps its bytes and author, and its file still comes back once the old one is erased', async () => {
  const { ana, north, doctor, importId } = await moving();
  const opened = await chart(ana, north);
  const own = opened.find((it) => it.head.recordClass === 'lab')?.head.recordId as RecordId;
  const note = opened.find((it) => it.head.recordClass === 'note')?.head.recordId as RecordId;
  const as = { as: north };
  const filed = await ana.run(reclassifyRecord, { recordId: own, recordClass: 'vital' }, as);
  const line = await ana.history(filed.recordId, as);
  assert.deepEqual(
    line.map((it) => it.head.recordClass),
    ['vital', 'lab'],
  );
  assert.deepEqual(line[0]?.bytes, line[1]?.bytes);
  // In a list each is one line: what was filed anew, and not beside it what it took the place of.
  const shown = async () =>
    (await ana.recordLines(as))
      .filter((it) => it.state === 'live' && !it.isOlder)
      .map((it) => it.recordId);
  const first = await shown();
  assert.deepEqual([first.includes(filed.recordId), first.includes(own)], [true, false]);
  await ana.erase([own], as);
  assert.equal(textOf((await ana.exportImport(importId, as)).bytes), bundle);
  const carried = await ana.run(reclassifyRecord, { recordId: note, recordClass: 'diagnosis' }, as);
  const now = await ana.openRecord(carried.recordId, as);
  assert.deepEqual(
    [contentOf(now).head.author, now.carried?.notVerified, now.head.recordClass],
    [doctor.account().account, undefined, 'diagnosis'],
  );
  const notes = (await ana.recordLines(as)).filter((it) => it.recordId === carried.recordId);
  assert.deepEqual(
    notes.map((it) => [it.isOlder, (it.versions ?? 0) > 1]),
    [[false, true]],
  );
  assert.ok(!(await shown()).includes(note));
});

test('A device that comes back from a copy of a closed account learns that it is closed', async () => {
  const { person: ana, code } = await consortium.person('Ana', 'north', 'patient');
  const north = ana.account().account;
  const invitation = await consortium.invite('valley', 'patient', 'Ana');
  const { account: valley } = await ana.enrol({
    ...{ gatewayUrl: consortium.url('valley'), invitation, role: 'patient', code },
  });
  await ana.catchUp({ as: north });
  await ana.run(closeAccount, {}, { as: north });
  const phone = await Person.recover({
    ...{ store: memoryWalletStore(), passphrase, code, gatewayUrl: consortium.url('north') },
  });
  assert.equal(await phone.run(learnClosed, undefined, { as: valley }), false);
  assert.equal(await phone.run(learnClosed, undefined, { as: north }), true);
  assert.deepEqual([...phone.closedAccounts], [north]);
});
