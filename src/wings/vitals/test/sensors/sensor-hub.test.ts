import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { joinClinical } from '../../crypto/pages/clinical-lane.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { clinicalValue, vitalSigns } from '../../crypto/vital-signs.ts';
import { readingsOfHeartRates, readingsOfNumerics } from '../../sdk/sensor/csv-readings.ts';
import { readingsOfObservation } from '../../sdk/sensor/fhir-observation.ts';
import { ForgetfulServers } from '../../sdk/sensor/forgetful-servers.ts';
import { type PanelRow, rowsOf, rowsOfSensor } from '../../sdk/sensor/reading.ts';
import { readingsOfSenml, resolveSenml } from '../../sdk/sensor/senml.ts';
import { sensorWarnings, standingsOf } from '../../sdk/sensor/sensor-standing.ts';
import { Uplink } from '../../sdk/sensor/uplink.ts';
import { SqliteSensorQueue } from '../../server/sqlite-sensor-queue.ts';
import { hour, nowMs, type Place, ThreeServers } from '../settings/three-servers.ts';

const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] });
const places: readonly Place[] = [0, 1, 2];

test('SenML: base values, relative times and what must be understood', () => {
  const pack = [
    { bn: 'urn:dev:mac:0024befffe804ff1:', bt: 1_800_000_000, bu: 'beat/min', n: '8867-4', v: 62 },
    { n: '8867-4', t: 60, v: 63 },
    { n: '8310-5', u: 'Cel', t: 60, v: 36.6 },
    { n: 'battery', u: '%EL', v: 80 },
  ];
  const at = 1_800_000_060_000;
  const more = [
    { n: '8867-4', t: 60, vs: 'high' },
    { n: 'step-count', t: 60, v: 12 },
    { n: 'battery', u: '%EL', t: 60, v: 79 },
    { n: 'battery', u: '%EL', t: 30, v: 81 },
    { n: 'battery', u: '%EL', t: 90, v: 101 },
  ];
  const urn = 'urn:dev:mac:0024befffe804ff1';
  assert.deepEqual(readingsOfSenml([...pack, ...more], 0), {
    readings: [
      { vital: 'heartRate', value: 62, unit: '/min', timeMs: 1_800_000_000_000 },
      { vital: 'heartRate', value: 63, unit: '/min', timeMs: at },
      { vital: 'temperature', value: 36.6, unit: 'Cel', timeMs: at },
    ],
    refused: [
      { timeMs: at, vital: 'heartRate', code: 'VALUE_ABSENT' },
      { timeMs: at, vital: `${urn}:step-count`, code: 'VITAL_UNKNOWN' },
    ],
    battery: 79,
  });
  assert.deepEqual(resolveSenml([{ n: 'a', v: 1 }], 5_000), [{ n: 'a', v: 1, t: 5 }]);
  for (const wrong of [
    [{ n: 'a', v: 1, x_: 1 }],
    [{ n: ' ', v: 1 }],
    { n: 'a' },
    [{ n: 'a', bver: 11, v: 1 }],
  ])
    assert.throws(() => resolveSenml(wrong, 0), { code: 'REQUEST_INVALID' });
});

test('the examples of RFC 8428 resolve as the RFC prints them', () => {
  const folder = join(import.meta.dirname, 'senml');
  const files = globSync('*.resolved.json', { cwd: folder });
  assert.ok(files.length >= 3, 'there are examples');
  for (const file of files) {
    const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const resolved = resolveSenml(read(file.replace('.resolved', '')), 1_498_780_179_000);
    const expected = read(file) as { t?: number }[];
    assert.deepEqual(
      resolved,
      expected.map((it) => ({ ...it, t: it.t ?? 1_498_780_179 })),
      file,
    );
  }
});

