import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import {
  list,
  refused,
  remove,
  run,
  salus,
  temporaryHome,
  text,
} from '../../../../../test/cli/salus.ts';
import { type Consortium, startConsortium } from '../../../../server/consortium.ts';
import { serversOf } from '../../../../server/process.ts';
import { headsIn } from '../../node/stores/sealed-segment.ts';
import { dataServerFolder, makeDataServer } from '../../server/data-server-keys.ts';
import { foundDemoDatasets } from '../../server/demo.ts';
import { SensorHub } from '../../server/sensor-hub.ts';
import { MqttLine } from './mqtt-line.ts';

const home = temporaryHome();
const signal = new AbortController().signal;
const ana = ['--as', 'ana'];
let consortium: Consortium;

before(async () => {
  for (const name of ['north', 'harbour', 'valley'])
    makeDataServer(join(serversOf(home), name), { batchSeconds: 1, roundMs: 50 });
  consortium = await startConsortium({ home, port: 0, logLevel: 'silent' });
  await foundDemoDatasets(home, signal);
  await salus(['person', 'create', 'ana', '--hospital', 'north', '--role', 'patient'], { home });
});
after(async () => {
  await consortium.close();
  remove(home);
});

const datasets = async () =>
  list(await salus(['stats', 'list', ...ana], { home }), 'datasets').map((it) => ({
    id: text(it, 'id'),
    panel: Number(it.panel),
  }));
const datasetOf = async (panel: number) =>
  (await datasets()).find((it) => it.panel === panel)?.id ?? '';

test('the demonstration has a dataset of each panel, once', async () => {
  await foundDemoDatasets(home, signal);
  assert.deepEqual(
    (await datasets()).map(({ panel }) => panel),
    [1, 2, 3, 4, 5],
  );
});

/** Hours and readings of the pages that a server keeps of a panel, sealed or not. */
function pagesOfPanel(path: string, panel: number) {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    // One state of the file: a page leaves one table for the other when it is sealed.
    db.exec('BEGIN');
    const waiting = db.prepare('SELECT hour, n FROM pages WHERE panel = ?').all(panel);
    const sealed = db.prepare('SELECT heads FROM sealed WHERE panel = ?').all(panel);
    const heads = sealed.flatMap(({ heads: it }) => headsIn(it as Uint8Array));
    return [...waiting, ...heads.map(({ startHour, n }) => ({ hour: startHour, n }))].toSorted(
      (a, b) => Number(a.hour) - Number(b.hour),
    );
  } finally {
    db.close();
  }
}

/** Minutes of a monitor: a lead off at first, one value that nobody has, nothing for ten minutes. */
const lines = [
  'minute,HR[bpm]',
  ...[0, 0, 62.8, 63, 999, 64].map((value, minute) => `${minute},${value}`),
  ...Array.from({ length: 70 }, (_, at) => `${at + 16},${60 + (at % 9)}`),
];

