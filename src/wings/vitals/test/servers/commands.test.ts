import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Json, list, refused, run, salus, text } from '../../../../../test/cli/salus.ts';
import { bytesOfText } from '../../../../api/message-parts.ts';
import type { Person } from '../../../../sdk/index.ts';
import { writeHubDays } from '../../sdk/index.ts';
import type { PanelRow } from '../../sdk/sensor/reading.ts';
import { hoursAgo, type SensorOfTest, VitalsHome } from '../settings/vitals-home.ts';

/** `salus stats` and `salus vitals`, as people type them, over three real processes. */

const patients = 22;
const rowsEach = 40;
const yesterday = Math.floor(hoursAgo(0) / 24) - 1;
const hour = 24 * yesterday + 10;
const iso = (of: number): string => new Date(of * 3_600_000).toISOString().slice(0, 13);
const windowWords = `${iso(24 * yesterday)}:00..${iso(24 * yesterday + 24)}:00`;

const rowsOf = (who: number, ofHour = hour): readonly PanelRow[] =>
  Array.from({ length: rowsEach }, (_, at) => ({
    ...{ panel: 5, timeMs: ofHour * 3_600_000 + at * 60_000 },
    values: [{ value: 40 + ((who * 13 + at * 7) % 90), unit: '/min' }],
  }));

let town: VitalsHome;
let dataset: string;
let permit: string;
let ana: Person;
let sensor: SensorOfTest;
const cli = (...args: readonly string[]): Promise<Json> => salus(args, { home: town.home });
const no = (code: string, exit: number, ...args: readonly string[]): Promise<Json> =>
  refused(args, { code, exit }, { home: town.home });

