import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileWalletStore, Person, parseConsentId } from '../../src/sdk/node/index.ts';
import { cheapPassphrases } from '../wallet-store.ts';
import { linesOf, list, passphrase, run, start, text } from './salus.ts';
import { type Somebody, startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const patientFile = (born: string) =>
  JSON.stringify({
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Lima', given: ['Ana'] }],
    birthDate: born,
  });

async function sharing(...classes: readonly string[]) {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const add = (name: string, content: string, ...flags: readonly string[]) =>
    town.salus('record', 'add', town.file(name, content), '--as', ana.name, ...flags);
  await add('ana.json', patientFile('1970-01-31'));
  await add('result.txt', 'a result', '--class', 'lab');
  await add('note.txt', 'a note', '--class', 'note');
  const grant = (recordClass: string, ...flags: readonly string[]) =>
    town.salus(
      ...['grant', doctor.name, '--as', ana.name, '--class', recordClass, '--until', '+7d'],
      ...flags,
    );
  const given = [];
  for (const it of classes) given.push(await grant(it, '--write-class', 'diagnosis'));
  return { ana, doctor, grant, consents: given.map((it) => text(it, 'consent')) };
}

const classesUnder = async (doctor: Somebody, ...args: readonly string[]) => {
  const lines = await town.lines('record', 'list', '--as', doctor.name, ...args);
  return lines.map((it) => it.class);
};

test('several live grants of one patient count together, by name, by --patient and by nothing', async () => {
  const { ana, doctor } = await sharing('lab', 'note', 'lab');
  for (const args of [[], ['--patient', ana.fullName], ['--consent', ana.fullName.toUpperCase()]]) {
    assert.deepEqual((await classesUnder(doctor, ...args)).sort(), ['lab', 'note']);
  }
  const mine = await town.lines('record', 'list', '--as', ana.name);
  for (const it of mine.filter(({ class: is }) => is === 'lab' || is === 'note')) {
    const id = text(it, 'recordId').slice(0, 10);
    for (const called of [id, text(it, 'name')]) {
      const opened = await town.salus('record', 'open', called, '--as', doctor.name);
      assert.equal(opened.recordId, it.recordId);
    }
    const { versions } = await town.salus('record', 'history', id, '--as', doctor.name);
    assert.equal(list({ versions }, 'versions')[0]?.recordId, it.recordId);
    await town.salus('receipt', id, '--out', town.file('receipt'), '--as', doctor.name);
  }
  await town.salus('diagnose', ana.fullName, '--text', 'x', '--yes', '--as', doctor.name);
});

test('a renewal is no second look', async () => {
  const { doctor } = await sharing('lab', 'lab');
  const listed = await town.salus('record', 'list', '--as', doctor.name);
  assert.equal(list(listed, 'looks').length, 1);
});

test('of several patients who granted it the table says who', async () => {
  const { ana, doctor } = await sharing('lab');
  const eve = await town.patient();
  await town.salus('grant', doctor.name, '--as', eve.name, '--class', 'lab', '--until', '+1d');
  const no = await town.no('AMBIGUOUS', 2, 'record', 'list', '--as', doctor.name);
  const names = list(no, 'choices').map((it) => it.patient);
  assert.deepEqual(new Set(names), new Set([ana.fullName, eve.fullName]));
  const shown = await run(['record', 'list', '--as', doctor.name], { home: town.home });
  assert.ok(shown.stderr.includes(eve.fullName), shown.stderr);
  const first = ['record', 'list', '--as', doctor.name, '--patient', 'Ana Lim'];
  assert.ok(list(await town.no('NOT_SHARED', 3, ...first), 'choices').length >= 2);
});

test('the list of patients says until when, what may be done, and what is new', async () => {
  const { ana, doctor, grant } = await sharing('lab');
  const patients = async () => {
    const ran = await run(['patients', '--json', '--as', doctor.name], { home: town.home });
    return linesOf(ran.stdout);
  };
  const [first, last] = await patients();
  assert.deepEqual([first?.name, first?.readClasses, last?.count], [ana.fullName, ['lab'], 1]);
  assert.ok(Array.isArray(first?.newGrants) && first.newGrants.length === 1);
  const again = (await patients())[0];
  assert.deepEqual([again?.newGrants, again?.newAnchors], [[], 0]);
  await town.salus('record', 'add', town.file('b.txt', 'b'), '--class', 'lab', '--as', ana.name);
  const renewed = await grant('note');
  const news = (await patients())[0];
  assert.deepEqual([news?.newGrants, news?.newAnchors], [[renewed.consent], 1]);
});

test('a note is asked for with name and birth date, and refused where nobody can be asked', async () => {
  const { ana, doctor } = await sharing('summary');
  const diagnose = ['diagnose', ana.fullName, '--text', 'Hay fever', '--as', doctor.name];
  await town.no('PATIENT_UNCONFIRMED', 2, ...diagnose);
  await town.no('PATIENT_OTHER', 3, ...diagnose, '--patient-born', '1970-01-30');
  await town.no('USAGE', 2, ...diagnose, '--patient-born', '31.1.1970');
  const asked: string[] = [];
  const terminal = (yes: boolean) => ({
    line: async () => '',
    secret: async () => '',
    yes: async (question: string) => {
      asked.push(question);
      return yes;
    },
  });
  const no = await run(diagnose, { home: town.home, terminal: terminal(false) });
  assert.equal(no.code, 130);
  assert.match(asked[0] ?? '', /^Write this diagnosis for Ana Lima \d+.*born 1970-01-31\?$/);
  const diagnoses = async () =>
    town.lines('record', 'list', '--as', ana.name, '--class', 'diagnosis');
  assert.deepEqual(await diagnoses(), []);
  await town.salus(...diagnose, '--patient-born', '1970-01-31');
  const yes = await run(diagnose, { home: town.home, terminal: terminal(true) });
  assert.deepEqual([yes.code, (await diagnoses()).length], [0, 2]);
});

test('a Patient out of a foreign file, or one that a colleague wrote, does not change whose chart it is', async () => {
  const { ana, doctor } = await sharing('summary');
  const patient = (name: string, birthDate: string) =>
    JSON.stringify({ resourceType: 'Patient', id: name, name: [{ text: name }], birthDate });
  const foreign = town.file('ben.json', patient('Ben Cole', '1988-05-05'));
  await town.no('FILE_PERSONS', 3, 'record', 'add', foreign, '--as', ana.name);
  await town.salus('record', 'add', foreign, '--all', '--as', ana.name);
  const diagnose = ['diagnose', ana.fullName, '--text', 'Hay fever', '--as', doctor.name];
  await town.no('PATIENT_OTHER', 3, ...diagnose, '--patient-born', '1988-05-05');
  await town.salus(...diagnose, '--patient-born', '1970-01-31');
  // It is in the chart by now, and still somebody else's.
  const another = town.file(
    'ben-2.json',
    patient('Ben Cole', '1988-05-05').replace('"id":"', '"id":"2'),
  );
  await town.no('FILE_PERSONS', 3, 'record', 'add', another, '--as', ana.name);
});

test('a birth date that was not shared is not guessed', async () => {
  const { ana, doctor } = await sharing('lab');
  const diagnose = ['diagnose', ana.fullName, '--text', 'x', '--as', doctor.name];
  await town.no('PATIENT_UNCONFIRMED', 2, ...diagnose, '--patient-born', '1970-01-31');
});

test('a patient is told of a new diagnosis: by her inbox, by the next listing, and while she watches', async () => {
  const { ana, doctor } = await sharing('lab');
  const watching = start(['watch', '--as', ana.name, '--json'], { home: town.home });
  await watching.remark('Following');
  const diagnose = ['diagnose', ana.fullName, '--text', 'Hay fever', '--yes', '--as', doctor.name];
  const { recordId } = await town.salus(...diagnose);
  const told = await watching.line((facts) => facts.event === 'written');
  assert.equal(told.by, doctor.fullName);
  await watching.stop();
  const grants = await run(['grants', '--as', ana.name], { home: town.home });
  assert.match(grants.stderr, /New in your chart/);
  const written = list(await town.salus('inbox', '--as', ana.name), 'written');
  assert.deepEqual(
    written.map((it) => [it.recordId, it.recordClass, it.by]),
    [[recordId, 'diagnosis', doctor.fullName]],
  );
  assert.equal((await town.salus('inbox', '--as', ana.name)).written, undefined);
});

test('the inbox has live grants first, and says when others ended', async () => {
  const { ana, doctor, grant, consents } = await sharing('lab');
  await town.salus('revoke', consents[0] ?? '', '--as', ana.name);
  const live = text(await grant('note'), 'consent');
  const grants = list(await town.salus('inbox', '--as', doctor.name), 'grants');
  assert.deepEqual(
    grants.map((it) => [it.consent, it.state]),
    [
      [live, 'live'],
      [consents[0], 'ended'],
    ],
  );
  assert.equal(typeof grants[1]?.endedMs, 'number');
  const only = await town.salus('inbox', '--live', '--as', doctor.name);
  assert.equal(only.count, 1);
  const asked = ['record', 'list', '--consent', consents[0] ?? '', '--as', doctor.name];
  const refused = await run(asked, { home: town.home });
  assert.match(refused.stderr, /This grant has ended\. \(CONSENT_ENDED: .*ended 20\d\d-/);
  const looked = await run(['looked', '--as', ana.name], { home: town.home });
  assert.match(looked.stdout, /the grant had ended 20\d\d-/);
});

test('a patient sees which records were looked at', async () => {
  const { ana, doctor } = await sharing('lab');
  await town.salus('record', 'list', '--as', doctor.name);
  const looked = await town.salus('looked', '--as', ana.name);
  assert.deepEqual(list(looked, 'looks')[0]?.names, ['result.txt']);
  const shown = await run(['looked', '--as', ana.name], { home: town.home });
  assert.match(shown.stdout, /looked at 1 record, for TREAT: result\.txt/);
});

test('a note that could not be sent waits in the wallet, and is written once when the hospital is back', async () => {
  const { ana, doctor } = await sharing('lab');
  const [held] = list(await town.salus('inbox', '--as', doctor.name), 'grants');
  const consent = parseConsentId(held?.consent);
  const file = fileWalletStore(join(town.home, 'people', `${doctor.name}.wallet`));
  const store = { ...file, ...cheapPassphrases };
  const gatewayUrlOf = () => 'http://127.0.0.1:9/harbour';
  const person = await Person.open(
    { store, passphrase },
    { gatewayUrlOf, http: { retryDelaysMs: [] } },
  );
  const note = { name: 'Diagnosis', mediaType: 'text/plain', bytes: Buffer.from('Hay fever') };
  await assert.rejects(person.diagnose(consent, note), { code: 'GATEWAY_UNREACHABLE' });
  assert.equal(person.unwritten.length, 1);
  await town.salus('inbox', '--as', doctor.name);
  const chart = ['record', 'list', '--as', ana.name, '--class', 'diagnosis'];
  assert.equal((await town.lines(...chart)).length, 1);
  await town.salus('inbox', '--as', doctor.name);
  assert.equal((await town.lines(...chart)).length, 1);
});
