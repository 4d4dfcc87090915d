import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { list, passphrase, run, text } from './salus.ts';
import { bundle, type Somebody, startTown, type Town } from './town.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

/** A patient, and a doctor of another hospital who may read and write diagnoses. */
async function sharing(): Promise<{ readonly ana: Somebody; readonly doctor: Somebody }> {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const classes = ['--class', 'diagnosis', '--write-class', 'diagnosis', '--until', '+7d'];
  await town.salus('grant', doctor.name, '--as', ana.name, ...classes);
  return { ana, doctor };
}

/** Enrols the patient at Valley too. */
async function enrolAtValley(ana: Somebody): Promise<void> {
  const code = town.file('code', ana.recoveryCode);
  await town.salus('person', 'enrol', ana.name, '--hospital', 'valley', '--code-file', code);
}

test('a doctor corrects his diagnosis, and marks one as entered in error; history shows all', async () => {
  const { ana, doctor } = await sharing();
  const as = ['--yes', '--as', doctor.name];
  const unsure = ['--as', doctor.name];
  const first = await town.salus('diagnose', ana.fullName, '--text', 'Measles', ...as);
  const id = text(first, 'recordId');
  const corrects = ['--corrects', id, '--reason', 'rash was hives'];
  const second = await town.salus('diagnose', ana.fullName, '--text', 'Hives', ...corrects, ...as);
  const newer = text(second, 'recordId');
  assert.equal(second.previous, id);
  const error = ['--entered-in-error', '--reason', 'another patient'];
  await town.no('PATIENT_UNCONFIRMED', 2, 'record', 'correct', newer, ...error, ...unsure);
  const unsureOf = ['diagnose', ana.fullName, '--text', 'Hives', ...corrects, ...unsure];
  await town.no('PATIENT_UNCONFIRMED', 2, ...unsureOf);
  const third = await town.salus('record', 'correct', newer, ...error, ...as);
  assert.deepEqual([third.enteredInError, third.class], [true, 'diagnosis']);
  const shown = await town.lines('record', 'list', '--as', ana.name);
  const marked = shown.find((it) => it.recordId === third.recordId);
  assert.deepEqual(marked?.marks, ['entered-in-error']);
  for (const who of [ana, doctor]) {
    const { versions } = await town.salus('record', 'history', id, '--as', who.name);
    const [now, before, oldest] = list({ versions }, 'versions');
    assert.deepEqual(now?.amends, { reason: 'another patient', enteredInError: true });
    assert.deepEqual(before?.amends, { reason: 'rash was hives', enteredInError: false });
    assert.equal(oldest?.recordId, id);
  }
  const other = await town.doctor();
  await town.no('RECORD_UNKNOWN', 3, 'record', 'amend', id, ...error, '--as', other.name);
  await town.no('MISSING', 2, 'record', 'amend', id, '--reason', 'x', ...as);
  await town.no('FILE_EMPTY', 3, 'record', 'amend', newer, '--text', '', '--reason', 'x', ...as);
  await town.no(
    'AMENDMENT_REASON',
    2,
    'record',
    'amend',
    id,
    '--text',
    'x',
    '--reason',
    ' ',
    ...as,
  );
});

test('a patient files what she brought under another class; the old version goes when she says so', async () => {
  const ana = await town.patient();
  const as = ['--as', ana.name];
  await town.salus('record', 'add', town.file('scan.txt', 'a picture'), ...as);
  const listed = await town.lines('record', 'list', ...as);
  const id = text(listed.find((it) => it.name === 'scan.txt') ?? {}, 'recordId');
  const filed = await town.salus(
    ...['record', 'reclassify', id, '--class', 'image', '--title', 'Scan', '--erase-old', ...as],
  );
  assert.deepEqual([filed.class, filed.name, filed.erasedOld], ['image', 'Scan', true]);
  const opened = await town.salus('record', 'open', text(filed, 'recordId'), ...as);
  assert.equal(opened.text, 'a picture');
  await town.no('RECORD_ERASED', 3, 'record', 'open', id, ...as);
  const same = ['record', 'reclassify', text(filed, 'recordId'), '--class', 'image', ...as];
  await town.no('RECORD_CLASS_SAME', 2, ...same);
});

