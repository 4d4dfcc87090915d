import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { linesOf, list, run, text } from './salus.ts';
import { pdf, startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

test('a command replaces no file of other bytes, unless --force says so', async () => {
  const ana = await town.patient();
  const as = ['--as', ana.name];
  const added = await town.salus('record', 'add', town.file('note.txt', 'from here'), ...as);
  const mine = town.file('mine.txt', 'my own, edited');
  const exported = ['record', 'export', text(added, 'importId'), '--out', mine, ...as];
  await town.no('FILE_EXISTS', 2, ...exported);
  assert.equal(readFileSync(mine, 'utf8'), 'my own, edited');
  await town.salus(...exported, '--force');
  assert.equal(readFileSync(mine, 'utf8'), 'from here');
  // The same bytes once more: there is nothing to replace.
  await town.salus(...exported);
  for (const command of [
    ['card', 'show', '--out', town.file('card', 'x')],
    ['receipt', text(added, 'importId'), '--out', town.file('receipt', 'x')],
    ['person', 'show', '--save-trust', town.file('trust', 'x')],
    ['looked', '--html', town.file('looked', 'x')],
  ]) {
    await town.no('FILE_EXISTS', 2, ...command, ...as);
    assert.equal(readFileSync(command.at(-1) ?? '', 'utf8'), 'x');
  }
});

test('a desk makes no invitation of which it could not keep the sheet', async () => {
  const sheet = town.file('sheet.html', 'another sheet');
  const invite = ['desk', 'invite', '--hospital', 'north', '--role', 'patient'];
  const before = await town.salus('desk', 'list', '--hospital', 'north');
  await town.no('FILE_EXISTS', 2, ...invite, '--name', 'Eva Roe', '--sheet', sheet);
  const behind = await town.salus('desk', 'list', '--hospital', 'north');
  assert.equal(behind.count, before.count);
});

test('a device stays one, and the target of a link gets the bytes', async () => {
  const ana = await town.patient();
  const as = ['--as', ana.name];
  const added = await town.salus('record', 'add', town.file('note.txt', 'linked'), ...as);
  const exported = ['record', 'export', text(added, 'importId'), ...as, '--out'];
  await town.salus(...exported, '/dev/null');
  assert.equal(lstatSync('/dev/null').isCharacterDevice(), true);
  const [target, link] = [town.file('target.txt', 'old'), town.file('link.txt')];
  symlinkSync(target, link);
  await town.salus(...exported, link);
  assert.equal(lstatSync(link).isSymbolicLink(), true);
  assert.equal(readFileSync(target, 'utf8'), 'linked');
});

test('--out - gives the file and nothing else on standard output, and is not for --json', async () => {
  const ana = await town.patient();
  const as = ['--as', ana.name];
  const added = await town.salus('record', 'add', town.file('note.txt', 'to a pipe'), ...as);
  const exported = ['record', 'export', text(added, 'importId'), '--out', '-', ...as];
  const { code, stdout, stderr } = await run(exported, { home: town.home });
  assert.deepEqual([code, stdout], [0, 'to a pipe']);
  assert.match(stderr, /SHA-256/);
  await town.no('USAGE', 2, ...exported);
});

test('everything comes back: files as they were, what a doctor wrote, what is left of a file', async () => {
  const [ana, bo] = [await town.patient(), await town.doctor()];
  const as = ['--as', ana.name];
  await town.salus('record', 'add', pdf, ...as);
  const two = town.file(
    'two.ndjson',
    '{"resourceType":"Basic","id":"a","code":{"text":"first"}}\n{"resourceType":"Basic","id":"b"}\n',
  );
  const added = await town.salus('record', 'add', two, ...as);
  const [, second] = list(added, 'items');
  await town.salus('record', 'erase', text(second ?? {}, 'recordId'), '--yes', ...as);
  const card = town.file('bo.card');
  await town.salus('card', 'show', '--out', card, '--as', bo.name);
  await town.salus('card', 'add', card, '--nickname', 'dr-bo', ...as);
  await town.salus('grant', 'dr-bo', '--class', 'note', '--write-class', 'note', ...as);
  const note = town.file('seen.txt', 'seen today');
  await town.salus('record', 'add', note, '--class', 'note', '--yes', '--as', bo.name);
  // A name of 244 bytes, which somebody else chose, keeps nothing back.
  const long = town.file(`${'検'.repeat(80)}.txt`, 'a long name');
  await town.salus('record', 'add', long, '--class', 'note', '--yes', '--as', bo.name);

  const out = town.file('everything');
  const everything = ['record', 'export', '--all', '--out', out, ...as];
  const ran = await run([...everything, '--json'], { home: town.home });
  assert.equal(ran.code, 0, ran.stdout);
  const lines = linesOf(ran.stdout);
  const last = lines.at(-1);
  assert.deepEqual([last?.imports, last?.records], [1, 3]);
  assert.deepEqual(readFileSync(join(out, 'discharge-letter.pdf')), readFileSync(pdf));
  const names = readdirSync(out);
  assert.equal(names.length, 4);
  assert.equal(statSync(out).mode & 0o777, 0o700);
  const content = (start: string) =>
    readFileSync(join(out, names.find((name) => name.startsWith(start)) ?? ''), 'utf8');
  assert.equal(content('seen'), 'seen today');
  assert.equal(content('検'), 'a long name');
  assert.match(content('first'), /"id":"a"/);
  // Once more into the same folder: it is all there already.
  await town.salus(...everything);
  assert.deepEqual(readdirSync(out).toSorted(), names.toSorted());
});
