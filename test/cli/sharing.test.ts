import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { list, start, text } from './salus.ts';
import { bundle, type Somebody, startTown, type Town } from './town.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

/** A patient with a chart, and a doctor of another hospital who may read two classes of it. */
async function sharing({ isLarge = false } = {}) {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const add = (file: string, ...flags: readonly string[]) =>
    town.salus('record', 'add', file, '--as', ana.name, ...flags);
  if (isLarge) await add(bundle);
  else {
    await add(town.file('result.txt', 'a result'), '--class', 'lab');
    await add(town.file('pills.txt', 'a prescription'), '--class', 'medication');
  }
  const classes = ['--class', 'lab', '--class', 'diagnosis', '--write-class', 'diagnosis'];
  const given = await town.salus(
    ...['grant', doctor.name, '--as', ana.name, ...classes, '--until', '+7d'],
  );
  return { ana, doctor, given, consent: text(given, 'consent') };
}

/** The doctor looks at one laboratory result; its id. */
async function look(doctor: Somebody): Promise<string> {
  const lines = await town.lines('record', 'list', '--as', doctor.name);
  const record = text(lines.find((it) => it.class === 'lab') ?? {}, 'recordId');
  await town.salus('record', 'open', record, '--as', doctor.name);
  return record;
}

test('a doctor of the same machine is granted by name, and finds the grant in his inbox', async () => {
  const { ana, doctor, given, consent } = await sharing();
  assert.equal(Number(given.notAfterMs) % 3_600_000, 0, 'a whole hour');
  const { grants } = await town.salus('inbox', '--as', doctor.name);
  const [held] = list({ grants }, 'grants');
  assert.deepEqual(
    [held?.consent, held?.patientName, held?.state],
    [consent, ana.fullName, 'live'],
  );
});

test('the doctor lists, opens and writes; the patient opens what he wrote', async () => {
  const { ana, doctor, consent } = await sharing({ isLarge: true });
  const records = await town.lines('record', 'list', '--as', doctor.name);
  assert.ok(records.length > 10);
  assert.ok(records.every((it) => it.class === 'lab' || it.class === 'diagnosis'));
  const record = text(records.find((it) => it.class === 'lab') ?? {}, 'recordId');
  const out = town.file('lab.json');
  const opened = await town.salus('record', 'open', record, '--as', doctor.name, '--out', out);
  assert.equal(sha256(readFileSync(out)), opened.sha256);
  assert.equal(opened.by, ana.fullName);
  const written = await town.salus(
    ...['diagnose', ana.fullName, '--as', doctor.name, '--text', 'Hay fever', '--yes'],
  );
  assert.deepEqual([written.log, written.consent], ['doc', consent]);
  const mine = await town.salus('record', 'open', text(written, 'recordId'), '--as', ana.name);
  assert.deepEqual([mine.text, mine.by, mine.class], ['Hay fever', doctor.fullName, 'diagnosis']);
});

test('what a grant does not cover is refused with exit code 3', async () => {
  const { ana, doctor } = await sharing();
  const others = ['record', 'list', '--as', ana.name, '--class', 'medication'];
  const other = text((await town.lines(...others))[0] ?? {}, 'recordId');
  // As if it did not exist: whoever may not read does not learn that it does.
  await town.no('RECORD_UNKNOWN', 3, 'record', 'open', other, '--as', doctor.name);
  const purpose = ['record', 'list', '--as', doctor.name, '--purpose', 'HRESCH'];
  await town.no('PURPOSE_NOT_GRANTED', 3, ...purpose);
  await town.no('NOT_SHARED', 3, 'diagnose', 'nobody', '--text', 'x', '--as', doctor.name);
});

test('a device writes under a grant that names its class', async () => {
  const ana = await town.patient();
  await town.salus('person', 'create', 'pump', '--hospital', 'north', '--role', 'device');
  await town.salus('grant', 'pump', '--as', ana.name, '--write-class', 'iot', '--until', '+1h');
  const reading = town.file('reading.csv', 'time,ml\n1,20\n');
  const written = await town.salus('record', 'add', reading, '--as', 'pump', '--class', 'iot');
  const ids = written.recordIds;
  assert.ok(Array.isArray(ids));
  const opened = await town.salus('record', 'open', String(ids[0]), '--as', ana.name);
  assert.deepEqual([opened.text, opened.class], ['time,ml\n1,20\n', 'iot']);
});

test('a revoked doctor is refused, and the ledger says that the grant ended', async () => {
  const { ana, doctor, consent } = await sharing();
  await look(doctor);
  await town.salus('revoke', doctor.name, '--as', ana.name);
  await town.no('CONSENT_ENDED', 3, 'record', 'list', '--as', doctor.name, '--consent', consent);
  await town.no('CONSENT_ENDED', 3, 'revoke', consent, '--as', ana.name);
  const grants = list(await town.salus('grants', '--as', ana.name), 'grants');
  const ended = grants.find((it) => it.consent === consent);
  assert.equal(ended?.state, 'ended');
  assert.equal(ended?.looks, 2);
});

