import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cardFile, cardIssuer, vaccinated } from '../health-cards.ts';
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

const found = (name: string) =>
  fileURLToPath(new URL(`../fixtures/files/${name}`, import.meta.url));

test('of several files each is its own result, and a bad one does not stop the rest', async () => {
  const ana = await town.patient();
  const cut = town.file('cut.json', '{"resourceType":"Patient"');
  const files = [found('18-eob.json'), cut, found('17-dates.json')];
  const ran = await run(['record', 'add', ...files, '--as', ana.name, '--json'], {
    home: town.home,
  });
  assert.equal(ran.code, 3);
  const lines = linesOf(ran.stdout);
  assert.deepEqual(
    lines.slice(0, 3).map((it) => it.fileName ?? it.file),
    ['18-eob.json', 'cut.json', '17-dates.json'],
  );
  assert.match(ran.stdout + ran.stderr, /2 of 3 files added/);
});

test('a health card says what it is, and whether a key that was given fits it', async () => {
  const ana = await town.patient();
  const issuer = cardIssuer();
  const card = town.file('card.smart-health-card', cardFile([issuer.card(vaccinated)]));
  const keys = town.file('jwks.json', JSON.stringify({ keys: [issuer.jwk] }));
  const added = await town.salus('record', 'add', card, '--as', ana.name);
  assert.equal(list(added, 'healthCards')[0]?.signature, 'issuer-unknown');
  const [item] = list(added, 'items');
  assert.equal(item?.name, 'Health card: COVID-19, Moderna');
  const open = ['record', 'open', text(item ?? {}, 'recordId'), '--as', ana.name];
  const [checked] = list(await town.salus(...open, '--issuer-keys', keys), 'healthCards');
  assert.deepEqual([checked?.signature, checked?.about], ['given-key', 'Jane C. Anyperson']);
  const said = await run(open, { home: town.home });
  assert.match(said.stdout, /Signature not checked: issuer unknown/);
  assert.match(said.stdout, /2021-01-01 {2}COVID-19, Moderna/);
  await town.no('ISSUER_KEYS_INVALID', 2, ...open, '--issuer-keys', card);
});

test('a file about two people is taken for nobody until it is said whose', async () => {
  const ana = await town.patient();
  const add = ['record', 'add', found('06-two-patients.json'), '--as', ana.name];
  await town.no('FILE_PERSONS', 3, ...add);
  const added = await town.salus(...add, '--patient', 'anna');
  assert.deepEqual([added.added, added.ofOthers], [2, 2]);
  const other = ['record', 'add', found('20-export-2020.json'), '--as', ana.name];
  await town.no('FILE_PERSONS', 3, ...other);
});

test('an older export is an older version, in the history too', async () => {
  const ana = await town.patient();
  const add = (name: string) => town.salus('record', 'add', found(name), '--as', ana.name);
  const [, stopped] = list(await add('20-export-2024.json'), 'items');
  const [older] = list(await add('20-export-2020.json'), 'items');
  assert.equal(older?.isOlder, true);
  const id = text(stopped ?? {}, 'recordId');
  const history = await town.salus('record', 'history', id, '--as', ana.name);
  assert.deepEqual(
    list(history, 'versions').map((it) => it.recordId),
    [id, older?.recordId],
  );
});

test('a packed file is read, comes back as it was, and a restricted record is told', async () => {
  const ana = await town.patient();
  const packed = found('15-bundle.json.gz');
  const added = await town.salus('record', 'add', packed, '--as', ana.name);
  assert.ok(list(added, 'items').length > 0);
  const out = town.file('packed.gz');
  const id = text(added, 'importId');
  await town.salus('record', 'export', id, '--out', out, '--as', ana.name);
  assert.equal(sha256(readFileSync(out)), sha256(readFileSync(packed)));
  const labelled = ['record', 'add', found('05-restricted.json'), '--all', '--as', ana.name];
  assert.equal((await town.salus(...labelled)).restricted, 2);
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
  const erased = await town.salus('record', 'erase', record, '--yes', '--as', ana.name);
  assert.deepEqual([erased.erased, erased.tombstones], [[record], 1]);
  await town.no('RECORD_ERASED', 3, 'record', 'open', record, '--as', ana.name);
  const whole = ['record', 'export', '--import', text(added, 'importId')];
  await town.no('EXPORT_INCOMPLETE', 3, ...whole, '--as', ana.name);
});

test('what was erased comes back from a known file when it is asked for', async () => {
  const ana = await town.patient();
  const eob = ['record', 'add', found('18-eob.json'), '--all', '--as', ana.name];
  const record = text(list(await town.salus(...eob), 'items')[0] ?? {}, 'recordId');
  await town.salus('record', 'erase', record, '--yes', '--as', ana.name);
  assert.equal((await town.salus(...eob)).erasedBefore, 1);
  assert.equal((await town.salus(...eob, '--again')).added, 1);
});

test('a text that was cut in the middle of a letter is kept, and listed by its name', async () => {
  const ana = await town.patient();
  const cut = '{"resourceType":"Observation","id":"c","code":{"text":"Sodium \\ud83d"}}';
  const file = town.file('cut.json', cut);
  assert.equal((await town.salus('record', 'add', file, '--as', ana.name)).added, 1);
  const lines = await town.lines('record', 'list', '--as', ana.name);
  assert.ok(lines.some((it) => String(it.name).startsWith('Sodium')));
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