before(async () => {
  town = await VitalsHome.open();
  await cli('person', 'create', 'rosa', '--role', 'researcher', '--hospital', 'north');
  await cli('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  const bo = ['--role', 'clinician', '--licence', 'H-1', '--name', 'Dr Bo'];
  await cli('person', 'create', 'dr-bo', ...bo, '--hospital', 'harbour');
});
after(() => town?.close());

const left = async (): Promise<unknown> => {
  const [study] = list(await cli('stats', 'list', '--as', 'rosa'), 'datasets');
  return list(study ?? {}, 'permits')[0]?.leftMicroRho;
};
const question = ['--window', windowWords, '--as', 'rosa'] as const;
const ask = ['stats', 'ask', '--dataset'] as const;

test('two organisations open a study, and sensors fill it', async () => {
  const founding = ['--panel', '5', '--pages', '2', '--researcher-rho', '9', '--rho', '10'];
  await no('USAGE', 2, 'stats', 'dataset', ...founding);
  await no('USAGE', 2, 'stats', 'dataset', ...founding, '--by', 'north', '--purpose', 'curiosity');
  const founded = await cli('stats', 'dataset', ...founding, '--by', 'north');
  dataset = text(founded, 'dataset');
  assert.deepEqual(founded.servers, town.servers);

  const rosa = await town.byCommand('rosa');
  const researcher = rosa.accounts[0]?.account ?? '';
  const proposing = ['--dataset', dataset, '--researcher', researcher, '--rho', '9'];
  permit = text(await cli('stats', 'permit', ...proposing, '--by', 'north'), 'permit');
  await no('APPROVAL_OWN', 3, 'stats', 'approve', permit, '--by', 'north');
  const approved = await cli('stats', 'approve', permit, '--by', 'harbour');
  assert.equal(approved.permit, permit);
  await no('APPROVAL_TAKEN', 3, 'stats', 'approve', permit, '--by', 'valley');
  await no('BATCH_UNKNOWN', 3, ...ask, dataset, '--kind', 'mean', ...question);

  ana = await town.byCommand('ana');
  const attributes = { sex: 1, ageBand: 4, region: 0, arm: 0 };
  sensor = await town.sensor(ana, { panel: 5, datasets: [dataset], attributes });
  await town.measure(sensor, rowsOf(0));
  for (let who = 1; who < patients; who++) {
    const person = await town.person(`Patient ${who}`, 'patient');
    const of = await town.sensor(person, { panel: 5, datasets: [dataset], attributes });
    await town.measure(of, rowsOf(who));
  }
  await town.sealed(patients);
});

test('salus stats ask answers with its errors, what is left, a receipt and a method sheet', async () => {
  const said = await cli(...ask, dataset, '--kind', 'mean', '--rho', '4', '--predict', ...question);
  assert.ok(Number((said.planned as Json).patients) === 20);
  assert.equal(await left(), 9_000_000);
  const files = ['answer.csv', 'answer.json'].map((name) => join(town.home, name));
  const [csv = '', notebook = ''] = files;
  const written = ['--csv', csv, '--notebook', notebook];
  const told = await cli(...ask, dataset, '--kind', 'mean', '--rho', '4', ...written, ...question);
  const [answer] = list(told, 'answers');
  assert.ok(answer !== undefined);
  const { value, noise, interval } = (answer.figures as { mean: Record<string, unknown> }).mean;
  const all = Array.from({ length: patients }, (_, who) => rowsOf(who)).flat();
  const exact = all.reduce((sum, it) => sum + (it.values[0]?.value ?? 0), 0) / all.length;
  assert.ok(Math.abs(Number(value) - exact) <= 6 * Number(noise) + 0.25, `${value} ${exact}`);
  assert.equal((interval as unknown[]).length, 2);
  assert.match(text(answer, 'tx'), /^[0-9a-f]{64}$/);
  assert.equal(list(answer as never, 'seals').length, 3);
  assert.match(String((answer.method as Json).mechanism), /discrete Gaussian/);
  assert.equal(told.leftMicroRho, 5_000_000);
  assert.match(readFileSync(csv, 'utf8'), /mean/);
  const [row] = JSON.parse(readFileSync(notebook, 'utf8')) as readonly Json[];
  assert.deepEqual([row?.figure, row?.value], ['mean', value]);

  // Gone on with after it was answered: the same, and nothing more is spent.
  const query = text(answer, 'query');
  const again = await cli('stats', 'ask', '--continue', query.slice(0, 12), '--as', 'rosa');
  assert.deepEqual(list(again, 'answers')[0], answer);
  assert.equal(await left(), 5_000_000);

  const people = await run(['stats', 'ask', '--continue', query, '--as', 'rosa'], {
    home: town.home,
  });
  assert.equal(people.code, 0);
  assert.match(people.stdout, /noise SE[\s\S]*Privacy: rho 4[\s\S]*Left of the budget: rho 5/);
});

test('salus stats ask --delivery paillier: one ciphertext, the same numbers as sealed parts, and nothing more is spent', async () => {
  const before = Number(await left());
  const of = [...ask, dataset, '--kind', 'sd', '--rho', '0.2', '--delivery'];
  await no('USAGE', 2, ...of, 'pigeon', ...question);
  const first = async (...args: readonly string[]): Promise<Json> =>
    list(await cli(...args), 'answers')[0] ?? {};
  const answer = await first(...of, 'paillier', ...question);
  const { key, ciphertext } = answer.encrypted as Json;
  assert.match(String(key), /^[0-9a-f]{64}$/);
  assert.equal(bytesOfText(String(ciphertext)).length, 768);
  assert.equal(await left(), before - 200_000);
  const going = ['stats', 'ask', '--continue', text(answer, 'query'), '--as', 'rosa'];
  for (const delivery of ['hpke', 'paillier']) {
    assert.deepEqual(await first(...going, '--delivery', delivery), answer);
  }
  // What came sealed, once more as one ciphertext under the same key: its own numbers again, or it would be refused.
  const sealed = await first(...of, 'hpke', ...question);
  assert.equal(sealed.encrypted, undefined);
  const other = ['stats', 'ask', '--continue', text(sealed, 'query'), '--as', 'rosa'];
  const one = await first(...other, '--delivery', 'paillier');
  const encrypted = one.encrypted as Json;
  assert.deepEqual(one.figures, sealed.figures);
  assert.equal(encrypted.key, key);
  assert.notEqual(encrypted.ciphertext, ciphertext);
  const people = await run([...other, '--delivery', 'paillier'], { home: town.home });
  assert.match(people.stdout, /one ciphertext of 768 bytes under the key/);
  assert.equal(await left(), before - 400_000);
});

test('salus stats ask refuses each forbidden question with its code, and spends nothing', async () => {
  const of = [...ask, dataset, '--kind', 'mean'];
  await no('COHORT_TOO_SMALL', 3, ...of, '--cohort', 'age-band=5', ...question);
  await no('BUDGET_SPENT', 3, ...of, '--rho', '8', ...question);
  await no('USAGE', 2, ...of, '--rho', '0', ...question);
  await no('USAGE', 2, ...of, '--cohort', 'shoe-size=44', ...question);
  await no('USAGE', 2, ...of, '--vital', 'glucose', ...question);
  await no('USAGE', 2, ...ask, dataset, '--kind', 'ttest', ...question);
  const both = ['--kind', 'ttest', '--cohort', 'sex=1', 'age-band=4'];
  await no('GROUPS_OVERLAP', 3, ...ask, dataset, ...both, ...question);
  await no('USAGE', 2, ...of, '--as', 'rosa');
  await no('DATASET_UNKNOWN', 3, ...ask, 'ff', '--kind', 'mean', ...question);
  await no('PERMIT_UNKNOWN', 3, ...of, '--window', windowWords, '--as', 'dr-bo');
  assert.equal(await left(), 4_600_000);
});

test('a patient sees who asked what, leaves a study and joins it again', async () => {
  const seen = list(await cli('stats', 'list', '--dataset', dataset, '--as', 'ana'), 'questions');
  assert.deepEqual(
    seen.map(({ kind, purpose }) => [kind, purpose]),
    [
      ['mean', 'research'],
      ['sd', 'research'],
      ['sd', 'research'],
    ],
  );
  const studies = await cli('vitals', 'studies', '--as', 'ana');
  assert.deepEqual([studies.studies, studies.notYet], [[dataset], []]);
  assert.deepEqual((await cli('vitals', 'leave', dataset, '--as', 'ana')).studies, []);
  // 21 of 22 would be a question about one patient.
  const of = [...ask, dataset, '--kind', 'mean', '--rho', '0.5', ...question];
  await no('COHORT_OVERLAP', 3, ...of);
  assert.deepEqual((await cli('vitals', 'join', dataset, '--as', 'ana')).studies, [dataset]);
  await no('DATASET_UNKNOWN', 3, 'vitals', 'join', 'ab'.repeat(16), '--as', 'ana');
  await no('PATIENT_UNKNOWN', 3, 'vitals', 'studies', '--as', 'dr-bo');
});

test('salus stats withdraw: one of the two organisations takes a permit back, and the researcher sees it', async () => {
  const rosa = await town.byCommand('rosa');
  const researcher = rosa.accounts[0]?.account ?? '';
  const proposing = ['--dataset', dataset, '--researcher', researcher, '--rho', '1'];
  const second = text(await cli('stats', 'permit', ...proposing, '--by', 'north'), 'permit');
  await cli('stats', 'approve', second, '--by', 'harbour');
  await no('SENDER_WRONG', 3, 'stats', 'withdraw', second, '--by', 'valley');
  await no('PERMIT_UNKNOWN', 3, 'stats', 'withdraw', 'ab'.repeat(16), '--by', 'north');
  await no('USAGE', 2, 'stats', 'withdraw', second);
  const of = [...ask, dataset, '--kind', 'mean', '--rho', '0.5', ...question];
  await no('AMBIGUOUS', 2, ...of);
  const taken = await cli('stats', 'withdraw', second, '--by', 'harbour');
  assert.equal(taken.permit, second);
  await no('PERMIT_WITHDRAWN', 3, 'stats', 'withdraw', second, '--by', 'north');
  await no('PERMIT_WITHDRAWN', 3, ...of, '--permit', second);
  // The servers themselves: a prediction asks them how many there are.
  await no('PERMIT_WITHDRAWN', 3, ...of, '--permit', second, '--predict');

  const [study] = list(await cli('stats', 'list', '--as', 'rosa'), 'datasets');
  const permits = list(study ?? {}, 'permits');
  const said = new Map(permits.map((it) => [it.id, [it.leftMicroRho, Number(it.withdrawnMs) > 0]]));
  assert.deepEqual(said.get(second), [0, true]);
  assert.deepEqual(said.get(permit), [await left(), false]);
  const people = await run(['stats', 'list', '--as', 'rosa'], { home: town.home });
  assert.match(people.stdout, new RegExp(`Permit ${second}.*: taken back `));
  // What is not taken back is the only one again.
  const predicted = await cli(...of, '--predict');
  assert.equal((predicted.planned as Json).patients, 20);
});

test('salus stats forget: a question and its answer leave the wallet, and nothing is spent less', async () => {
  const asked = async () =>
    list(await cli('stats', 'list', '--as', 'rosa'), 'questions').map((it) => text(it, 'query'));
  const before = await asked();
  const [first = ''] = before;
  const spent = await left();
  await no('USAGE', 2, 'stats', 'forget', '--as', 'rosa');
  await no('USAGE', 2, 'stats', 'forget', '--before', 'yesterday', '--as', 'rosa');
  await no('QUERY_UNKNOWN', 3, 'stats', 'forget', 'ff'.repeat(32), '--as', 'rosa');
  await no('AMBIGUOUS', 2, 'stats', 'forget', '', '--as', 'rosa');
  assert.deepEqual((await cli('stats', 'forget', first.slice(0, 12), '--as', 'rosa')).forgotten, [
    first,
  ]);
  assert.deepEqual(await asked(), before.slice(1));
  await no('QUERY_UNKNOWN', 3, 'stats', 'ask', '--continue', first, '--as', 'rosa');
  const day = (of: number) => new Date(of * 86_400_000).toISOString().slice(0, 10);
  const old = ['stats', 'forget', '--before', day(yesterday), '--as', 'rosa'];
  assert.deepEqual((await cli(...old)).forgotten, []);
  const all = ['stats', 'forget', '--before', day(yesterday + 3), '--as', 'rosa'];
  assert.deepEqual(list(await cli(...all), 'forgotten').length, before.length - 1);
  assert.deepEqual(await asked(), []);
  assert.equal(await left(), spent);
  // On the ledger they are, and her patients see them.
  const seen = list(await cli('stats', 'list', '--dataset', dataset, '--as', 'ana'), 'questions');
  assert.equal(seen.length, before.length);
});

test('salus vitals show: one’s own ranges, times outside and the trend of the week', async () => {
  const shown = await cli('vitals', 'show', '--panel', '5', '--as', 'ana');
  const [heart] = list(shown, 'vitals');
  assert.deepEqual([heart?.vital, heart?.values, heart?.low], ['heart-rate', rowsEach, 50]);
  const values = rowsOf(0).map((it) => it.values[0]?.value ?? 0);
  const [day] = list(heart as Json, 'week');
  assert.deepEqual([day?.least, day?.greatest], [Math.min(...values), Math.max(...values)]);
  assert.equal(heart?.slopePerDay, null);
  const people = await run(['vitals', 'show', '--panel', '5', '--as', 'ana'], { home: town.home });
  assert.match(people.stdout, /heart-rate: 40 values.*no trend: fewer than four days/);
  await no('USAGE', 2, 'vitals', 'show', '--days', '32', '--as', 'ana');
});

test('salus vitals limits: one’s own in place of the defaults, in one’s own eyes alone', async () => {
  const heart = ['vitals', 'limits', 'heart-rate', '--as', 'ana'];
  const [first] = list(await cli(...heart), 'limits');
  const unit = '/min';
  assert.deepEqual(first, { vital: 'heart-rate', unit, low: 50, high: 120, isOwn: false });
  const outside = async () => {
    const shown = await cli('vitals', 'show', '--panel', '5', '--as', 'ana');
    const [it] = list(shown, 'vitals');
    return [it?.low, it?.high, list(it ?? {}, 'outside').length > 0];
  };
  assert.deepEqual(await outside(), [50, 120, false]);
  const [own] = list(await cli(...heart, '--high', '60.5'), 'limits');
  assert.deepEqual(own, { vital: 'heart-rate', unit, low: 50, high: 60.5, isOwn: true });
  assert.deepEqual(await outside(), [50, 60.5, true]);
  await cli(...heart, '--low', 'none');
  assert.deepEqual(await outside(), [null, 60.5, true]);

  await no('LIMITS_WRONG', 3, ...heart, '--low', '60.5');
  await no('VALUE_RANGE', 3, ...heart, '--high', '401');
  await no('USAGE', 2, ...heart, '--high', 'much');
  await no('USAGE', 2, ...heart, '--high', '100', '--default');
  await no('USAGE', 2, 'vitals', 'limits', '--high', '100', '--as', 'ana');
  await no('VITAL_UNKNOWN', 3, 'vitals', 'limits', 'mood', '--high', '1', '--as', 'ana');
  assert.deepEqual(await outside(), [null, 60.5, true]);

  const all = list(await cli('vitals', 'limits', '--as', 'ana'), 'limits');
  assert.deepEqual([all.length, all.filter((it) => it.isOwn === true).length], [8, 1]);
  const people = await run(['vitals', 'limits', '--as', 'ana'], { home: town.home });
  assert.match(
    people.stdout,
    /heart-rate: \.\.60\.5 \/min, your own\n[\s\S]*systolic: 90\.\.180 mm\[Hg\], default/,
  );
  await cli(...heart, '--default');
  assert.deepEqual(await outside(), [50, 120, false]);
  // And again own, after the defaults: what was given up is not ended for good.
  await cli(...heart, '--high', '61');
  assert.deepEqual(await outside(), [50, 61, true]);
});

test('salus vitals read: three servers, and with all three stopped what the hub wrote', async () => {
  await cli('grant', 'dr-bo', '--class', 'iot', '--as', 'ana');
  const span = ['--from', `${iso(hour)}:00Z`, '--to', `${iso(hour + 1)}:00Z`, '--panel', '5'];
  const reading = ['vitals', 'read', '--patient', 'Ana Lima', ...span, '--as', 'dr-bo'];
  const expected = rowsOf(0).map((it) => it.values.map(({ value }) => value));
  const read = await cli(...reading);
  const from = (of: Json) => list(of, 'pages').map((it) => it.from);
  const states = (of: Json) => list(of, 'servers').map((it) => it.state);
  const rows = (of: Json) => list(of, 'pages').flatMap((it) => it.rows as number[][]);
  assert.deepEqual([from(read), states(read)], [['servers'], Array(3).fill('answered')]);
  assert.deepEqual(rows(read), expected);

  await cli('person', 'create', 'hub', '--role', 'device', '--hospital', 'north');
  await cli('grant', 'hub', '--write-class', 'iot', '--as', 'ana');
  const hub = await town.byCommand('hub');
  await hub.sync();
  const [grant] = await hub.inbox();
  const registration = await town.registrationOf(ana);
  const days = { consent: grant?.consent ?? ('' as never), sensor: sensor.key, registration };
  const pages = [{ panel: 5, sequence: 0, startHour: hour, rows: rowsOf(0) }];
  const wrote = { panel: 5, day: yesterday, pages: 1 };
  assert.deepEqual(await hub.run(writeHubDays, { ...days, pages }), [{ ...wrote, isNew: true }]);
  assert.deepEqual(await hub.run(writeHubDays, { ...days, pages }), [{ ...wrote, isNew: false }]);
  // A day that is not over has none yet.
  const today = pages.map((it) => ({ ...it, startHour: hoursAgo(0) }));
  assert.deepEqual(await hub.run(writeHubDays, { ...days, pages: today }), []);

  await town.stopDataServers();
  const gone = await cli(...reading);
  assert.deepEqual([from(gone), states(gone)], [['replica'], Array(3).fill('silent')]);
  assert.deepEqual(rows(gone), expected);
  const own = await cli('vitals', 'show', '--panel', '5', '--days', '2', '--as', 'ana');
  assert.deepEqual(from(own), ['replica']);
  await no(
    'VITALS_NOT_HERE',
    5,
    'vitals',
    'read',
    '--patient',
    'Ana Lima',
    '--panel',
    '1',
    ...[...['--from', `${iso(hour)}:00Z`, '--to', `${iso(hour)}:00Z`, '--as', 'dr-bo']],
  );
});

test('--help says what each command takes', async () => {
  const commands = [
    ...['dataset', 'permit', 'approve', 'withdraw', 'ask', 'list', 'forget'].map((name) => [
      'stats',
      name,
    ]),
    ...['read', 'show', 'limits', 'studies', 'join', 'leave'].map((name) => ['vitals', name]),
  ];
  for (const command of commands) {
    const { code, stdout } = await run([...command, '--help'], { home: town.home });
    assert.equal(code, 0);
    assert.ok(stdout.includes(`salus ${command.join(' ')}`), stdout);
  }
});