test('the patient sees who looked and who was refused, prints it, and keeps the receipts', async () => {
  const { ana, doctor, consent } = await sharing();
  await look(doctor);
  await town.salus('revoke', doctor.name, '--as', ana.name);
  await town.no('CONSENT_ENDED', 3, 'record', 'list', '--as', doctor.name, '--consent', consent);
  const [html, receipts] = [town.file('looked.html'), town.file('receipts')];
  const report = ['--html', html, '--receipts', receipts];
  const looked = await town.salus('looked', '--as', ana.name, ...report);
  const looks = list(looked, 'looks');
  assert.ok(looks.every((it) => it.who === doctor.fullName && it.verdict === 'proven'));
  assert.equal(looks.length, 2);
  assert.ok(list(looked, 'refusals').some((it) => it.code === 'CONSENT_ENDED'));
  assert.deepEqual(looked.withheld, []);
  assert.ok(readFileSync(html, 'utf8').includes(doctor.fullName));
  const files = readdirSync(receipts);
  assert.ok(files.length >= 2);
  const check = ['check-receipt', join(receipts, files[0] ?? '')];
  const { claim } = await town.salus(...check, '--trust', join(town.home, 'trust.json'));
  assert.equal(Object(claim).kind, 'look');
});

test('watch tells of new grants, what is new under them, and their end', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const watching = start(['watch', '--as', doctor.name, '--json'], { home: town.home });
  await watching.remark('Following');
  await town.salus('grant', doctor.name, '--as', ana.name, '--class', 'note', '--until', '+1h');
  await watching.line((facts) => facts.event === 'grant');
  const note = town.file('note.txt', 'a note');
  await town.salus('record', 'add', note, '--class', 'note', '--as', ana.name);
  await watching.line((facts) => facts.event === 'item');
  await town.salus('revoke', doctor.name, '--as', ana.name);
  const end = await watching.line((facts) => facts.event === 'end');
  assert.equal(end.how, 'revoked');
  const { code } = await watching.stop();
  assert.equal(code, 0);
});

test('letters of a patient whom nobody knows here wait until they are taken or removed', async () => {
  const [ana, eve] = [await town.patient(), await town.patient()];
  const account = text((await town.salus('card', 'show', '--as', ana.name)) ?? {}, 'account');
  const give = () =>
    town.salus('grant', eve.name, '--as', ana.name, '--class', 'lab', '--until', '+1h');
  await give();
  const fetched = await town.salus('inbox', '--as', eve.name);
  assert.equal(fetched.count, 0);
  const [waiting] = list(fetched, 'waiting');
  assert.deepEqual([waiting?.from, waiting?.code], [account, 'LETTER_WAITS']);
  await town.no('PERSON_UNKNOWN', 2, 'inbox', '--as', eve.name, '--accept', 'somebody');
  const dropped = await town.salus('inbox', '--as', eve.name, '--drop', account);
  assert.deepEqual([dropped.count, dropped.waiting], [0, undefined]);
  await give();
  const taken = await town.salus('inbox', '--as', eve.name, '--accept', account);
  assert.deepEqual([taken.count, taken.waiting], [1, undefined]);
});

test('of two who wait and carry one name, the account says whose letters are taken', async () => {
  const eve = await town.patient();
  const same = ['--name', 'Zoe Roe', '--hospital', 'north'];
  for (const name of ['zoe-1', 'zoe-2']) {
    await town.salus('person', 'create', name, ...same);
    await town.salus('grant', eve.name, '--as', name, '--class', 'lab', '--until', '+1h');
  }
  const accept = ['inbox', '--as', eve.name, '--accept'];
  await town.salus('inbox', '--as', eve.name);
  const no = await town.no('AMBIGUOUS', 2, ...accept, 'Zoe Roe');
  const [first, second] = list(no, 'choices');
  assert.deepEqual([first?.name, second?.name], ['Zoe Roe', 'Zoe Roe']);
  assert.equal((await town.salus(...accept, text(first ?? {}, 'account'))).count, 1);
});

test('a doctor asks for more; the patient sees what, and her grant answers', async () => {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const asked = ['--class', 'lab,vital', '--days', '3', '--as', doctor.name];
  await town.salus('ask', ana.name, ...asked);
  const { asks } = await town.salus('inbox', '--as', ana.name);
  const [only, ...others] = list({ asks }, 'asks');
  const { receivedMs, from, ...shown } = only ?? {};
  assert.deepEqual(others, []);
  assert.equal(typeof receivedMs, 'number');
  assert.deepEqual(shown, {
    ...{ name: doctor.fullName, role: 'clinician', question: 'access' },
    ...{ readClasses: ['lab', 'vital'], purpose: 'TREAT', days: 3 },
  });
  await town.salus('inbox', '--accept', text({ from }, 'from'), '--as', ana.name);
  const until = ['--until', '+3d', '--as', ana.name];
  await town.salus('grant', text({ from }, 'from'), '--class', 'lab,vital', ...until);
  assert.equal((await town.salus('inbox', '--as', ana.name)).asks, undefined);
  await town.no('USAGE', 2, 'ask', ana.name, '--class', 'lab', '--who', '--as', doctor.name);
  await town.no('MISSING', 2, 'ask', ana.name, '--as', doctor.name);
});