test('FHIR: a value, components, samples; what is below a bound or entered in error is no value', () => {
  const head = {
    resourceType: 'Observation',
    status: 'final',
    effectiveDateTime: '2026-01-01T10:00:00Z',
  };
  const at = Date.parse(head.effectiveDateTime);
  const value = (number: number, code: string) => ({ value: number, code });
  const pressure = {
    ...{ ...head, code: loinc('85354-9') },
    component: [
      { code: loinc('8480-6'), valueQuantity: value(120, 'mm[Hg]') },
      { code: loinc('8462-4'), valueQuantity: value(80, 'mm[Hg]') },
    ],
  };
  assert.deepEqual(
    readingsOfObservation(pressure).readings.map((it) => [it.vital, it.value, it.unit, it.timeMs]),
    [
      ['systolic', 120, 'mm[Hg]', at],
      ['diastolic', 80, 'mm[Hg]', at],
    ],
  );
  const samples = {
    ...{ ...head, code: loinc('8867-4') },
    valueSampledData: {
      ...{ origin: value(50, '/min'), period: 1000, factor: 0.5, dimensions: 1 },
      data: '20 E 22 U  L 2e1 1.',
    },
  };
  const sampled = readingsOfObservation(samples);
  assert.deepEqual(
    sampled.refused.map((it) => [it.code, it.timeMs - at]),
    [
      ['VALUE_ABSENT', 1000],
      ['VALUE_RANGE', 3000],
      ['VALUE_RANGE', 4000],
      ['REQUEST_INVALID', 6000],
    ],
  );
  assert.deepEqual(
    sampled.readings.map((it) => [it.value, it.timeMs]),
    [
      [60, at],
      [61, at + 2000],
      [60, at + 5000],
    ],
  );
  const planes = { ...samples.valueSampledData, dimensions: 3 };
  const refusedOf = (it: unknown) => {
    const { readings, refused } = readingsOfObservation(it);
    return [readings.length, ...refused.map(({ vital, code }) => `${vital} ${code}`)];
  };
  assert.deepEqual(refusedOf({ ...samples, valueSampledData: planes }), [
    0,
    'heartRate REQUEST_INVALID',
  ]);
  assert.deepEqual(refusedOf({ ...head, code: loinc('8867-4') }), [0, 'heartRate VALUE_ABSENT']);
  const weight = { ...head, code: loinc('29463-7'), valueQuantity: value(70, 'kg') };
  assert.deepEqual(refusedOf(weight), [0, '29463-7 VITAL_UNKNOWN']);
  const below = {
    ...head,
    code: loinc('8867-4'),
    valueQuantity: { ...value(40, '/min'), comparator: '<' },
  };
  assert.deepEqual(refusedOf(below), [0, 'heartRate VALUE_RANGE']);
  assert.deepEqual(refusedOf({ ...pressure, status: 'entered-in-error' }), [
    0,
    'systolic VALUE_ABSENT',
    'diastolic VALUE_ABSENT',
  ]);
  assert.throws(() => readingsOfObservation({ resourceType: 'Patient' }), {
    code: 'REQUEST_INVALID',
  });
});

test('drop-outs, wrong units and impossible values are refused with a code, and never cut off', () => {
  const csv = 'minute,HR[bpm],PULSE[bpm],SpO2[%]\n0,0,0,0\n1,62,61,97\n2,62,,98\n3,62,500,98\n';
  const { rows, refused } = rowsOf(4, readingsOfNumerics(csv, 0).readings);
  assert.deepEqual(
    rows.map(({ timeMs }) => timeMs),
    [60_000],
  );
  assert.deepEqual(
    refused.map(({ timeMs, code }) => [timeMs / 60_000, code]),
    [
      [0, 'VALUE_ABSENT'],
      [0, 'VALUE_ABSENT'],
      [3, 'VALUE_RANGE'],
      [2, 'ROW_INCOMPLETE'],
      [3, 'ROW_INCOMPLETE'],
    ],
  );
  const wrong = { vital: 'pulse', value: 60, unit: 'Hz', timeMs: 0 } as const;
  assert.equal(rowsOf(4, [wrong]).refused[0]?.code, 'VALUE_UNIT');
  const band = readingsOfHeartRates(
    'Id,Time,Value\n1,4/1/2016 12:54:00 AM,93\n1,4/1/2016 1:00:05 PM,91\n1,noon,90\n1,4/1/2016 1:00:06 PM,\n',
  );
  const [first, second] = band.readings;
  assert.deepEqual(
    band.refused.map(({ code }) => code),
    ['REQUEST_INVALID', 'VALUE_ABSENT'],
  );
  assert.equal(first?.timeMs, Date.UTC(2016, 3, 1, 0, 54));
  assert.equal(second?.timeMs, Date.UTC(2016, 3, 1, 13, 0, 5));
});