test('a patient enrols sensors under one pseudonym, a recording of one is replayed, and its state is told', async () => {
  const watch = ['sensor', 'enrol', 'watch', '--dataset', await datasetOf(5), ...ana];
  const enrolled = await salus([...watch, '--public', 'sex=1,age-band=4'], { home });
  assert.deepEqual([enrolled.panels, enrolled.notYet], [[5], []]);
  await refused(watch, { code: 'USAGE', exit: 2 }, { home });
  const meter = ['sensor', 'enrol', 'meter', '--dataset', await datasetOf(3), ...ana];
  const second = await salus(meter, { home });
  assert.equal(text(second, 'pseudonym'), text(enrolled, 'pseudonym'));
  const held = await salus(['vitals', 'studies', ...ana], { home });
  assert.deepEqual([list(held, 'studies').length, held.sensors], [2, 2]);

  const file = join(home, 'recorded.csv');
  writeFileSync(file, lines.join('\n'));
  // Said, or the second replay could be an hour later than the first.
  const startHour = String(Math.floor(Date.now() / 3_600_000) - 2);
  const simulate = ['sensor', 'simulate', 'watch', '--from', file, '--start-hour', startHour];
  const fast = ['--speed', '10000000'];
  const played = await salus([...simulate, ...fast], { home });
  const { taken, notTaken, pages, done, waiting } = played;
  assert.deepEqual(
    { taken, notTaken, pages, done, waiting },
    { taken: 73, notTaken: { VALUE_ABSENT: 2, VALUE_RANGE: 1 }, pages: 2, done: 2, waiting: 0 },
  );
  // The three servers published recovery keys: each keeps an envelope for another one.
  for (const name of ['north', 'harbour', 'valley']) {
    const path = join(dataServerFolder(join(serversOf(home), name)), 'pages.db');
    const db = new DatabaseSync(path, { readOnly: true });
    const row = db.prepare('SELECT sum(length(pages)) / 16 AS pages FROM envelopes').get();
    db.close();
    assert.equal(row?.pages, 2);
  }
  const again = await salus(simulate, { home });
  assert.deepEqual([again.taken, again.pages, again.done], [0, 0, 0]);

  const { sensors } = await salus(['sensor', 'status'], { home });
  const standings = sensors as readonly Record<string, unknown>[];
  assert.deepEqual(
    standings.map(({ name, newestMs }) => [name, Number(newestMs) > 0]),
    [
      ['meter', false],
      ['watch', true],
    ],
  );
  const standing = standings.find(({ name }) => name === 'watch');
  const gaps = standing?.gaps as readonly { fromMs: number; untilMs: number }[];
  const told = (it: Record<string, unknown> | undefined) => ({
    ...it,
    newestMs: 0,
    days: 0,
    newestDay: 0,
  });
  assert.deepEqual(
    { ...told(standing), gaps: gaps.map((it) => (it.untilMs - it.fromMs) / 60_000) },
    {
      ...{ name: 'watch', panel: 5, newestMs: 0, open: 0, closed: 0, done: 2, lost: 0 },
      ...{ days: 0, newestDay: 0 },
      ...{ refused: { VALUE_ABSENT: 2, VALUE_RANGE: 1 }, gaps: [11], warnings: ['silent', 'gap'] },
    },
  );
  const said = await run(['sensor', 'status'], { home });
  assert.match(said.stdout, /watch, panel 5: 2 pages accepted, 0 waiting.*; newest .*silent, gap/);
});

test('a padded sensor sends a full page every hour, measured or not, and what was measured is read as ever', async () => {
  const cora = ['--as', 'cora'];
  await salus(['person', 'create', 'cora', '--hospital', 'north', '--role', 'patient'], { home });
  const enrol = ['sensor', 'enrol', 'anklet', '--dataset', await datasetOf(5), '--padded', ...cora];
  await refused([...enrol, '--every', '30'], { code: 'USAGE', exit: 2 }, { home });
  const enrolled = await salus(enrol, { home });
  assert.deepEqual([enrolled.panels, enrolled.studies], [[37], []]);
  const file = join(home, 'anklet.csv');
  // Three minutes, and nothing since.
  writeFileSync(file, ['minute,HR[bpm]', '0,61', '1,62', '2,63'].join('\n'));
  const startHour = Math.floor(Date.now() / 3_600_000) - 4;
  const played = await salus(
    ['sensor', 'simulate', 'anklet', '--from', file, '--start-hour', String(startHour)],
    { home },
  );
  assert.equal(played.taken, 3);
  assert.equal(played.waiting, 0);
  for (const name of ['north', 'harbour', 'valley']) {
    const path = join(dataServerFolder(join(serversOf(home), name)), 'pages.db');
    const found = pagesOfPanel(path, 37);
    assert.equal(found.length, played.done);
    assert.ok(found.length >= 4);
    for (const [at, { hour, n }] of found.entries())
      assert.deepEqual([hour, n], [startHour + at, 64]);
  }
  const dataset = ['stats', 'dataset', '--panel', '37', '--by', 'north'];
  await refused(dataset, { code: 'PANEL_UNKNOWN', exit: 3 }, { home });
  // Sealed into a batch within a second or two.
  let pages: readonly Record<string, unknown>[] = [];
  for (let i = 0; i < 100 && pages.length === 0; i++) {
    await setTimeout(100);
    const shown = await salus(['vitals', 'show', '--panel', '5', ...cora], { home });
    pages = list(shown, 'pages');
  }
  assert.deepEqual(
    pages.map(({ hour, rows }) => [Date.parse(String(hour)) / 3_600_000, rows]),
    [[startHour, [[61], [62], [63]]]],
  );
});

