import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { linesOf, list, refused, run, salus, text } from './salus.ts';
import { bundle, pdf, startTown, type Town } from './town.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

test('files are added, given back byte for byte, and adding them again adds nothing', async () => {
  const ana = await town.patient();
  const imported = await town.salus('record', 'add', bundle, '--as', ana.name);
  assert.equal(imported.sha256, sha256(readFileSync(bundle)));
  assert.equal(imported.added, 104);
  const again = await town.salus('record', 'add', bundle, '--as', ana.name);
  assert.deepEqual([again.added, again.importId], [0, imported.importId]);
  const out = town.file('back.json');
  const exported = ['record', 'export', '--import', text(imported, 'importId'), '--out', out];
  const back = await town.salus(...exported, '--as', ana.name);
  assert.equal(back.sha256, imported.sha256);
  assert.equal(sha256(readFileSync(out)), imported.sha256);
});

test('a file that is no FHIR is kept whole, in the class that was said', async () => {
  const ana = await town.patient();
  const letter = await town.salus('record', 'add', pdf, '--class', 'summary', '--as', ana.name);
  assert.equal(list(letter, 'items')[0]?.recordClass, 'summary');
});

test('what patients typed themselves says so, wherever it is shown', async () => {
  const ana = await town.patient();
  const note = ['record', 'add', '-', '--name', 'diary.txt', '--entered-by', 'patient'];
  const typed = { home: town.home, stdin: 'slept badly' };
  const [added] = linesOf((await run([...note, '--as', ana.name, '--json'], typed)).stdout);
  const [item] = list(added ?? {}, 'items');
  const id = text(item ?? {}, 'recordId');
  const opened = await town.salus('record', 'open', id, '--as', ana.name);
  assert.deepEqual(
    [opened.text, opened.enteredBy, opened.mediaType],
    ['slept badly', 'patient', 'text/plain'],
  );
  const page = await town.salus('record', 'open', id, '--html', '--as', ana.name);
  assert.match(text(page, 'html'), /by the patient/);
  assert.match(text(page, 'html'), /slept badly/);
  const lines = await town.lines('record', 'list', '--as', ana.name, '--class', 'other');
  assert.deepEqual(
    lines.map((it) => [it.recordId, it.by]),
    [[id, ana.fullName]],
  );
});

test('an erased record is gone, and its holder signed that', async () => {
  const ana = await town.patient();
  const added = await town.salus('record', 'add', town.file('a.txt', 'one'), '--as', ana.name);
  const record = text(list(added, 'items')[0] ?? {}, 'recordId');
  const erased = await town.salus('record', 'erase', record, '--as', ana.name);
  assert.deepEqual([erased.erased, erased.tombstones], [[record], 1]);
  await town.no('RECORD_ERASED', 3, 'record', 'open', record, '--as', ana.name);
  const whole = ['record', 'export', '--import', text(added, 'importId')];
  await town.no('EXPORT_INCOMPLETE', 3, ...whole, '--as', ana.name);
});

test('receipts are checked with a file and a trust root; a changed one fails with exit code 4', async () => {
  const ana = await town.patient();
  const added = await town.salus('record', 'add', town.file('a.txt', 'one'), '--as', ana.name);
  const record = text(list(added, 'items')[0] ?? {}, 'recordId');
  const file = town.file('one.receipt');
  const made = await town.salus('receipt', record, '--as', ana.name, '--out', file);
  const trust = ['--trust', join(town.home, 'trust.json')];
  // Neither home nor passphrase nor gateway.
  const elsewhere = { home: join(town.home, 'nowhere'), env: { SALUS_PASSPHRASE: '' } };
  const verdict = await salus(['check-receipt', file, ...trust], elsewhere);
  assert.deepEqual([verdict.txId, verdict.vouchedBy], [made.txId, 'operator']);
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  const changed = town.file('changed.receipt');
  writeFileSync(changed, bytes);
  const wrong = { code: 'RECEIPT_INVALID', exit: 4 };
  await refused(['check-receipt', changed, ...trust], wrong, elsewhere);
  const out = town.file('tx.receipt');
  const byTx = await town.salus('receipt', text(made, 'txId'), '--as', ana.name, '--out', out);
  assert.equal(byTx.height, made.height);
});