test('columns and vital signs that a sensor does not measure are refused, each value once', () => {
  const csv = 'minute,PULSE[bpm],SpO2[%],ABPMean[mmHg],RESP[pm]\n0,61,97,80,12\nx,62,98,80,\n';
  const [oximeter, ...others] = rowsOfSensor([4], readingsOfNumerics(csv, 0));
  assert.deepEqual([oximeter?.rows.length, others], [1, []]);
  assert.deepEqual(
    oximeter?.refused.map(({ vital, code }) => `${vital} ${code}`),
    [
      'ABPMean[mmHg] VITAL_UNKNOWN',
      'PULSE[bpm] REQUEST_INVALID',
      'SpO2[%] REQUEST_INVALID',
      'ABPMean[mmHg] REQUEST_INVALID',
      'respiratoryRate VITAL_UNKNOWN',
    ],
  );
});

const rowAt = (timeMs: number, value: number): PanelRow => ({
  ...{ panel: 3, timeMs },
  values: [{ value, unit: 'mmol/L' }],
});

test('a queue loses nothing and gives no number twice, also when it is closed at any point', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-queue-'));
  t.after(() => rmSync(folder, { recursive: true }));
  let queue = new SqliteSensorQueue(join(folder, 'queue.db'), { pauseMs: 180_000 });
  const again = async () => {
    await queue.end();
    queue = new SqliteSensorQueue(join(folder, 'queue.db'), { pauseMs: 180_000 });
  };
  const start = hour * 3_600_000;
  const rows = Array.from({ length: 130 }, (_, at) => rowAt(start + at * 60_000, 5));
  assert.equal(await queue.add(rows), 130);
  assert.equal(await queue.add(rows), 0);
  await again();
  assert.equal(await queue.close(start + 125 * 60_000), 2);
  await again();
  const pages = await queue.closed(9);
  assert.deepEqual(
    pages.map(({ sequence, startHour, rows: of }) => [sequence, startHour - hour, of.length]),
    [
      [0, 0, 60],
      [1, 1, 60],
    ],
  );
  // What a page has does not come again.
  assert.equal(await queue.add(rows), 0);
  const [first] = pages;
  assert.ok(first !== undefined);
  await queue.done(first);
  await again();
  assert.equal(await queue.close(start + 200 * 60_000), 1);
  assert.deepEqual(
    (await queue.closed(9)).map(({ sequence }) => sequence),
    [1, 2],
  );
  const [standing] = await queue.standing();
  assert.deepEqual(
    [standing?.newestMs, standing?.open, standing?.closed, standing?.done],
    [start + 129 * 60_000, 0, 2, 1],
  );
  const told = { nowMs: start + 131 * 60_000, intervalMs: 60_000, newestMs: start + 129 * 60_000 };
  const gaps = standing?.gaps.length ?? 0;
  assert.deepEqual(sensorWarnings({ ...told, gaps }), []);
  assert.deepEqual(sensorWarnings({ ...told, gaps: 1, battery: 19 }), ['gap', 'low-battery']);
  assert.deepEqual(sensorWarnings({ ...told, gaps, nowMs: start + 133 * 60_000 }), ['silent']);
  await queue.end();
});

