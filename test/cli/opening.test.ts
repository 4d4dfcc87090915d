import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { list, recordLines, run, text } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const observation = (id: string, name: string, rest: string) =>
  `{"resourceType":"Observation","id":"${id}","status":"final","code":{"text":"${name}"},${rest}}`;
const pdf = Buffer.from('%PDF-1.4 a scan');
const letter = `{"resourceType":"DocumentReference","id":"d","status":"current","type":{"text":"Lab report"},
  "content":[{"attachment":{"contentType":"application/pdf","title":"report.pdf","data":"${pdf.toString('base64')}"}}]}`;
const chart = [
  observation('h', 'Haemoglobin', '"valueQuantity":{"value":13.352847,"unit":"g/dL"}'),
  observation('h2', 'Haemoglobin A1c', '"valueQuantity":{"value":1.10,"unit":"%"}'),
  '{"resourceType":"Immunization","id":"i","status":"not-done","vaccineCode":{"text":"Influenza"}}',
  letter.replaceAll('\n', ' '),
].join('\n');

async function withChart() {
  const ana = await town.patient();
  const as = ['--as', ana.name] as const;
  const added = await town.salus('record', 'add', town.file('chart.ndjson', chart), ...as);
  const ids = list(added, 'items').map((it) => text(it, 'recordId'));
  const read = (...args: readonly string[]) =>
    run(['record', 'open', ...args, ...as], { home: town.home });
  return { ana, as, ids, read };
}

test('a record is read out in words, and --raw gives its bytes', async () => {
  const { ids, read } = await withChart();
  const shown = await read(ids[0] ?? '');
  assert.match(
    shown.stdout,
    /^Haemoglobin {2}\(Measurement or finding\)\n\nResult +13\.35 g\/dL\n/,
  );
  assert.equal(shown.stdout.includes('resourceType'), false);
  const raw = await read(ids[0] ?? '', '--raw');
  assert.equal(raw.stdout, chart.split('\n')[0]);
});

test('it is opened by the number of the last list, by name, and by the beginning of its id', async () => {
  const { ana, as, ids, read } = await withChart();
  const [line] = await recordLines(['record', 'list', ...as], { home: town.home });
  const first = text(line ?? {}, 'recordId');
  const byNumber = await town.salus('record', 'open', '1', ...as);
  assert.equal(byNumber.recordId, first);
  const kept = join(town.home, 'people', `${ana.name}.listed`);
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.match(readFileSync(kept, 'utf8'), /^([0-9a-f]{32}\n)+$/);
  for (const name of ['influenza', 'Influenza: not given', (ids[2] ?? '').slice(0, 8)]) {
    const opened = await town.salus('record', 'open', name, ...as);
    assert.deepEqual(
      [opened.recordId, opened.title, opened.marks],
      [ids[2], 'Influenza: NOT given', ['not-done']],
    );
  }
  // Called exactly so, before what only begins so.
  assert.equal((await town.salus('record', 'open', 'haemoglobin', ...as)).recordId, ids[0]);
  const several = await read('haemo');
  assert.equal(several.code, 2);
  assert.match(several.stderr, /Haemoglobin A1c +1\.10 %/);
  assert.match(several.stderr, /Haemoglobin +13\.35 g\/dL/);
  const no = await town.no('AMBIGUOUS', 2, 'record', 'open', 'haemo', ...as);
  assert.deepEqual(new Set(list(no, 'choices').map((it) => it.record)), new Set(ids.slice(0, 2)));
  await town.no('RECORD_UNKNOWN', 3, 'record', 'open', 'potassium', ...as);
});

test('a document inside a record comes out with its very bytes', async () => {
  const { as, ids, read } = await withChart();
  const id = ids[3] ?? '';
  assert.match((await read(id)).stdout, /Document 1: report\.pdf, application\/pdf, 15 bytes/);
  const out = town.file('report.pdf');
  const given = await town.salus('record', 'open', id, '--attachment', '1', '--out', out, ...as);
  assert.deepEqual(readFileSync(out), pdf);
  assert.deepEqual([given.contentType, given.bytes], ['application/pdf', 15]);
  assert.equal((await read(id, '--attachment', '1', '--out', '-')).stdout, pdf.toString());
  const none = await town.no(
    'ATTACHMENT_UNKNOWN',
    2,
    'record',
    'open',
    id,
    '--attachment',
    '2',
    ...as,
  );
  assert.deepEqual(none.details, { count: 1 });
});

test("a page names the patient, and says in its heading what turns the record's meaning", async () => {
  const { ana, as, ids } = await withChart();
  const { html } = await town.salus('record', 'open', ids[2] ?? '', '--html', ...as);
  assert.ok(String(html).includes(`Patient: <b>${ana.fullName}</b>`));
  assert.ok(String(html).includes('<h1>Influenza: NOT given</h1>'));
});