test('a patient moves her chart, and closes the account of before', async () => {
  const { ana, doctor } = await sharing();
  await town.salus('record', 'add', bundle, '--as', ana.name);
  await town.salus('diagnose', ana.fullName, '--text', 'Hay fever', '--yes', '--as', doctor.name);
  await enrolAtValley(ana);
  const move = ['person', 'move', ana.name, '--to', 'valley'];
  await town.no('CONFIRMATION_MISSING', 2, ...move);
  const would = await town.salus(...move, '--dry-run');
  assert.equal(list(would, 'grants').length, 1);
  const moved = await town.salus(...move, '--grants', '--yes');
  assert.deepEqual([moved.moved, moved.left], [would.toMove, []]);
  assert.equal(list(moved, 'granted').length, 1);
  const again = await town.salus(...move, '--grants', '--yes');
  assert.deepEqual([again.moved, list(again, 'granted').length], [0, 0]);
  const closed = await town.salus('person', 'close', ana.name, '--account', 'north', '--yes');
  assert.equal(closed.revoked, 1);
  assert.ok(Number(closed.erased) > 100);
  // What acts from then on is the account that is left.
  const listed = await town.lines('record', 'list', '--as', ana.name);
  // The import's bookkeeping is no line; grants and looks of before are one.
  assert.equal(listed.length, Number(closed.erased));
  const diagnosis = listed.find((it) => it.name === 'Diagnosis');
  const opened = await town.salus(
    'record',
    'open',
    text(diagnosis ?? {}, 'recordId'),
    '--as',
    ana.name,
  );
  assert.deepEqual(
    [opened.text, opened.by, opened.problems],
    ['Hay fever', doctor.fullName, undefined],
  );
  const [weight] = await town.lines('record', 'trend', '29463-7', '--as', ana.name);
  assert.ok(Number(weight?.value) > 0);
  const [from] = list(opened, 'movedFrom');
  assert.deepEqual([from?.from, from?.notVerified], ['North Hospital', undefined]);
  const twice = await town.salus('person', 'close', ana.name, '--account', 'north', '--yes');
  assert.equal(twice.txId, undefined);
});

test('who leaves has everything, read back and checked, before anything is erased', async () => {
  const { ana, doctor } = await sharing();
  await town.salus('record', 'add', bundle, '--as', ana.name);
  await town.salus('diagnose', ana.fullName, '--text', 'Hay fever', '--yes', '--as', doctor.name);
  const out = town.file('all');
  const leave = ['person', 'leave', ana.name, '--out', out];
  await town.no('CONFIRMATION_MISSING', 2, ...leave);
  assert.equal(existsSync(out), false);
  const left = await town.salus(...leave, '--yes');
  assert.deepEqual([left.revoked, left.out], [1, out]);
  const [file] = readdirSync(join(out, 'imports'));
  assert.equal(
    sha256(readFileSync(join(out, 'imports', file ?? ''))),
    sha256(readFileSync(bundle)),
  );
  const [note] = readdirSync(join(out, 'records'));
  assert.equal(readFileSync(join(out, 'records', note ?? ''), 'utf8'), 'Hay fever');
  const { files } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  for (const it of files) assert.equal(sha256(readFileSync(join(out, it.name))), it.sha256);
  assert.ok(readdirSync(join(out, 'receipts')).length > 0);
});

test('an export over which another file lies stops leaving, and nothing is erased', async () => {
  const { ana, doctor } = await sharing();
  await town.salus('diagnose', ana.fullName, '--text', 'Hay fever', '--yes', '--as', doctor.name);
  const card = town.file('own.card', 'of somebody else');
  const leave = ['person', 'leave', ana.name, '--out', dirname(card), '--yes'];
  await town.no('FILE_EXISTS', 2, ...leave);
  const listed = await town.lines('record', 'list', '--as', ana.name);
  assert.deepEqual(
    listed.map((it) => [it.name, it.marks]),
    [['Diagnosis', []]],
  );
});

test('a grant of a part is not given anew by itself: what it opens there would be more', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  await town.salus('record', 'add', town.file('old.txt', 'of before'), '--as', ana.name);
  const [record] = await town.lines('record', 'list', '--as', ana.name);
  const until = ['--until', '+7d'];
  const grant = ['grant', doctor.name, '--as', ana.name, ...until];
  const since = await town.salus(...grant, '--class', 'note', '--history', 'none');
  await town.salus(...grant, '--record', text(record ?? {}, 'recordId'));
  await town.salus(...grant, '--class', 'lab', '--restricted', '--from', '+1d');
  await enrolAtValley(ana);
  const moved = await town.salus('person', 'move', ana.name, '--to', 'valley', '--grants', '--yes');
  const [given, ...others] = list(moved, 'granted');
  assert.deepEqual(others, []);
  const there = list(await town.salus('grants', '--as', `${ana.name}@valley`), 'grants');
  assert.deepEqual(
    there.map((it) => [it.consent, it.state, it.readClasses]),
    [[given, 'not yet', ['lab', 'private']]],
  );
  const [first, second] = list(moved, 'grants').map(String).toSorted();
  assert.match(first ?? '', /--class note --history none --purpose TREAT --until/);
  assert.match(second ?? '', /--record ID --purpose/);
  assert.ok(Number(since.fromMs) > 0);
});

test('who closes an account or moves is asked for the passphrase once', async () => {
  const ana = await town.patient();
  await enrolAtValley(ana);
  let asked = 0;
  const terminal = {
    secret: async () => {
      asked += 1;
      return passphrase;
    },
    line: async () => '',
    yes: async () => true,
  };
  const at = { home: town.home, env: { SALUS_PASSPHRASE: '' }, terminal };
  const move = ['person', 'move', ana.name, '--from', 'north', '--to', 'valley'];
  assert.equal((await run(move, at)).code, 0);
  assert.equal((await run(['person', 'close', ana.name, '--account', 'north'], at)).code, 0);
  assert.equal(asked, 2);
});