test('a day is owed its replica until that is written, across power loss; then nothing more of it is taken in', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-queue-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const open = () => new SqliteSensorQueue(join(folder, 'queue.db'), { pauseMs: 180_000 });
  let queue = open();
  const again = async () => {
    await queue.end();
    queue = open();
  };
  const day = Math.floor(hour / 24);
  const dayMs = 24 * 3_600_000;
  const at = (minute: number) => day * dayMs + minute * 60_000;
  const nextDay = (day + 1) * dayMs;
  await queue.add([0, 1, 61, 62].map((minute) => rowAt(at(minute), 5)));
  await queue.add([rowAt(nextDay + 60_000, 6)]);
  await queue.close(nextDay);
  const owed = async (nowMs: number) =>
    (await queue.daysToWrite(nowMs)).map((it) => [it.day - day, it.pages.length, it.number ?? -1]);
  const pages = await queue.closed(9);
  assert.equal(pages.length, 2);
  const [first, second] = pages;
  assert.ok(first !== undefined && second !== undefined);
  await queue.done(first);
  assert.deepEqual(await owed(nextDay), [], 'a page of it is still on its way');
  await queue.done(second);
  await again();
  assert.deepEqual(await owed(nextDay - 1), [], 'it is not over');
  assert.deepEqual(await owed(nextDay), [[0, 2, -1]]);
  const [found] = await queue.daysToWrite(nextDay);
  assert.deepEqual(
    found?.pages.map(({ sequence, rows }) => [sequence, rows.map(({ timeMs }) => timeMs)]),
    [
      [0, [at(0), at(1)]],
      [1, [at(61), at(62)]],
    ],
  );
  await queue.beginDay({ panel: 3, day }, 2);
  await again();
  assert.deepEqual(await owed(nextDay), [[0, 2, 2]]);
  assert.deepEqual((await queue.standing())[0]?.days, 1);
  await queue.dayWritten({ panel: 3, day });
  await again();
  assert.deepEqual(await owed(nextDay), []);
  const [standing] = await queue.standing();
  assert.deepEqual([standing?.days, standing?.newestDay, standing?.open], [0, day, 1]);
  // Between what was closed and the end of the day there is time left, and nobody would ever read of it.
  assert.equal(await queue.add([rowAt(at(70), 5)]), 0);
  assert.deepEqual((await queue.standing())[0]?.refused, { PAGE_STALE: 1 });
  await queue.end();
});

test('a sensor that never measured is silent, and a low battery is told with its panel', () => {
  const file = {
    ...{ name: 'watch', seed: '', panels: [5], intervalMs: 60_000, sinceMs: nowMs },
    battery: 12,
  };
  const of = (at: number) =>
    standingsOf(file, [], at).map(({ panel, warnings }) => [panel, warnings]);
  assert.deepEqual(of(nowMs + 180_000), [[5, ['low-battery']]]);
  assert.deepEqual(of(nowMs + 180_001), [[5, ['silent', 'low-battery']]]);
});

test('gaps outlast the pages that they lie in, until a late row fills them; refused readings are counted once', async () => {
  const queue = new SqliteSensorQueue(':memory:', { pauseMs: 180_000 });
  const start = hour * 3_600_000;
  const at = (minute: number) => start + minute * 60_000;
  await queue.add([rowAt(at(0), 5), rowAt(at(10), 5), rowAt(at(20), 5)]);
  await queue.add([rowAt(at(15), 5), rowAt(at(17), 5)]);
  const gapsIn = async () =>
    ((await queue.standing())[0]?.gaps ?? []).map(({ fromMs, untilMs }) => [
      (fromMs - start) / 60_000,
      (untilMs - start) / 60_000,
    ]);
  const expected = [
    [10, 15],
    [0, 10],
  ];
  assert.deepEqual(await gapsIn(), expected);
  const refused = [
    { timeMs: at(1), vital: 'glucose', code: 'VALUE_ABSENT' },
    { timeMs: at(2), vital: 'glucose', code: 'VALUE_ABSENT' },
    { timeMs: at(2), vital: 'glucose', code: 'VALUE_RANGE' },
  ] as const;
  await queue.refuse(3, refused);
  await queue.refuse(3, refused);
  assert.equal(await queue.close(start + 3_600_000), 1);
  const [page] = await queue.closed(9);
  assert.ok(page !== undefined);
  await queue.done(page);
  const [standing] = await queue.standing();
  assert.deepEqual(standing?.refused, { VALUE_ABSENT: 2, VALUE_RANGE: 1 });
  assert.deepEqual(await gapsIn(), expected);
  await queue.end();
});

/** The queue of a sensor, and three servers. */
async function beside(t: TestContext) {
  const kernel = await openKernel();
  const three = await ThreeServers.open(mkdtempSync(join(tmpdir(), 'salus-servers-')), kernel);
  const queue = new SqliteSensorQueue(':memory:', { pauseMs: 180_000 });
  t.after(async () => {
    await queue.end();
    await three.close();
  });
  return { kernel, three, queue };
}

/** That of one that they know. */
async function besideThree(t: TestContext) {
  const made = await beside(t);
  await made.three.registerEverywhere();
  return made;
}