test('a patient who takes part in nothing has a sensor all the same: three servers keep what it sends, and no study counts it', async () => {
  const bea = ['--as', 'bea'];
  await salus(['person', 'create', 'bea', '--hospital', 'north', '--role', 'patient'], { home });
  const dataset = await datasetOf(5);
  const enrol = (name: string, ...more: readonly string[]) =>
    ['sensor', 'enrol', name, '--dataset', dataset, ...more, ...bea] as const;
  const enrolled = await salus(enrol('ring', '--without-study'), { home });
  assert.deepEqual([enrolled.studies, enrolled.notYet], [[], []]);
  assert.deepEqual((await salus(['vitals', 'studies', ...bea], { home })).studies, []);
  const file = join(home, 'ring.csv');
  writeFileSync(file, lines.join('\n'));
  const played = await salus(['sensor', 'simulate', 'ring', '--from', file], { home });
  assert.deepEqual([played.taken, played.done, played.waiting], [73, 2, 0]);
  // Nobody who is in no study is shown what is asked of one.
  const asked = ['stats', 'list', '--dataset', dataset, ...bea];
  await refused(asked, { code: 'NOT_FOUND', exit: 3 }, { home });
  const alone = await run(enrol('patch', '--without-study'), { home });
  assert.match(alone.stdout, /count in no study/);
  // The other way, and once more: what was joined stays joined.
  const joined = await run(enrol('strap'), { home });
  assert.match(joined.stdout, new RegExp(`count in ${dataset}: salus vitals leave`));
  const again = await run(enrol('belt', '--without-study'), { home });
  assert.match(again.stdout, new RegExp(`count in ${dataset}, joined before`));
});

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

