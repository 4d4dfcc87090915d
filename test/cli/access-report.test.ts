import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { labels } from '../../src/crypto/labels.ts';
import { signingKeyFromSeed, signLabelled } from '../../src/crypto/signature.ts';
import { bytesToBase64url, utf8 } from '../../src/primitives/bytes.ts';
import { list, recordLines, refused, remove, salus, temporaryHome, text, up } from './salus.ts';

let home: string;
let running: Awaited<ReturnType<typeof up>>;
const run = (...args: readonly string[]) => salus(args, { home });

before(async () => {
  home = temporaryHome();
  running = await up(home);
  await run('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  const clinician = ['--hospital', 'harbour', '--role', 'clinician', '--licence', 'H-1'];
  await run('person', 'create', 'dr-bo', '--name', 'Dr Bo <b>', ...clinician);
  const file = join(home, 'result.txt');
  writeFileSync(file, 'a result');
  await run('record', 'add', file, '--class', 'lab', '--as', 'ana');
  const purposes = ['--purpose', 'TREAT,ETREAT'];
  const grant = await run(
    'grant',
    'dr-bo',
    '--class',
    'lab',
    ...purposes,
    '--until',
    '+7d',
    '--as',
    'ana',
  );
  for (const purpose of ['TREAT', 'ETREAT']) {
    const [record = {}] = await recordLines(
      ['record', 'list', '--as', 'dr-bo', '--purpose', purpose],
      { home },
    );
    assert.ok(text(record, 'recordId'));
  }
  await run('revoke', text(grant, 'consent'), '--as', 'ana');
});
after(async () => {
  await running.stop();
  remove(home);
});

test('a report lists looks, emergencies and devices of a time in plain words of three languages, and is signed', async () => {
  const file = join(home, 'report.json');
  const page = join(home, 'report.html');
  const out = ['--out', file, '--html', page, '--language', 'ar'];
  const made = await run('looked', '--report', ...out, '--as', 'ana');
  const kinds = new Set(list(made, 'lines').map(({ kind }) => kind));
  for (const kind of ['look', 'emergency', 'device']) assert.ok(kinds.has(kind), kind);
  assert.deepEqual([made.withheld, made.missing], [[], []]);
  const emergency = list(made, 'lines').find(({ kind }) => kind === 'emergency');
  assert.match(String(emergency?.said), /اطّلع .*Dr Bo.* لحالة طارئة/);
  const html = readFileSync(page, 'utf8');
  assert.match(html, /<html lang="ar" dir="rtl">/);
  assert.doesNotMatch(html, /<b>|<script/);

  const checked = await run('looked', '--check', file);
  assert.deepEqual(
    [checked.holds, checked.publicKey, list(checked, 'lines').length],
    [true, made.publicKey, list(made, 'lines').length],
  );
  assert.equal(checked.key, null, 'without a wallet nobody was asked whose key it is');
  const asked = await run('looked', '--check', file, '--as', 'dr-bo');
  assert.equal((asked.key as { untilHeight: number }).untilHeight, 0);
  const changed = join(home, 'changed.json');
  writeFileSync(changed, readFileSync(file, 'utf8').replace('ETREAT', 'TREAT'));
  const wrong = { code: 'REPORT_WRONG', exit: 3 };
  await refused(['looked', '--check', changed], wrong, { home });
});

test('a report in her name that somebody else signed is as it was signed, and by the ledger not hers', async () => {
  const key = await signingKeyFromSeed(new Uint8Array(32).fill(4));
  const theirs = JSON.parse(readFileSync(join(home, 'report.json'), 'utf8'));
  const said = JSON.stringify({ ...JSON.parse(theirs.text), lines: [] });
  const signature = bytesToBase64url(await signLabelled(key, labels.reportSign, utf8(said)));
  const publicKey = bytesToBase64url(key.publicKey);
  const file = join(home, 'forged.json');
  writeFileSync(file, JSON.stringify({ ...theirs, text: said, publicKey, signature }));
  const checked = await run('looked', '--check', file);
  assert.deepEqual([checked.holds, checked.key], [true, null]);
  const wrong = { code: 'SIGNATURE_WRONG', exit: 3 };
  await refused(['looked', '--check', file, '--as', 'dr-bo'], wrong, { home });
});

test('a report of three years is longer than a small file, and is checked all the same', async () => {
  const key = await signingKeyFromSeed(new Uint8Array(32).fill(3));
  const line = {
    ...{ kind: 'look', atMs: 5, account: 'a'.repeat(64), txId: 'b'.repeat(64), height: 3 },
    facts: { purpose: 'TREAT', count: 1, servedBy: 'c'.repeat(64) },
  };
  const report = {
    ...{ account: 'a'.repeat(64), chain: 'salus-test', madeMs: 9, fromMs: 0, untilMs: 9 },
    ...{ lines: Array.from({ length: 6_000 }, () => line), withheld: [], missing: [] },
  };
  const text = JSON.stringify(report);
  const signature = bytesToBase64url(await signLabelled(key, labels.reportSign, utf8(text)));
  const publicKey = bytesToBase64url(key.publicKey);
  const file = join(home, 'long.json');
  writeFileSync(file, JSON.stringify({ salus: 'access-report/1', text, publicKey, signature }));
  assert.ok(statSync(file).size > 1024 * 1024);
  const checked = await run('looked', '--check', file);
  assert.deepEqual([checked.holds, list(checked, 'lines').length], [true, 6_000]);
});

test('what was done outside the time is not in it, and a time that ends before it begins is refused', async () => {
  const early = ['--from', '2020-01-01', '--to', '2020-12-31'];
  const made = await run('looked', '--report', ...early, '--as', 'ana');
  assert.deepEqual(made.lines, []);
  const backwards = [
    'looked',
    '--report',
    '--from',
    '2026-01-02',
    '--to',
    '2026-01-01',
    '--as',
    'ana',
  ];
  await refused(backwards, { code: 'USAGE', exit: 2 }, { home });
  for (const flag of [
    ['--from', '2026-01-01'],
    ['--to', '2026-01-01'],
    ['--out', join(home, 'none.json')],
  ])
    await refused(['looked', ...flag, '--as', 'ana'], { code: 'USAGE', exit: 2 }, { home });
});
