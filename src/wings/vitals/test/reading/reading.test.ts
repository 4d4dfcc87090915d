import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signLabelled } from '../../../../crypto/signature.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { ConsentId } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import type { Action } from '../../../../sdk/action.ts';
import { dayOf } from '../../api/chart-records.ts';
import { registration, signedRegistration } from '../../api/registration.ts';
import type { SensorRead } from '../../api/sensor-read.ts';
import { paddedPanel } from '../../crypto/panels.ts';
import { vitalsNames } from '../../names.ts';
import { readOwnVitals, readVitals, type VitalsFound } from '../../sdk/index.ts';
import { rowsOf } from '../../sdk/reading/joined-pages.ts';
import { writeReplica } from '../../sdk/reading/write-replica.ts';
import {
  changeStudies,
  endSensor,
  heldRegistration,
  registerSensor,
  resendRegistration,
} from '../../sdk/registering.ts';
import {
  askDirectly,
  caught,
  datasetOf,
  type Enrolled,
  flipped,
  type Held,
  lieIn,
  pageValues,
  places,
  ReadingTown,
  sensorKey,
} from '../settings/reading-town.ts';

let town: ReadingTown;
before(async () => {
  town = await ReadingTown.open();
});
after(() => town.close());

const hourMs = 3_600_000;

/** A patient whose sensor has measured two hours of yesterday, her doctor with a grant, and her hub. */
async function measured(name: string, { sealedBy = places, panel = 1 } = {}) {
  const ana = await town.town.person(`${name} Ana`, 'north', 'patient');
  const doctor = await town.town.person(`${name} Osei`, 'harbour', 'clinician');
  await ana.person.addCard(doctor.person.card());
  const sensor = await sensorKey();
  const { line } = town;
  const registered = await ana.person.run(registerSensor, {
    ...{ servers: town.accounts, sensor: { key: sensor.publicKey, panels: [panel] }, line },
  });
  await ana.person.run(changeStudies, { join: [datasetOf], line });
  const { pseudonym } = registered.said;
  const firstHour = 24 * (dayOf(Math.floor(town.town.now() / hourMs)) - 1);
  const pages = [0, 1].map((at) => ({
    ...{ sequence: at, startHour: firstHour + at, values: pageValues(panel, 3 + at, at) },
  }));
  await town.measure({ sensor, pseudonym }, pages, sealedBy);
  return { ana, doctor, sensor, firstHour, pages, pseudonym };
}

async function grantTo(ana: Enrolled, to: Enrolled, also: object = {}): Promise<ConsentId> {
  const account = to.person.accounts[0]?.account;
  assert.ok(account);
  const given = await ana.person.grant({
    grantee: account,
    ...{ readClasses: ['iot'], purposes: ['TREAT'], notAfterMs: town.town.now() + hourMs },
    ...also,
  } as never);
  await to.person.sync();
  return given.consent;
}

const valuesOf = ({ pages }: Pick<VitalsFound, 'pages'>) =>
  pages.map(({ startHour, rows }) => ({ startHour, rows }));

const day = ({ firstHour }: { readonly firstHour: number }) => ({
  ...{ panel: 1, firstHour, lastHour: firstHour + 23 },
});

/** What the sensor measured, as a reader should see it. */
function expected({ pages }: Awaited<ReturnType<typeof measured>>) {
  return pages.map(({ startHour, values }) => ({
    startHour,
    rows: rowsOf(values.panel, values.n, values.clinical),
  }));
}

/** The hub writes yesterday's replica under a grant of its own. */
async function replicated(of: Awaited<ReturnType<typeof measured>>, name: string) {
  const hub = await town.town.person(`${name} hub`, 'north', 'device');
  await of.ana.person.addCard(hub.person.card());
  const writing = await grantTo(of.ana, hub, { readClasses: [], writeClasses: ['iot'] });
  const kept = await town.server(0).store.registration(of.pseudonym);
  assert.ok(kept);
  const pages = of.pages.map(({ sequence, startHour, values }) => ({
    ...{ panel: values.panel, sequence, startHour, n: values.n, clinical: values.clinical },
  }));
  return hub.person.run(writeReplica, {
    ...{ consent: writing, sensor: of.sensor, registration: kept.signed },
    panel: pages[0]?.panel ?? 1,
    ...{ day: dayOf(of.firstHour), pages },
  });
}