test('what a sensor says by MQTT is acknowledged when it is kept, and its day stands in the chart when it is over', async () => {
  const cuff = ['sensor', 'enrol', 'cuff', '--dataset', await datasetOf(2), ...ana];
  const enrolled = await salus([...cuff, '--public', 'sex=1,age-band=4'], { home });
  const port = Number(new URL(text(enrolled, 'broker')).port);
  const { user, password, topic } = enrolled as Record<string, string>;
  let line: MqttLine | undefined;
  // The home's hub listens from when it has seen the first sensor.
  while (line === undefined) {
    line = await MqttLine.open(port);
    await setTimeout(50);
  }
  assert.equal(await line.login(user ?? '', password ?? ''), 0);
  assert.equal(await line.subscribe(`salus/sensors/cuff/result`), 0);
  const day = Math.floor(Date.now() / dayMs) - 1;
  const t = (day * dayMs + 12 * hourMs) / 1_000;
  const pack = [
    { bn: 'urn:dev:mac:1:', bt: t, bu: 'mmHg', n: '8480-6', v: 121 },
    { n: '8462-4', v: 79 },
    { n: '8480-6', t: 60, v: 999 },
    { n: '8462-4', t: 60, v: 80 },
    { n: '8867-4', t: 60, u: 'beat/min', v: 64 },
    { n: 'battery', u: '%EL', v: 15 },
  ];
  line.publish(topic ?? '', JSON.stringify(pack));
  assert.ok((await line.next(4)) !== undefined);
  const heard = (await line.message()) as {
    taken: number;
    refused: { vital: string; code: string }[];
  };
  assert.deepEqual(
    [heard.taken, ...heard.refused.map(({ vital, code }) => `${vital} ${code}`)],
    [...[1, 'heartRate VITAL_UNKNOWN', 'systolic VALUE_RANGE', 'diastolic ROW_INCOMPLETE']],
  );
  line.close();

  const standingOf = async (name: string) => {
    const { sensors } = await salus(['sensor', 'status'], { home });
    return (sensors as readonly Record<string, unknown>[]).find((it) => it.name === name);
  };
  while ((await standingOf('cuff'))?.done !== 1) await setTimeout(50);
  const hub = new SensorHub(home, { now: Date.now, told: () => {} });
  for (let isOwed = true; isOwed; ) {
    await hub.writeDays();
    await setTimeout(50);
    isOwed = (await standingOf('cuff'))?.newestDay !== day;
  }
  // Once a day while it is low, and once when it is not any more.
  await hub.tellBatteries();
  await hub.tellBatteries();
  const toldOf = async () => {
    const { devices } = await salus(['vitals', 'show', '--panel', '2', ...ana], { home });
    return (devices as readonly Record<string, unknown>[]).find(({ name }) => name === 'cuff');
  };
  assert.equal((await toldOf())?.battery, 15);
  const fresh = [{ bt: Date.now() / 1_000, n: 'battery', u: '%EL', v: 90 }];
  await hub.takeIn('cuff', JSON.stringify(fresh));
  await hub.tellBatteries();
  assert.equal((await toldOf())?.battery, 90);
  await hub.takeIn('cuff', JSON.stringify([{ ...fresh[0], v: 15 }]));
  // A row of samples that would keep the home's other sensors waiting.
  const samples = {
    ...{ resourceType: 'Observation', status: 'final', effectiveDateTime: '2026-11-20T00:00:00Z' },
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
    valueSampledData: {
      ...{ origin: { value: 0, code: 'mm[Hg]' }, period: 1, dimensions: 1 },
      data: '120 '.repeat(10_001),
    },
  };
  await assert.rejects(hub.takeIn('cuff', JSON.stringify(samples)), { code: 'REQUEST_INVALID' });
  await hub.close();
  const { days, battery, warnings, refused: counted } = (await standingOf('cuff')) ?? {};
  assert.deepEqual(
    { days, battery, warnings, counted },
    {
      ...{ days: 0, battery: 15, warnings: ['silent', 'low-battery'] },
      counted: { ROW_INCOMPLETE: 1, VALUE_RANGE: 1, VITAL_UNKNOWN: 1 },
    },
  );
  const charted = await run(['record', 'list', '--json', ...ana], { home });
  assert.match(charted.stdout, /Vital signs: blood-pressure/);
  assert.equal(charted.stdout.match(/Device: cuff/gu)?.length, 2);
});

test('an hour that is too old for the servers is given up, and said so', async () => {
  const file = join(home, 'old.csv');
  writeFileSync(file, 'minute,HR[bpm]\n0,60\n1,61\n');
  await salus(['sensor', 'enrol', 'band', '--dataset', await datasetOf(5), ...ana], { home });
  const played = await salus(
    ['sensor', 'simulate', 'band', '--from', file, '--start-hour', '400000'],
    { home },
  );
  assert.deepEqual([played.done, played.refused], [0, { PAGE_STALE: 1 }]);
  const { sensors } = await salus(['sensor', 'status'], { home });
  const band = (sensors as readonly Record<string, unknown>[]).find(({ name }) => name === 'band');
  assert.deepEqual([band?.name, band?.closed, band?.lost], ['band', 0, 1]);
  const nobody = ['sensor', 'simulate', 'nobody', '--from', file];
  await refused(nobody, { code: 'NOT_FOUND', exit: 3 }, { home });
  await refused(
    ['sensor', 'enrol', 'x', '--dataset', 'ab'.repeat(16), ...ana],
    { code: 'DATASET_UNKNOWN', exit: 3 },
    { home },
  );
});
