import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Json, list, run, salus, text } from './salus.ts';
import { type Somebody, startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const dayMs = 24 * 60 * 60_000;

interface Pair {
  readonly ana: Somebody;
  readonly doctor: Somebody;
  readonly grant: (...args: readonly string[]) => Promise<Json>;
  readonly live: () => Promise<readonly Json[]>;
}

async function pair(): Promise<Pair> {
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  return {
    ...{ ana, doctor },
    grant: (...args) => town.salus('grant', ...args, '--as', ana.name),
    live: async () => list(await town.salus('grants', '--live', '--as', ana.name), 'grants'),
  };
}

test('classes and purposes come with commas, and every bad word is named with those that there are', async () => {
  const { ana, doctor, grant } = await pair();
  const given = await grant(
    doctor.name,
    '--class',
    'lab,vital',
    '--purpose',
    'treat',
    '--until',
    '+1d',
  );
  assert.deepEqual([given.readClasses, given.purposes], [['lab', 'vital'], ['TREAT']]);
  for (const [flag, code, bad] of [
    ['--class', 'CLASS_UNKNOWN', 'labs,vital,blood'],
    ['--purpose', 'PURPOSE_UNKNOWN', 'treatment'],
  ] as const) {
    const rest = flag === '--class' ? [] : ['--class', 'lab'];
    const no = await town.no(code, 2, 'grant', doctor.name, ...rest, flag, bad, '--as', ana.name);
    const { problem } = no.details as { problem: string };
    for (const word of bad.split(','))
      assert.equal(problem.includes(`"${word}"`), word !== 'vital');
    assert.match(problem, flag === '--class' ? /medication/ : /HRESCH/);
  }
});

test('+1m is refused; a month is a month of the calendar', async () => {
  const { ana, doctor, grant } = await pair();
  const args = [doctor.name, '--class', 'lab', '--until'];
  await town.no('USAGE', 2, 'grant', ...args, '+1m', '--as', ana.name);
  const days = (Number((await grant(...args, '+1mo')).notAfterMs) - Date.now()) / dayMs;
  assert.ok(days > 27 && days < 32, String(days));
});

test('a second grant says what it stands beside', async () => {
  const { doctor, grant } = await pair();
  const first = await grant(doctor.name, '--class', 'lab', '--until', '+1d');
  assert.equal(first.beside, undefined);
  const second = await grant(doctor.name, '--class', 'note', '--until', '+1d');
  assert.deepEqual(second.beside, [first.consent]);
});

test('extend, narrow and change put one grant in place of another', async () => {
  const { ana, doctor, grant, live } = await pair();
  const words = ['--class', 'lab,note', '--write-class', 'diagnosis', '--until', '+2d'];
  const first = await grant(doctor.name, ...words);
  const extended = await grant('extend', doctor.fullName, '--until', '+1mo');
  assert.equal(extended.replaced, first.consent);
  assert.deepEqual(extended.readClasses, ['lab', 'note']);
  await town.no(
    ...(['GRANT_NOT_WIDER', 2, 'grant', 'extend', doctor.name, '--until', '+1d'] as const),
    ...['--as', ana.name],
  );
  const narrow = ['grant', 'narrow', doctor.name, '--as', ana.name] as const;
  await town.no('GRANT_NOT_WIDER', 2, ...narrow, '--class', 'image');
  await town.no('MISSING', 2, 'grant', 'narrow', doctor.name, '--as', ana.name);
  const narrowed = await grant('narrow', doctor.name, '--class', 'lab', '--read-only');
  assert.deepEqual([narrowed.readClasses, narrowed.writeClasses], [['lab'], []]);
  assert.equal(narrowed.notAfterMs, extended.notAfterMs);
  const changed = await grant('change', doctor.name, '--class', 'image', '--purpose', 'ETREAT');
  assert.deepEqual([changed.readClasses, changed.purposes], [['image'], ['ETREAT']]);
  assert.deepEqual(
    (await live()).map((it) => it.consent),
    [changed.consent],
  );
});

test('who has several grants is changed by id, and they are shown', async () => {
  const { ana, doctor, grant, live } = await pair();
  const first = await grant(doctor.name, '--class', 'lab', '--until', '+1d');
  const second = await grant(doctor.name, '--class', 'note', '--until', '+1d');
  const extend = ['grant', 'extend', doctor.name, '--until', '+2d', '--as', ana.name] as const;
  const no = await town.no('AMBIGUOUS', 2, ...extend);
  assert.deepEqual(
    list(no, 'choices').map((it) => it.grant),
    [first.consent, second.consent],
  );
  await grant('extend', text(first, 'consent').slice(0, 8), '--until', '+2d');
  assert.equal((await live()).length, 2);
});

test('single records in place of a grant bring their classes, as in a grant that is given', async () => {
  const { ana, doctor, grant } = await pair();
  const as = ['--as', ana.name];
  await town.salus('record', 'add', town.file('a.txt', 'a note'), '--class', 'note', ...as);
  const [note] = await town.lines('record', 'list', ...as);
  const record = ['--record', text(note ?? {}, 'recordId')];
  await grant(doctor.name, '--class', 'lab', '--until', '+1d');
  await town.no('GRANT_NOT_WIDER', 2, 'grant', 'narrow', doctor.name, ...record, ...as);
  const changed = await grant('change', doctor.name, ...record);
  assert.deepEqual([changed.readClasses, changed.records], [['note'], [note?.recordId]]);
  const opened = await town.salus('record', 'open', 'a.txt', '--as', doctor.name);
  assert.equal(opened.text, 'a note');
});

test('several are taken back after a question, one without', async () => {
  const { ana, doctor, grant, live } = await pair();
  await grant(doctor.name, '--class', 'lab', '--until', '+1d');
  await grant(doctor.name, '--class', 'note', '--until', '+1d');
  const asked: string[] = [];
  const answers = (yes: boolean) => ({
    line: async () => '',
    secret: async () => '',
    yes: async (question: string) => {
      asked.push(question);
      return yes;
    },
  });
  const revoke = ['revoke', doctor.name, '--as', ana.name];
  const kept = await run(revoke, { home: town.home, terminal: answers(false) });
  assert.deepEqual([kept.code, (await live()).length], [130, 2]);
  assert.match(asked[0] ?? '', /These 2 grants end/);
  const ended = await run(revoke, { home: town.home, terminal: answers(true) });
  assert.deepEqual([ended.code, (await live()).length, asked.length], [0, 0, 2]);
});

test('with a clock a day behind, relative times count from the ledger’s, which is said', async () => {
  const { ana, doctor, live } = await pair();
  for (const aheadMs of [-dayMs, 4 * 60_000]) {
    const now = () => Date.now() + aheadMs;
    const args = ['grant', doctor.name, '--class', 'lab', '--until', '+1h', '--as', ana.name];
    const given = await salus(args, { home: town.home, now });
    const minutes = (Number(given.notAfterMs) - Date.now()) / 60_000;
    assert.ok(minutes > 49 && minutes < 66, String(minutes));
    const states = (await live()).map((it) => it.state);
    assert.ok(states.length > 0 && states.every((it) => it === 'live'));
  }
});

test('with a clock a day ahead a grant is taken back all the same', async () => {
  const { ana, doctor, grant, live } = await pair();
  const { consent } = await grant(doctor.name, '--class', 'lab', '--until', '+7d');
  const now = () => Date.now() + dayMs;
  const ended = await salus(['revoke', String(consent), '--as', ana.name], {
    home: town.home,
    now,
  });
  assert.equal(ended.consent, consent);
  assert.deepEqual(await live(), []);
});

test('times are said by the clock of where she lives', async () => {
  const { ana, doctor } = await pair();
  const args = ['grant', doctor.name, '--class', 'lab', '--until', '2027-01-24', '--as', ana.name];
  const given = await salus(args, { home: town.home, zone: 'America/New_York' });
  assert.equal(given.notAfterMs, Date.parse('2027-01-24T05:00:00Z'));
});
