import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesToHex } from '../../src/primitives/bytes.ts';
import type { ConsentId, RecordId } from '../../src/primitives/ids.ts';
import {
  closeAccount,
  contentOf,
  forgetKept,
  isCoded,
  keptGrants,
  keptLines,
  openKept,
  Person,
  type PersonOptions,
  readChart,
} from '../../src/sdk/index.ts';
import { memoryItemStore } from '../item-store.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from './consortium.ts';

/**
 * What a person opened, her device opens again while no hospital answers: until the grant ends, and never what is known
 * to be gone. Source: docs/protocol/wallet.md, rules W-29 to W-31.
 */
const hour = 60 * 60_000;
const utf8 = (words: string): Uint8Array => new TextEncoder().encode(words);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const nobodyAnswers: PersonOptions = {
  http: { fetch: () => Promise.reject(new TypeError('fetch failed')), retryDelaysMs: [] },
};
const rejects = (work: Promise<unknown>, code: Parameters<typeof isCoded>[1]) =>
  assert.rejects(work, (error) => {
    assert.ok(isCoded(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  });

let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

/** The same device, opened once more: on the way to the hospital, or cut off. */
async function device({ store }: Enrolled) {
  const items = memoryItemStore();
  const open = (options: PersonOptions = {}) =>
    Person.open({ store, passphrase }, { now: consortium.now, items, ...options });
  return { items, online: await open(), offline: () => open(nobodyAnswers) };
}

async function added(person: Person, words: string): Promise<RecordId> {
  const { items } = await person.addFile(fileOf(`${words}.txt`, utf8(words)));
  const recordId = items[0]?.recordId;
  assert.ok(recordId);
  return recordId;
}

async function granted(
  ana: Enrolled,
  notAfterMs: number,
): Promise<{ doctor: Enrolled; consent: ConsentId }> {
  const doctor = await consortium.person('Dr Osei', 'harbour', 'clinician');
  await ana.person.addCard(doctor.person.card(), { nickname: 'osei' });
  const { consent } = await ana.person.grant({
    ...{ grantee: 'osei', readClasses: ['other'], writeClasses: [], purposes: ['TREAT'] },
    notAfterMs,
  });
  return { doctor, consent };
}

/** Sorted: of several that are opened together none is first. */
const idsOf = async (person: Person): Promise<RecordId[]> =>
  (await person.run(keptLines, undefined)).map((it) => it.recordId).sort();

test("One's own opened record opens again with no hospital answering, byte for byte; another one does not", async () => {
  const ana = await consortium.person('Ana', 'north', 'patient');
  const { online, offline, items } = await device(ana);
  const [seen, unseen] = [await added(online, 'ferritin 41'), await added(online, 'asthma')];
  const opened = await online.openRecord(seen);
  const cut = await offline();
  await rejects(cut.openRecord(seen), 'GATEWAY_UNREACHABLE');
  const again = await cut.run(openKept, { recordId: seen });
  assert.deepEqual([textOf(again.bytes), again.head], ['ferritin 41', opened.head]);
  assert.deepEqual([again.height, again.txId], [opened.height, opened.txId]);
  assert.deepEqual([again.kept.consent, again.kept.endMs], [undefined, undefined]);
  assert.ok(again.kept.openedMs <= consortium.now());
  await rejects(cut.run(openKept, { recordId: unseen }), 'NOT_KEPT');
  const [line, ...others] = await cut.run(keptLines, undefined);
  assert.deepEqual([line?.recordId, line?.headline?.name, others], [seen, 'ferritin 41.txt', []]);
  const lying = [...items.files.values()].map((it) => Buffer.from(it).toString('latin1')).join();
  for (const word of [
    'ferritin',
    seen,
    ana.person.account().account,
    bytesToHex(utf8('ferritin')),
  ]) {
    assert.ok(!lying.includes(word), word);
    assert.ok(!lying.includes(Buffer.from(word, 'hex').toString('latin1')) || word === 'ferritin');
  }
});

test('What was read under a grant opens until its end by the clock, and is gone from the device then', async () => {
  const ana = await consortium.person('Bea', 'north', 'patient');
  const recordId = await added(ana.person, 'hepatitis');
  const { doctor, consent } = await granted(ana, consortium.now() + 2 * hour);
  const { online, items } = await device(doctor);
  await online.inbox();
  await online.readShared(consent, { recordIds: [recordId] });
  // The clock of a device that nobody else's follows.
  let aheadMs = 0;
  const cut = await Person.open(
    { store: doctor.store, passphrase },
    { ...nobodyAnswers, items, now: () => consortium.now() + aheadMs },
  );
  aheadMs = hour;
  const again = await cut.run(openKept, { recordId });
  assert.deepEqual([textOf(again.bytes), again.problems], ['hepatitis', []]);
  assert.deepEqual(
    [again.kept.patientName, again.kept.consent],
    [(await online.received())[0]?.patientName, consent],
  );
  aheadMs = 2 * hour;
  await rejects(cut.run(openKept, { recordId }), 'NOT_KEPT');
  // Not hidden: gone, so that a clock that is set back brings nothing.
  aheadMs = 0;
  await rejects(cut.run(openKept, { recordId }), 'NOT_KEPT');
  assert.deepEqual([...items.files.keys()], ['list']);
});

test('A chart that was read as one is kept as it was opened, and letters say what was given until it ends', async () => {
  const ana = await consortium.person('Gil', 'north', 'patient');
  const recordId = await added(ana.person, 'thyroid');
  const notAfterMs = consortium.now() + 2 * hour;
  const { doctor, consent } = await granted(ana, notAfterMs);
  const { online, items } = await device(doctor);
  await online.inbox();
  const read = await online.run(readChart, { consent, orderOf: () => 0 });
  await read.kept;
  let aheadMs = 0;
  const cut = await Person.open(
    { store: doctor.store, passphrase },
    { ...nobodyAnswers, items, now: () => consortium.now() + aheadMs },
  );
  const [grant] = await cut.run(keptGrants, undefined);
  assert.deepEqual([grant?.consent, grant?.state, grant?.mayWrite], [consent, 'live', false]);
  assert.deepEqual([grant?.terms.readClasses, grant?.notAfterMs], [['other'], notAfterMs]);
  const again = await cut.run(openKept, { recordId });
  assert.deepEqual([textOf(again.bytes), again.row.recordId], ['thyroid', recordId]);
  aheadMs = 2 * hour;
  assert.equal((await cut.run(keptGrants, undefined))[0]?.state, 'ended');
  assert.deepEqual(await idsOf(cut), []);
});

test('A clock that is behind the newest block does not lengthen a grant', async () => {
  const ana = await consortium.person('Cleo', 'north', 'patient');
  const recordId = await added(ana.person, 'sickle cell');
  const { doctor, consent } = await granted(ana, consortium.now() + hour);
  const { online, items } = await device(doctor);
  await online.inbox();
  await online.readShared(consent, { recordIds: [recordId] });
  consortium.advance(2 * hour);
  await added(ana.person, 'a block of later');
  await online.sync();
  const behind = await Person.open(
    { store: doctor.store, passphrase },
    { ...nobodyAnswers, items, now: () => consortium.now() - 30 * hour },
  );
  await rejects(behind.run(openKept, { recordId }), 'NOT_KEPT');
});

const ends: readonly [string, (at: Shared) => Promise<unknown>][] = [
  [
    'the grant was taken back, and the inbox was looked at',
    async (it) => {
      await it.ana.person.revoke(it.consent);
      await it.online.inbox();
    },
  ],
  [
    'the grant was taken back, and a read was refused',
    async (it) => {
      await it.ana.person.revoke(it.consent);
      await rejects(it.online.readShared(it.consent), 'CONSENT_ENDED');
    },
  ],
  [
    'its owner erased the record, and the chart was listed',
    async (it) => {
      await it.ana.person.erase([it.recordId]);
      await it.online.sharedLines(it.consent);
    },
  ],
  [
    'its owner erased the record, and it was asked for',
    async (it) => {
      await it.ana.person.erase([it.recordId]);
      await it.online.readShared(it.consent, { recordIds: [it.recordId] }).catch(() => undefined);
    },
  ],
  ['the reader closed his account', (it) => it.online.run(closeAccount, undefined)],
  ['the reader says so', (it) => it.online.run(forgetKept, undefined)],
];
interface Shared {
  readonly ana: Enrolled;
  readonly online: Person;
  readonly consent: ConsentId;
  readonly recordId: RecordId;
}
for (const [when, happens] of ends) {
  test(`A shared record leaves the device once ${when}`, async () => {
    const ana = await consortium.person('Dora', 'north', 'patient');
    const recordId = await added(ana.person, 'a note');
    const { doctor, consent } = await granted(ana, consortium.now() + 24 * hour);
    const { online, offline } = await device(doctor);
    await online.inbox();
    await online.readShared(consent, { recordIds: [recordId] });
    assert.deepEqual(await idsOf(await offline()), [recordId]);
    await happens({ ana, online, consent, recordId });
    assert.deepEqual(await idsOf(await offline()), []);
  });
}

test("One's own record leaves the device when it is erased, here or on another device", async () => {
  const ana = await consortium.person('Eve', 'north', 'patient');
  const { online, offline } = await device(ana);
  const [here, there, stays] = [
    await added(online, 'one'),
    await added(online, 'two'),
    await added(online, 'three'),
  ];
  await online.openRecords([here, there, stays]);
  await online.erase([here]);
  assert.deepEqual(await idsOf(await offline()), [there, stays].sort());
  await ana.person.erase([there]);
  await online.recordLines();
  assert.deepEqual(await idsOf(await offline()), [stays]);
});

test('What is carried from another chart opens again with its first author', async () => {
  const ana = await consortium.person('Fay', 'north', 'patient');
  const recordId = await added(ana.person, 'moved');
  const invitation = await consortium.invite('harbour', 'patient', 'Fay');
  const { account: to } = await ana.person.enrol({
    ...{ gatewayUrl: consortium.url('harbour'), invitation, role: 'patient' as const },
    code: ana.code,
  });
  const from = ana.person.accounts.find((it) => it.account !== to)?.account;
  await ana.person.moveRecords({ as: from, to });
  const { online, offline } = await device(ana);
  const [line] = await online.recordLines({ as: to });
  assert.ok(line);
  const opened = await online.openRecord(line.recordId, { as: to });
  const again = await (await offline()).run(openKept, { recordId: line.recordId }, { as: to });
  assert.deepEqual([textOf(contentOf(again).bytes), again.problems], ['moved', []]);
  assert.deepEqual(again.carried, opened.carried);
  assert.equal(again.carried?.notVerified, undefined);
  assert.notEqual(recordId, line.recordId);
});

test('A device that lost the wallet of its root keeps nothing that opens, and begins anew', async () => {
  const ana = await consortium.person('Gil', 'north', 'patient');
  const { online, items } = await device(ana);
  await online.openRecord(await added(online, 'before'));
  const other = await consortium.person('Hal', 'north', 'patient');
  const hal = await Person.open({ store: other.store, passphrase }, { now: consortium.now, items });
  assert.deepEqual(await idsOf(hal), []);
  const recordId = await added(hal, 'after');
  await hal.openRecord(recordId);
  assert.deepEqual([await idsOf(hal), items.files.size], [[recordId], 2]);
});

test('A device that cannot write reads on', async () => {
  const ana = await consortium.person('Ida', 'north', 'patient');
  const full = { ...memoryItemStore(), save: () => Promise.reject(new Error('ENOSPC')) };
  const online = await Person.open(
    { store: ana.store, passphrase },
    { now: consortium.now, items: full },
  );
  const recordId = await added(online, 'read all the same');
  assert.equal(textOf((await online.openRecord(recordId)).bytes), 'read all the same');
});