test('a page that is too old for the servers is given up, and those beside it arrive', async (t) => {
  const { kernel, three, queue } = await besideThree(t);
  const start = (hour - 50) * 3_600_000;
  await queue.add([0, 1, 48, 49].map((at) => rowAt(start + at * 3_600_000, 5)));
  await queue.close(nowMs);
  const servers = places.map((place) => ({
    signKey: three.actors[place]?.sign.publicKey ?? new Uint8Array(0),
    upload: async (bytes: Uint8Array) => three.server(place).upload(bytes),
    states: (asked: Uint8Array) => three.server(place).pageStates(asked),
    register: async () => false,
  }));
  const forgetful = new ForgetfulServers(() => three.now);
  const uplink = new Uplink({ arithmetic: kernel, line: three.line, servers, queue, forgetful });
  const codesOf = ({ refused }: Awaited<ReturnType<Uplink['send']>>) =>
    refused.map(({ sequence, code }) => `${sequence} ${code}`);
  assert.equal((await uplink.send()).refused.length, 4);
  assert.deepEqual(codesOf(await uplink.send()), ['1 PAGE_STALE']);
  await three.judge();
  assert.equal((await uplink.send()).done, 2);
  const [standing] = await queue.standing();
  assert.deepEqual([standing?.done, standing?.lost, standing?.closed], [2, 2, 0]);
});

test('what a sensor measured arrives at three servers, whoever was away meanwhile', async (t) => {
  const { kernel, three, queue } = await besideThree(t);
  const start = (hour - 3) * 3_600_000;
  const rows = Array.from({ length: 150 }, (_, at) =>
    rowAt(start + at * 60_000, 4 + (at % 50) / 10),
  );
  await queue.add(rows);
  await queue.close(nowMs);
  let isAway = true;
  const servers = places.map((place) => ({
    signKey: three.actors[place]?.sign.publicKey ?? new Uint8Array(0),
    upload: async (bytes: Uint8Array) => {
      if (place === 2 && isAway) throw new CodedError('GATEWAY_UNREACHABLE');
      return three.server(place).upload(bytes);
    },
    states: (asked: Uint8Array) => three.server(place).pageStates(asked),
    register: async () => false,
  }));
  const forgetful = new ForgetfulServers(() => three.now);
  const uplink = new Uplink({ arithmetic: kernel, line: three.line, servers, queue, forgetful });
  await assert.rejects(uplink.send(), { code: 'GATEWAY_UNREACHABLE' });
  isAway = false;
  assert.deepEqual(await uplink.send(), { done: 0, refused: [], waiting: 3 });
  await three.judge();
  assert.deepEqual(await uplink.send(), { done: 3, refused: [], waiting: 0 });
  assert.deepEqual(await queue.closed(9), []);
  for (const place of places) await three.server(place).seal();
  const read = await Promise.all(
    places.map((it) =>
      three.store(it).pagesOf(three.pseudonym, 3, { from: hour - 3, until: hour }),
    ),
  );
  const first = joinClinical(read.map((pages) => pages[0]?.kept.clinical ?? new Uint8Array(0)));
  assert.deepEqual(
    [...first].map((code) => clinicalValue(vitalSigns.glucose, code)),
    rows.slice(0, 60).map(({ values }) => values[0]?.value),
  );
});

/** A sensor that is registered for no study, and has sent nothing; what each server is asked is counted. */
async function unsent(t: TestContext) {
  const { kernel, three, queue } = await beside(t);
  const registration = await three.register({ datasets: [] });
  for (const place of places) await three.server(place).register(registration);
  await queue.add([0, 1, 2].map((at) => rowAt((hour - 3 + at) * 3_600_000, 5 + at)));
  await queue.close(nowMs);
  const asked: string[] = [];
  const forgetful = new ForgetfulServers(() => three.now);
  const kept = { registration: registration as Uint8Array | undefined };
  const servers = places.map((place) => ({
    signKey: three.actors[place]?.sign.publicKey ?? new Uint8Array(0),
    upload: async (bytes: Uint8Array) => {
      asked.push(`${place} upload`);
      return three.server(place).upload(bytes);
    },
    states: (of: Uint8Array) => three.server(place).pageStates(of),
    register: async () => {
      if (kept.registration === undefined) return false;
      asked.push(`${place} register`);
      await three.server(place).register(kept.registration);
      return true;
    },
  }));
  const open = () =>
    new Uplink({ arithmetic: kernel, line: three.line, servers, queue, forgetful });
  const all = ['0 upload', '1 upload', '2 upload'];
  return { three, queue, asked, kept, servers, open, all, uplink: open() };
}

