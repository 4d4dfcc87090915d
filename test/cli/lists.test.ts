import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { list, root, run, text } from './salus.ts';
import { bundle, type Somebody, startTown, type Town } from './town.ts';

const inputs = join(root, 'test', 'fixtures', 'files');
let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

async function patientWith(...files: readonly string[]): Promise<Somebody> {
  const ana = await town.patient();
  for (const file of files) await town.salus('record', 'add', file, '--as', ana.name);
  return ana;
}

/** What a person sees. */
async function told(...args: readonly string[]): Promise<string> {
  const ran = await run(args, { home: town.home });
  assert.equal(ran.code, 0, ran.stdout + ran.stderr);
  return ran.stdout;
}

test('what turns the meaning of a record stands in its name and marks: all nine', async () => {
  const ana = await patientWith(join(inputs, '04-negation.json'));
  const page = await told('record', 'list', '--as', ana.name);
  for (const [name, mark, words] of [
    ['Influenza, seasonal', 'not-done', 'NOT given'],
    ['Ibuprofen 400 MG', 'do-not-perform', 'do NOT give'],
    ['Type 1 diabetes mellitus', 'entered-in-error', 'entered in error'],
    ['Epilepsy', 'refuted', 'refuted'],
    ['Penicillin', 'entered-in-error', 'entered in error'],
    ['Colonoscopy', 'not-done', 'NOT done'],
    ['Warfarin', 'not-taken', 'NOT taken'],
    ['Troponin', 'entered-in-error', 'entered in error'],
    ['MRSA', 'modified', 'read with care'],
  ] as const) {
    const [line] = await town.lines('record', 'find', name, '--as', ana.name);
    assert.ok(Array.isArray(line?.marks) && line.marks.includes(mark), JSON.stringify(line));
    const row = page.split('\n').find((it) => it.includes(name));
    assert.ok(row?.includes(words), row);
  }
});

test('a list has the newest clinical date first, shows twenty and says how many more', async () => {
  const ana = await patientWith(bundle);
  const lines = await town.lines('record', 'list', '--as', ana.name);
  assert.equal(lines.length, 104);
  assert.deepEqual(Object.keys(lines[0] ?? {}), [
    ...['recordId', 'date', 'name', 'value', 'unit', 'flag', 'marks', 'class', 'versions', 'by'],
  ]);
  const dates = lines.map((it) => Date.parse(text(it, 'date'))).filter((it) => !Number.isNaN(it));
  assert.ok(dates.length > 90);
  assert.deepEqual(
    dates,
    dates.toSorted((a, b) => b - a),
  );
  const page = await told('record', 'list', '--as', ana.name);
  assert.match(page, /20 of 104 records; --all shows the other 84/);
  const some = await town.salus('record', 'list', '--as', ana.name, '--limit', '7');
  assert.deepEqual([some.count, some.more], [7, 97]);
});

test('class, dates, a word and a code choose; a trend has the values of one code', async () => {
  const ana = await patientWith(bundle);
  const list = ['record', 'list', '--as', ana.name] as const;
  const labs = await town.lines(...list, '--class', 'lab');
  assert.ok(labs.some((it) => it.value !== '') && labs.every((it) => it.class === 'lab'));
  const of2010 = await town.lines(...list, '--since', '2010', '--until', '2010');
  assert.ok(of2010.every((it) => text(it, 'date').startsWith('2010')));
  const weights = await town.lines('record', 'trend', '29463-7', '--as', ana.name);
  assert.ok(weights.length > 1 && weights.every((it) => it.unit === 'kg'), JSON.stringify(weights));
  assert.match(await told('record', 'trend', 'loinc|29463-7', '--as', ana.name), /kg +#/);
  assert.deepEqual(
    (await town.lines('record', 'find', 'body weight', '--as', ana.name)).map((it) => it.recordId),
    weights.map((it) => it.recordId),
  );
  for (const bad of ['yesterday', '2024-13', '2023-02-29', '2024-05-01T10:00']) {
    await town.no('USAGE', 2, ...list, '--since', bad);
  }
});

test('numbers and dates keep the spelling that they have in the file', async () => {
  const ana = await patientWith(join(inputs, '10-decimals.json'), join(inputs, '17-dates.json'));
  const values = (await town.lines('record', 'list', '--as', ana.name)).map((it) => it.value);
  for (const spelled of ['1.00', '1.2E+2', '-0.0', '7e-1']) assert.ok(values.includes(spelled));
});

test('a doctor’s list has names and values, opens no body, and is one look that the patient sees', async () => {
  const ana = await patientWith(bundle);
  const doctor = await town.doctor();
  await town.salus('grant', doctor.name, '--as', ana.name, '--class', 'lab', '--until', '+1h');
  const lines = await town.lines('record', 'list', '--patient', ana.fullName, '--as', doctor.name);
  assert.ok(lines.length > 10);
  assert.ok(lines.some((it) => it.value !== '') && lines.every((it) => it.name !== ''));
  assert.deepEqual([...new Set(lines.map((it) => it.by))], [ana.fullName]);
  const page = await told('record', 'list', '--as', doctor.name, '--limit', '3');
  assert.match(page, /one look at the lines of \d+ records stands on the ledger: height \d+/);
  const looked = await told('looked', '--as', ana.name);
  assert.match(looked, /none was kept back/);
  // What is no date, class or purpose is said before anybody looks.
  const looks = async () => list(await town.salus('grants', '--as', ana.name), 'grants')[0]?.looks;
  const before = await looks();
  for (const [flag, bad, code] of [
    ['--since', 'yesterday', 'USAGE'],
    ['--class', 'labs', 'CLASS_UNKNOWN'],
    ['--purpose', 'TREATMENT', 'PURPOSE_UNKNOWN'],
  ] as const) {
    await town.no(code, 2, 'record', 'list', flag, bad, '--as', doctor.name);
  }
  assert.equal(await looks(), before);
});

test('an erased record stands in the list as erased', async () => {
  const ana = await patientWith(town.file('a.txt', 'one'));
  const [line] = await town.lines('record', 'list', '--as', ana.name);
  await town.salus('record', 'erase', text(line ?? {}, 'recordId'), '--yes', '--as', ana.name);
  const [gone] = await town.lines('record', 'list', '--as', ana.name);
  assert.deepEqual([gone?.recordId, gone?.name, gone?.marks], [line?.recordId, '', ['erased']]);
});