test('a doctor reads from three servers what a sensor measured, and the patient sees one look', async () => {
  const of = await measured('plain');
  const consent = await grantTo(of.ana, of.doctor);
  const read = await of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
  assert.deepEqual(valuesOf(read), expected(of));
  assert.ok(read.pages.every(({ from }) => from === 'servers'));
  assert.deepEqual(
    read.servers.map(({ state }) => state),
    ['answered', 'answered', 'answered'],
  );
  assert.deepEqual([read.missingHours, read.missingDays, read.gaps, read.behind], [[], [], [], []]);
  await of.ana.person.sync();
  const { notices, withheld } = await of.ana.person.looked();
  assert.deepEqual([notices.length, withheld], [1, []]);
  const row = await town.town.gateway('north').view.consent(consent);
  assert.equal(row?.looks, 1);
});

test('with one, two and three servers dead the replica gives the same values, by one look each', async () => {
  const of = await measured('dead');
  const consent = await grantTo(of.ana, of.doctor);
  assert.equal(await replicated(of, 'dead'), true);
  for (const dead of [[0], [1, 2], [0, 1, 2]] as const) {
    for (const place of dead) town.dead.add(place);
    const read = await of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
    town.dead.clear();
    assert.deepEqual(valuesOf(read), expected(of), `${dead}`);
    assert.ok(read.pages.every(({ from }) => from === 'replica'));
    const silent = read.servers.flatMap(({ state }, at) => (state === 'silent' ? [at] : []));
    assert.deepEqual(silent, [...dead]);
  }
  const row = await town.town.gateway('north').view.consent(consent);
  assert.equal(row?.looks, 3);
});

test('a padded sensor’s pages come with those of its panel, without blank rows, from the servers and from the replica', async () => {
  const of = await measured('padded', { panel: paddedPanel(1) });
  assert.deepEqual(
    of.pages.map(({ values }) => values.n),
    [64, 64],
  );
  const consent = await grantTo(of.ana, of.doctor);
  const ask = () => of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
  const read = await ask();
  assert.deepEqual(valuesOf(read), expected(of));
  assert.deepEqual(
    read.pages.map(({ panel, rows }) => [panel, rows.length]),
    [
      [1, 3],
      [1, 4],
    ],
  );
  assert.equal(await replicated(of, 'padded'), true);
  town.dead.add(0);
  const copied = await ask();
  town.dead.clear();
  assert.deepEqual(valuesOf(copied), expected(of));
  assert.ok(copied.pages.every(({ from, panel }) => from === 'replica' && panel === 1));
});

test('without a replica two servers give nothing: two shares are noise', async () => {
  const of = await measured('noise');
  const consent = await grantTo(of.ana, of.doctor);
  town.dead.add(2);
  const read = of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
  assert.equal(await caught(read.finally(() => town.dead.clear())), 'VITALS_NOT_HERE');
});