test('a server that lost its disk before there was a page is handed the registration by her sensor, and no page is lost or shared twice', async (t) => {
  const { three, queue, asked, uplink, all } = await unsent(t);
  await three.lose(0);
  assert.equal(await three.store(0).registration(three.pseudonym), undefined);
  assert.deepEqual(await uplink.send(), { done: 0, refused: [], waiting: 3 });
  assert.deepEqual(asked, ['0 upload', '0 register', ...all]);
  await three.judge();
  assert.deepEqual(await uplink.send(), { done: 3, refused: [], waiting: 0 });
  assert.equal(asked.length, 5);
  assert.deepEqual(await queue.closed(9), []);
});

test('a server that names no such sensor whatever it is handed is asked after longer and longer pauses, with one sharing', async (t) => {
  const { three, asked, open, servers } = await unsent(t);
  const [first] = servers;
  assert.ok(first !== undefined);
  const { upload } = first;
  const uploads = new Set<string>();
  first.upload = async (bytes) => {
    asked.push('0 upload');
    uploads.add(bytesToHex(sha256(bytes)));
    throw new CodedError('SENSOR_UNKNOWN');
  };
  const codes = new Set<string>();
  const turnMs = 600_000;
  const lastMs = nowMs + 30 * 3_600_000;
  for (; three.now < lastMs; three.now += turnMs) {
    // A new one each time, as after a turn in which somebody was away.
    const sent = await open().send();
    assert.equal(sent.done, 0);
    for (const { code } of sent.refused) codes.add(code);
    await three.judge();
  }
  // Twice at once, then after 2, 4 and 8 hours; the two others wait for it, and after a day it is shared anew.
  const toFirst = asked.filter((it) => it.startsWith('0'));
  const later = ['0 register', '0 upload'];
  assert.deepEqual(toFirst, ['0 upload', ...later, ...later, ...later, ...later]);
  assert.deepEqual([...codes].sort(), ['PEER_DISAGREES', 'SENSOR_UNKNOWN']);
  assert.equal(uploads.size, 1);
  first.upload = upload;
  await open().send();
  await three.judge();
  assert.deepEqual(await open().send(), { done: 3, refused: [], waiting: 0 });
});

test('a registration that a server does not take is not followed by the page at once, and none that could is asked for', async (t) => {
  const { three, asked, kept, open, all } = await unsent(t);
  // She has ended it, on another device.
  const ended = await three.register({ datasets: [], sensors: [], counter: 9 });
  await three.server(0).register(ended);
  assert.deepEqual(
    (await open().send()).refused.map(({ code }) => code),
    ['SENSOR_UNKNOWN', 'SENSOR_UNKNOWN', 'SENSOR_UNKNOWN'],
  );
  assert.deepEqual(asked, ['0 upload', '0 register', ...all.slice(1)]);
  kept.registration = undefined;
  three.now += 2 * 3_600_000;
  await open().send();
  assert.deepEqual(asked.slice(4), ['0 upload']);
  // Her own device hands over a later one, which names it again.
  await three.server(0).register(await three.register({ counter: 10 }));
  three.now += 4 * 3_600_000;
  await open().send();
  await three.judge();
  assert.equal((await open().send()).done, 3);
});

test('a registration that could not be handed over for now is tried before the page is sent again', async (t) => {
  const { three, asked, open, servers, all } = await unsent(t);
  await three.lose(0);
  const [first] = servers;
  assert.ok(first !== undefined);
  const { register } = first;
  first.register = async () => {
    throw new CodedError('GATEWAY_UNREACHABLE');
  };
  for (let turn = 0; turn < 5; turn++)
    await assert.rejects(open().send(), { code: 'GATEWAY_UNREACHABLE' });
  assert.deepEqual(asked, ['0 upload']);
  first.register = register;
  assert.equal((await open().send()).waiting, 3);
  assert.deepEqual(asked, ['0 upload', '0 register', ...all]);
});
