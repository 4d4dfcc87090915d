import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type Json,
  list,
  recordLines,
  refused,
  remove,
  salus,
  temporaryHome,
  text,
} from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

test('people are made, enrolled at a desk of this machine, and listed without a passphrase', async () => {
  const { home, salus: run } = town;
  const ana = await run('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  assert.match(text(ana, 'recoveryCode'), /^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/);
  const doctor = ['--role', 'clinician', '--name', 'Dr Bo', '--licence', 'H-1'];
  await run('person', 'create', 'dr-bo', '--hospital', 'harbour', ...doctor);
  const pump = await run('person', 'create', 'pump', '--hospital', 'north', '--role', 'device');
  assert.equal(pump.recoveryCode, undefined);
  const listed = await salus(['person', 'list'], { home, env: { SALUS_PASSPHRASE: '' } });
  const people = list(listed, 'people').map((it) => [it.name, it.role, it.hospital]);
  assert.deepEqual(
    people.filter(([name]) => ['ana', 'dr-bo', 'pump'].includes(String(name))),
    [
      ['ana', 'patient', 'north'],
      ['dr-bo', 'clinician', 'harbour'],
      ['pump', 'device', 'north'],
    ],
  );
});

test('a wallet shows whose it is, and which ledger it believes', async () => {
  const ana = await town.patient();
  const saved = town.file('trust.json');
  const shown = await town.salus('person', 'show', ana.name, '--save-trust', saved);
  assert.equal(shown.fullName, ana.fullName);
  const kept: unknown = JSON.parse(readFileSync(join(town.home, 'trust.json'), 'utf8'));
  assert.deepEqual(JSON.parse(readFileSync(saved, 'utf8')), kept);
});

test('the status page shows the people who came since', async () => {
  const doctor = await town.doctor();
  const page = await (await fetch(`${town.url}/status`)).text();
  assert.ok(page.includes(doctor.name));
});

test('cards travel as files', async () => {
  const [doctor, ana] = [await town.doctor(), await town.patient()];
  const file = town.file('doctor.card');
  const card = await town.salus('card', 'show', '--as', doctor.name, '--out', file);
  assert.equal(card.licence, 'H-1');
  const added = await town.salus('card', 'add', file, '--nickname', 'bo', '--as', ana.name);
  assert.deepEqual([added.nickname, added.name], ['bo', doctor.fullName]);
  const hostile = ['--nickname', 'bo\u202e', '--as', ana.name];
  await town.no('NAME_INVALID', 3, 'card', 'add', file, ...hostile);
  const bytes = readFileSync(file);
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  const forged = town.file('forged.card', bytes);
  await town.no('CARD_INVALID', 3, 'card', 'add', forged, '--as', ana.name);
});

test('keys and passphrase change, and everything still opens', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const writing = ['--write-class', 'diagnosis', '--until', '+1h'];
  await town.salus('grant', doctor.name, '--as', ana.name, ...writing);
  await town.salus('diagnose', ana.fullName, '--as', doctor.name, '--text', 'Hay fever', '--yes');
  const rotated = await town.salus('person', 'rotate', ana.name);
  assert.equal(typeof rotated.height, 'number');
  const next = town.file('new.passphrase', 'a new passphrase for tests\n');
  await town.salus('person', 'passphrase', ana.name, '--new-passphrase-file', next);
  await town.no('PASSPHRASE_WRONG', 3, 'person', 'show', ana.name);
  const withNew = ['--as', ana.name, '--passphrase-file', next];
  const [written] = await town.lines('record', 'list', ...withNew, '--class', 'diagnosis');
  assert.equal(written?.by, doctor.fullName);
  const opened = await town.salus('record', 'open', text(written ?? {}, 'recordId'), ...withNew);
  assert.equal(opened.text, 'Hay fever');
});

test('a lost device: the printed code alone brings the wallet back, in another home', async () => {
  const ana = await town.patient();
  await town.salus('record', 'add', town.file('a.txt', 'one'), '--as', ana.name);
  await town.salus('record', 'add', town.file('b.txt', 'two'), '--as', ana.name);
  const other = temporaryHome();
  try {
    const hospital = `${town.url}/north`;
    const code = town.file('ana.code', ana.recoveryCode);
    const there = { home: other, env: { SALUS_PASSPHRASE: 'another passphrase' } };
    const recover = ['person', 'recover', 'ana', '--code-file', code, '--gateway', hospital];
    const recovered = await salus(recover, there);
    assert.equal(recovered.fullName, ana.fullName);
    const ids = async (run: Promise<readonly Json[]>) => (await run).map((it) => it.recordId);
    const before = await ids(town.lines('record', 'list', '--as', ana.name));
    assert.ok(before.length >= 2);
    assert.deepEqual(await ids(recordLines(['record', 'list'], there)), before);
    const wrong = town.file('wrong.code', 'H3VP-1K70-YWS6-SHRS-P54C-GW1C-FSKD-KDMT-9DH7');
    const again = ['person', 'recover', 'ana2', '--code-file', wrong, '--gateway', hospital];
    await refused(again, { code: 'RECOVERY_CODE_WRONG', exit: 3 }, there);
  } finally {
    remove(other);
  }
});

test('over a damaged wallet the printed code restores, and the damaged file is kept', async () => {
  const ana = await town.patient();
  const path = join(town.home, 'people', `${ana.name}.wallet`);
  const whole = readFileSync(path);
  const code = town.file('ana.code', ana.recoveryCode);
  const recover = ['person', 'recover', ana.name, '--code-file', code, '--hospital', 'north'];
  await town.no('WALLET_EXISTS', 2, ...recover);
  for (const damaged of [
    whole.subarray(0, 30),
    whole.subarray(0, whole.length - 1),
    Buffer.alloc(99),
  ]) {
    writeFileSync(path, damaged);
    const shown = await town.no('WALLET_INVALID', 3, 'person', 'show', ana.name);
    assert.match(text(shown, 'sentence'), /person recover/);
    const recovered = await town.salus(...recover);
    assert.deepEqual(readFileSync(text(recovered, 'damaged')), Buffer.from(damaged));
    assert.equal((await town.salus('person', 'show', ana.name)).fullName, ana.fullName);
  }
});

test('who was made here and enrolled nowhere is told what is missing', async () => {
  const made = await town.salus('person', 'create', 'bob', '--name', 'Bob');
  await town.no('MISSING', 2, 'person', 'enrol', 'bob', '--hospital', 'north');
  await town.no('PERSON_NOT_ENROLLED', 3, 'record', 'add', town.file('a.txt', 'a'), '--as', 'bob');
  const code = town.file('bob.code', text(made, 'recoveryCode'));
  await town.salus('person', 'enrol', 'bob', '--hospital', 'north', '--code-file', code);
});