const lies: readonly (readonly [string, string, (page: Held) => Held | undefined])[] = [
  [
    'another value',
    'share',
    ({ kept, ...it }) => ({ ...it, kept: { ...kept, clinical: flipped(kept.clinical) } }),
  ],
  [
    'another sum',
    'share',
    ({ kept, ...it }) => ({ ...it, kept: { ...kept, roll: flipped(kept.roll, 8) } }),
  ],
  [
    'another counter',
    'share',
    ({ kept, ...it }) => ({ ...it, kept: { ...kept, histogram: flipped(kept.histogram) } }),
  ],
  ['another manifest', 'page', (it) => ({ ...it, manifest: flipped(it.manifest, 60) })],
  ['another signature', 'page', (it) => ({ ...it, signature: flipped(it.signature) })],
  [
    'half a share',
    'share',
    ({ kept, ...it }) => ({ ...it, kept: { ...kept, clinical: kept.clinical.slice(2) } }),
  ],
  ['no page', 'withheld', () => undefined],
];
for (const [what, why, lie] of lies) {
  test(`a server that shows ${what} is named, and the replica is read`, async () => {
    const of = await measured(what);
    const consent = await grantTo(of.ana, of.doctor);
    await replicated(of, what);
    const restore = lieIn(town.server(1), lie);
    const reading = of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
    const read = await reading.finally(restore);
    assert.deepEqual(read.servers[1], { server: town.accounts[1], state: 'lied', why });
    const others = [0, 2].map((at) => read.servers[at]?.state);
    assert.deepEqual(others, ['answered', 'answered']);
    assert.deepEqual(valuesOf(read), expected(of));
  });
}

test('whoever had her keys once leaves no registration behind that she cannot go beyond', async () => {
  const of = await measured('robbed');
  const { line } = town;
  // As she signs, with another sensor, and the latest counter that a server takes.
  const stolen: Action<number, Uint8Array> = {
    name: 'test/stolen',
    async run(ctx, counter) {
      const { said } = heldRegistration(ctx) ?? {};
      assert.ok(said);
      const sensors = [{ key: new Uint8Array(32).fill(3), panels: [1] }];
      const bytes = encodeAs(registration, { ...said, counter, sensors });
      const { sign } = await ctx.keys();
      const label = vitalsNames.labels.registration;
      const signature = await signLabelled(sign, label, bytes);
      return encodeAs(signedRegistration, { registration: bytes, signature });
    },
  };
  const bring = async (counter: number) => {
    const signed = await of.ana.person.run(stolen, counter);
    for (const place of places) await town.server(place).server.register(signed);
  };
  await assert.rejects(bring(Number.MAX_SAFE_INTEGER), { code: 'REQUEST_INVALID' });
  await bring(town.town.now() + 390 * 24 * hourMs);
  const left = await of.ana.person.run(changeStudies, { leave: [datasetOf], line });
  assert.deepEqual(left.missing, []);
  for (const place of places) {
    const kept = await town.server(place).server.base.store.registration(of.pseudonym);
    assert.deepEqual(kept?.signed, left.signed);
  }
  assert.deepEqual(left.said.datasets, []);
});

test('a server with an older registration is behind, and no liar', async () => {
  const of = await measured('behind');
  const consent = await grantTo(of.ana, of.doctor);
  const { line } = town;
  town.dead.add(2);
  const leaving = of.ana.person.run(changeStudies, { leave: [datasetOf], line });
  await leaving.finally(() => town.dead.clear());
  const read = await of.doctor.person.run(readVitals, { consent, ...day(of), line });
  assert.deepEqual(read.behind, [town.accounts[2]]);
  assert.deepEqual(valuesOf(read), expected(of));
});

test('a batch that one server alone has seen on the ledger yet is shown by all three', async () => {
  const of = await measured('fresh', { sealedBy: [places[0] ?? 0] });
  const consent = await grantTo(of.ana, of.doctor);
  const read = await of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
  assert.deepEqual(
    read.servers.map(({ state }) => state),
    ['answered', 'answered', 'answered'],
  );
  assert.deepEqual(valuesOf(read), expected(of));
});

test('a server that says that it has not taken a batch in is behind, and no liar; the replica is read', async () => {
  const of = await measured('not in');
  const consent = await grantTo(of.ana, of.doctor);
  await replicated(of, 'not in');
  const { batching } = town.server(2).server;
  const restore = lieIn(town.server(2), () => undefined);
  const { follow } = batching;
  batching.follow = async () => 0;
  const reading = of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
  const read = await reading.finally(restore);
  batching.follow = follow;
  assert.deepEqual(read.servers[2]?.state, 'answered');
  assert.deepEqual(read.behind, [town.accounts[2]]);
  assert.deepEqual(valuesOf(read), expected(of));
});

test('a grant without the class, or of another purpose, opens nothing at any server', async () => {
  const of = await measured('class');
  const vital = await grantTo(of.ana, of.doctor, { readClasses: ['vital'] });
  const asked = { ...day(of), line: town.line };
  const refused = await caught(of.doctor.person.run(readVitals, { consent: vital, ...asked }));
  // The hospital finds no record of the class: no look, and no server is asked.
  assert.equal(refused, 'PATIENT_UNKNOWN');
});

test('each server refuses by itself a look of somebody else, of another chain and of another patient', async () => {
  const of = await measured('by itself');
  const other = await measured('other');
  const consent = await grantTo(of.ana, of.doctor);
  const { access } = await of.doctor.person.run(readVitals, {
    ...{ consent, ...day(of), line: town.line },
  });
  const look = await of.doctor.person.receiptOfAccess(access);
  const base = {
    ...{ chainId: town.town.chainId, trio: town.trio, pseudonym: of.pseudonym, look },
    ...day(of),
  };
  const table: readonly (readonly [string, Enrolled, Partial<SensorRead>])[] = [
    ['nothing was refused', of.doctor, {}],
    ['NOT_SHARED', other.doctor, {}],
    ['CHAIN_WRONG', of.doctor, { chainId: 'another' }],
    ['TRIO_UNKNOWN', of.doctor, { trio: 'ab'.repeat(32) }],
    ['PATIENT_UNKNOWN', of.doctor, { pseudonym: other.pseudonym }],
    ['PATIENT_UNKNOWN', of.doctor, { pseudonym: new Uint8Array(16) }],
    ['LOOK_WRONG', of.doctor, { panel: 2 }],
    ['LOOK_WRONG', of.doctor, { lastHour: of.firstHour + 24 }],
    [
      'RECEIPT_INVALID',
      of.doctor,
      { look: look.map((byte, at) => (at === 300 ? byte ^ 1 : byte)) },
    ],
  ];
  for (const [code, reader, change] of table) {
    for (const place of places) {
      const asked = askDirectly(town, reader, { place, asked: { ...base, ...change } });
      assert.equal(await caught(asked), code, `server ${place + 1}`);
    }
  }
});

test('a revoked grant is refused by every server from the next block on, while its look is young', async () => {
  const of = await measured('revoked');
  const consent = await grantTo(of.ana, of.doctor);
  const asked = { consent, ...day(of), line: town.line };
  const { access } = await of.doctor.person.run(readVitals, asked);
  const look = await of.doctor.person.receiptOfAccess(access);
  await of.ana.person.revoke(consent);
  const request = {
    ...{ chainId: town.town.chainId, trio: town.trio, pseudonym: of.pseudonym, look },
    ...day(of),
  };
  for (const place of places) {
    assert.equal(
      await caught(askDirectly(town, of.doctor, { place, asked: request })),
      'CONSENT_ENDED',
    );
  }
  assert.equal(await caught(of.doctor.person.run(readVitals, asked)), 'CONSENT_ENDED');
});

test('a server that says no where the ledger has the grant alive is named, and the replica is read', async () => {
  const of = await measured('says no');
  const consent = await grantTo(of.ana, of.doctor);
  await replicated(of, 'says no');
  const { reading } = town.server(2).server;
  const honest = reading.answer;
  reading.answer = async () => {
    throw new CodedError('CONSENT_ENDED');
  };
  const read = await of.doctor.person.run(readVitals, { consent, ...day(of), line: town.line });
  reading.answer = honest;
  const [, , third] = read.servers;
  assert.deepEqual([third?.state, third?.why], ['refused', 'CONSENT_ENDED']);
  assert.deepEqual(valuesOf(read), expected(of));
});

test('what is taken back counts as soon as one server has it, and is sent to the others until they have it', async () => {
  const of = await measured('leaves');
  const { line } = town;
  town.dead.add(1);
  town.dead.add(2);
  const key = of.sensor.publicKey;
  const held = await of.ana.person.run(endSensor, { key, line });
  assert.deepEqual(held.missing, [town.accounts[1], town.accounts[2]]);
  assert.deepEqual(held.said.sensors, []);
  const page = { sequence: 9, startHour: of.firstHour + 9, values: pageValues(1, 2, 9) };
  assert.equal(await caught(town.measure(of, [page])), 'SENSOR_UNKNOWN');
  town.dead.clear();
  const sent = await of.ana.person.run(resendRegistration, { line });
  assert.deepEqual(sent?.missing, []);
  town.dead.add(0);
  town.dead.add(1);
  town.dead.add(2);
  const nobody = of.ana.person.run(changeStudies, { leave: [datasetOf], line });
  assert.equal(await caught(nobody), 'GATEWAY_UNREACHABLE');
  town.dead.clear();
  // Written down before it was sent.
  const again = await of.ana.person.run(resendRegistration, { line });
  assert.deepEqual([again?.said.datasets, again?.missing], [[], []]);
});

test('a server that lost what she registered, or has not heard of it, is handed it by her own device when it meets that', async () => {
  const of = await measured('forgotten');
  const { line } = town;
  const own = { ...day(of), line };
  const statesOf = async () =>
    (await of.ana.person.run(readOwnVitals, own)).servers.map(({ state }) => state);
  const all = ['answered', 'answered', 'answered'];
  const { store } = town.server(0);
  const knows = async () => (await store.registration(of.pseudonym))?.counter;
  const before = await knows();
  // As after a loss, until it is registered again.
  const lose = () => {
    const { registration, register } = store;
    store.registration = async () => undefined;
    store.register = async (...said) => {
      Object.assign(store, { registration, register });
      return store.register(...said);
    };
  };
  lose();
  assert.equal(await caught(statesOf()), 'VITALS_NOT_HERE');
  assert.equal(await knows(), before);
  assert.deepEqual(await statesOf(), all);
  lose();
  // And when she asks how her studies stand.
  assert.deepEqual((await of.ana.person.run(resendRegistration, { line }))?.missing, []);
  assert.equal(await knows(), before);
  town.dead.add(0);
  const changed = await of.ana.person.run(changeStudies, { leave: [datasetOf], line });
  assert.deepEqual(changed.missing, [town.accounts[0]]);
  town.dead.clear();
  assert.deepEqual(await statesOf(), all);
  assert.equal(await knows(), changed.said.counter);
});

test('what a server never had is handed to it by the new key, as it stands, after she changed hers', async () => {
  const of = await measured('new keys');
  const { line } = town;
  town.dead.add(0);
  const left = await of.ana.person.run(changeStudies, { leave: [datasetOf], line });
  await of.ana.person.rotate();
  town.dead.clear();
  const again = await of.ana.person.run(resendRegistration, { line });
  assert.deepEqual([again?.missing, again?.said], [[], left.said]);
  const kept = await town.server(0).store.registration(of.pseudonym);
  assert.equal(kept?.counter, left.said.counter);
});

test('a patient reads her own without a look, alive or from her own chart, and nobody else does', async () => {
  const of = await measured('own');
  const { line } = town;
  const own = { ...day(of), line };
  const read = await of.ana.person.run(readOwnVitals, own);
  assert.deepEqual(valuesOf(read), expected(of));
  assert.ok(read.servers.every(({ state }) => state === 'answered'));

  assert.equal(await replicated(of, 'own'), true);
  for (const place of places) town.dead.add(place);
  const chart = await of.ana.person.run(readOwnVitals, own);
  town.dead.clear();
  assert.deepEqual(valuesOf(chart), expected(of));
  assert.ok(chart.pages.every(({ from }) => from === 'replica'));

  // An empty look opens one's own alone.
  const { pseudonym } = of;
  const { chainId } = town.town;
  const asked = { ...day(of), chainId, trio: town.trio, pseudonym, look: new Uint8Array(0) };
  for (const place of places)
    await assert.rejects(
      () => askDirectly(town, of.doctor, { place, asked }),
      (error) => isCoded(error, 'NOT_SHARED'),
    );
});
