import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { scrubBoundFile } from '../../../server/maintenance/scrub/bound-file.ts';
import { isFlaw } from '../../../server/maintenance/scrub/flaw.ts';
import { rowGuard } from '../../../server/row-key.ts';
import { LetterStore } from '../node/letter-store.ts';
import { AlertsSetting, allRounds, ana, bob, lettersKey, relayOfFile } from './setting.ts';

const { relay, mail } = relayOfFile();

/** As somebody who can write to a file of this hospital and has no key. */
function write(setting: AlertsSetting, file: string, sql: string): void {
  const db = new DatabaseSync(join(setting.folder, file));
  db.exec(sql);
  db.close();
}

async function standingAfter(setting: AlertsSetting) {
  const standing = await setting.run(mail());
  return {
    to: relay.taken.map(({ to }) => to[0]),
    incidents: standing.incidents.map(({ code }) => code),
    states: standing.states,
  };
}

async function withCauses(): Promise<AlertsSetting> {
  const setting = new AlertsSetting();
  await setting.choose(ana);
  await setting.choose(bob);
  setting.outbox.add('look', ana, 'grant 1');
  setting.outbox.add('look', bob, 'grant 2');
  setting.outbox.add('freeze', ana, 'tx 1');
  return setting;
}

const both = ['a@example.org', 'b@example.org'];
for (const [name, sql, to, incidents] of [
  ['nothing', '', [...both, 'a@example.org'], []],
  [
    'the account of a row',
    `UPDATE alerts_outbox SET account = '${bob}' WHERE seq = 1`,
    ['b@example.org', 'a@example.org'],
    ['OUTBOX_TAMPERED'],
  ],
  [
    'the cause of a row',
    "UPDATE alerts_outbox SET cause = 'test' WHERE seq = 2",
    ['a@example.org', 'a@example.org'],
    ['OUTBOX_TAMPERED'],
  ],
  [
    'a word that no cause has',
    "UPDATE alerts_outbox SET cause = 'x' WHERE seq = 2",
    ['a@example.org', 'a@example.org'],
    ['OUTBOX_TAMPERED'],
  ],
  [
    'a row that is gone',
    'DELETE FROM alerts_outbox WHERE seq = 2',
    ['a@example.org', 'a@example.org'],
    ['OUTBOX_GAP'],
  ],
  [
    'a row that is copied to the end',
    "INSERT INTO alerts_outbox SELECT 4, x'00', account, cause, atMs, prev, mac, facts FROM alerts_outbox WHERE seq = 1",
    [...both, 'a@example.org'],
    ['OUTBOX_TAMPERED'],
  ],
  [
    'an address in the place of another',
    `UPDATE alerts_choices SET sealed = (SELECT sealed FROM alerts_choices WHERE account = '${ana}') WHERE account = '${bob}'`,
    ['a@example.org', 'a@example.org'],
    ['CHOICE_TAMPERED'],
  ],
] as const) {
  test(`changed in the gateway’s file: ${name}: told ${to.join(', ')} and ${incidents.join(', ') || 'no incident'}`, async (t) => {
    const setting = await withCauses();
    t.after(() => setting.leave());
    write(setting, 'gateway.db', sql);
    const met = await standingAfter(setting);
    assert.deepEqual([...met.to].sort(), [...to].sort());
    assert.deepEqual(met.incidents, incidents);
    // Her device is told so, and shows it as one to set again.
    const isTampered = incidents.some((it) => it === 'CHOICE_TAMPERED');
    assert.equal(setting.outbox.chosen(bob)[0]?.isWhole, !isTampered);
  });
}

test('a letter that was sent and is made to wait again is put aside, not sent twice', async (t) => {
  const setting = await withCauses();
  t.after(() => setting.leave());
  await standingAfter(setting);
  write(setting, 'letters.db', "UPDATE letters SET state = 'waiting', dueMs = 0 WHERE id = 1");
  const met = await standingAfter(setting);
  assert.equal(met.to.length, 3);
  assert.deepEqual([...met.incidents].sort(), ['LETTERS_TAMPERED', 'LETTER_TAMPERED']);
  assert.equal(met.states.tampered, 1);
});

async function flawsOf(setting: AlertsSetting): Promise<string[]> {
  const path = join(setting.folder, 'letters.db');
  const file = { hospital: 'north', store: 'letters', path, key: lettersKey };
  const found: string[] = [];
  for await (const it of scrubBoundFile(file))
    if (isFlaw(it)) found.push(`${it.table} ${it.bound.replace('row MAC: ', '')}`);
  return found.sort();
}

test('a file that the service left while it made it is none that somebody changed', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const path = join(setting.folder, 'letters.db');
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  const guard = rowGuard(lettersKey);
  const ends = { ...guard, open: () => assert.fail('the process ends') };
  const told = () => {};
  const open = (by: typeof guard) =>
    new LetterStore(path, lettersKey, { binding: { guard: by, told } });
  assert.throws(() => open(ends), /the process ends/);
  assert.deepEqual(await flawsOf(setting), []);
  open(guard).close();
  assert.deepEqual(await flawsOf(setting), []);
});

const gone = (table: string) => `DELETE FROM ${table}; DELETE FROM row_macs WHERE tbl = '${table}'`;
/** `since`: letters of what came after it; `doubt`: of what may have been told or not. */
for (const [name, sql, found, { since, doubt }] of [
  ['the cursor, set back', 'UPDATE cursor SET seq = 0', ['cursor changed'], { since: 1, doubt: 0 }],
  [
    'the cursor, set ahead',
    'UPDATE cursor SET seq = 99',
    ['cursor changed'],
    { since: 1, doubt: 0 },
  ],
  ['the cursor, taken away', 'DELETE FROM cursor', ['cursor gone'], { since: 1, doubt: 0 }],
  ['the cursor with its MAC', gone('cursor'), ['cursor count'], { since: 1, doubt: 0 }],
  [
    'a cause',
    'UPDATE causes SET metMs = 1',
    Array(3).fill('causes changed'),
    { since: 1, doubt: 0 },
  ],
  [
    'causes, taken away',
    'DELETE FROM causes',
    Array(3).fill('causes gone'),
    { since: 1, doubt: 0 },
  ],
  ['causes with their MACs', gone('causes'), ['causes count'], { since: 1, doubt: 0 }],
  [
    'causes with their MACs, and the cursor',
    `${gone('causes')}; UPDATE cursor SET seq = 0`,
    ['causes count', 'cursor changed'],
    { since: 0, doubt: 1 },
  ],
  [
    'causes with their MACs, the letters, and the cursor',
    `${gone('causes')}; ${gone('letters')}; ${gone('cursor')}`,
    ['causes count', 'cursor count', 'letters count'],
    { since: 0, doubt: 4 },
  ],
  [
    'a counter',
    'UPDATE counters SET counter = 0',
    ['counters changed', 'counters changed'],
    { since: 0, doubt: 0 },
  ],
  ['counters with their MACs', gone('counters'), ['counters count'], { since: 0, doubt: 0 }],
  [
    'an incident that nobody met',
    "INSERT INTO incidents VALUES ('OUTBOX_GAP', 7, 1)",
    ['incidents foreign'],
    { since: 1, doubt: 0 },
  ],
] as const) {
  for (const when of ['while the service is away', 'while it runs'] as const)
    test(`changed in the letters’ file ${when}: ${name}: found by the scrub, told, and nobody is mailed twice`, async (t) => {
      const setting = await withCauses();
      t.after(() => setting.leave());
      await setting.choose(bob, { counter: 2 });
      const { service } = await setting.service([mail()]);
      await allRounds(service);
      assert.equal(relay.taken.length, 3);
      assert.deepEqual(await flawsOf(setting), []);
      if (when === 'while the service is away') setting.end();
      write(setting, 'letters.db', sql);
      assert.deepEqual(await flawsOf(setting), [...found]);
      setting.nowMs += 2 * 60 * 60_000;
      setting.outbox.add('rotation', ana, 'tx 9');
      if (when === 'while it runs') {
        await allRounds(service);
        setting.end();
      }
      const { states, incidents } = await standingAfter(setting);
      const told = relay.taken.map(({ data }) => /^Message-ID: (.*)\r$/m.exec(data)?.[1]);
      assert.equal(new Set(told).size, told.length, 'each letter once');
      assert.deepEqual([told.length - 3, states.doubt], [since, doubt]);
      assert.ok(incidents.includes('LETTERS_TAMPERED'));
      assert.ok(setting.unbound.length > 0, 'it is told');
      assert.deepEqual(await flawsOf(setting), [], 'what is left is bound as it is');
    });
}

test('that a cause was met is another hand’s word: it is not sent, and that is said', async (t) => {
  const setting = await withCauses();
  t.after(() => setting.leave());
  const { service } = await setting.service([mail()]);
  write(
    setting,
    'letters.db',
    `ATTACH '${join(setting.folder, 'gateway.db')}' AS g; INSERT INTO causes SELECT id, 1 FROM g.alerts_outbox WHERE seq = 1`,
  );
  await allRounds(service);
  setting.end();
  assert.equal(relay.taken.length, 2);
  assert.deepEqual(
    setting.unbound.map(({ table, because }) => `${table} ${because}`),
    ['causes foreign'],
  );
});

test('an outbox that is set back while the causes that were met are gone tells nobody again', async (t) => {
  const setting = await withCauses();
  t.after(() => setting.leave());
  const setBack = setting.copied();
  setting.outbox.add('rotation', ana, 'tx 2');
  const { service } = await setting.service([mail()]);
  await allRounds(service);
  assert.equal(relay.taken.length, 4);
  setting.end();
  setBack();
  const again = await setting.service([mail()]);
  write(setting, 'letters.db', `${gone('causes')}; ${gone('letters')}`);
  setting.nowMs += 2 * 60 * 60_000;
  await allRounds(again.service);
  assert.equal(relay.taken.length, 4);
  setting.end();
});

test('an outbox that is set back tells nobody again, and what is written into it since is told', async (t) => {
  const setting = await withCauses();
  t.after(() => setting.leave());
  const setBack = setting.copied();
  setting.outbox.add('rotation', ana, 'tx 2');
  assert.equal((await standingAfter(setting)).to.length, 4);
  setBack();
  setting.outbox.add('rotation', bob, 'tx 3');
  const met = await standingAfter(setting);
  assert.deepEqual(met.to.slice(4), ['b@example.org']);
  assert.deepEqual(met.incidents, ['OUTBOX_GAP']);
});

test('a choice that was put back in the place of a newer one is not used', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { address: 'old@example.org' });
  const setBack = setting.copied();
  await setting.choose(ana, { counter: 2, address: 'new@example.org' });
  setting.outbox.add('look', ana, 'grant 1');
  assert.deepEqual((await standingAfter(setting)).to, ['new@example.org']);
  setBack();
  setting.outbox.add('freeze', ana, 'tx 1');
  const met = await standingAfter(setting);
  assert.deepEqual(met.to, ['new@example.org']);
  assert.ok(met.incidents.includes('CHOICE_TAMPERED'));
});

test('a choice that its owner, or who had her session, sealed with another counter inside is no incident, and no end of alerts', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const inside = { counter: Number.MAX_SAFE_INTEGER, address: 'thief@example.org' };
  await setting.choose(ana, inside, { counter: 1 });
  setting.outbox.add('look', ana, 'grant 1');
  const bad = await standingAfter(setting);
  assert.ok(!bad.to.includes('thief@example.org'));
  assert.deepEqual(bad.incidents, []);
  await setting.choose(ana, { counter: 2, address: 'again@example.org' });
  setting.outbox.add('freeze', ana, 'tx 1');
  const met = await standingAfter(setting);
  assert.equal(met.to.at(-1), 'again@example.org');
  assert.deepEqual(met.incidents, []);
});

test('a file of letters that is gone tells nobody again of what is in the outbox, also where the service is killed before it has put that aside', async (t) => {
  const setting = await withCauses();
  t.after(() => setting.leave());
  assert.equal((await standingAfter(setting)).to.length, 3);
  setting.wasMade = true;
  for (const end of ['', '-wal', '-shm'])
    rmSync(join(setting.folder, `letters.db${end}`), { force: true });
  await assert.rejects(
    setting.service([mail()], (name) => {
      if (name === 'mend:commit') throw new Error('killed');
    }),
    /killed/,
  );
  setting.end();
  const met = await standingAfter(setting);
  assert.equal(met.to.length, 3);
  assert.equal(met.states.doubt, 3);
  assert.deepEqual(met.incidents, ['LETTERS_TAMPERED']);
  setting.nowMs += 2 * 60 * 60_000;
  setting.outbox.add('rotation', bob, 'tx 5');
  assert.deepEqual((await standingAfter(setting)).to.slice(3), ['b@example.org']);
});

test('an address that its owner has left is not put back in its place', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { address: 'left@example.org' });
  setting.outbox.add('look', ana, 'grant 1');
  assert.equal((await standingAfter(setting)).to.length, 1);
  write(setting, 'gateway.db', 'CREATE TABLE before AS SELECT * FROM alerts_choices');
  setting.outbox.forget(ana, 'mail');
  const { service } = await setting.service([mail()]);
  service.noteChoices();
  write(
    setting,
    'gateway.db',
    'DELETE FROM alerts_choices; INSERT INTO alerts_choices SELECT * FROM before; DROP TABLE before',
  );
  setting.nowMs += 2 * 60 * 60_000;
  setting.outbox.add('look', ana, 'grant 2');
  await allRounds(service);
  assert.equal(relay.taken.length, 1);
  setting.end();
  assert.ok((await standingAfter(setting)).incidents.includes('CHOICE_TAMPERED'));
});

test('whose choice was changed, and set again, and changed again days later, is told of to the operator both times, and each time once', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  for (const account of [ana, bob]) await setting.choose(account);
  const { service } = await setting.service([mail()], undefined, 'ops@north.example');
  const toOperator = () => relay.taken.filter(({ to }) => to[0] === 'ops@north.example').length;
  const tamper = async (subject: string) => {
    write(setting, 'gateway.db', `UPDATE alerts_choices SET mac = x'00' WHERE account = '${ana}'`);
    setting.outbox.add('freeze', ana, subject);
    // The flood of one kind is one letter an hour.
    for (let n = 0; n < 3; n++) {
      await allRounds(service);
      service.tellIncidents();
      setting.nowMs += 2 * 60 * 60_000;
    }
  };
  await tamper('tx 1');
  assert.equal(toOperator(), 1);
  await setting.choose(ana, { counter: 2 });
  setting.nowMs += 3 * 24 * 60 * 60_000;
  await tamper('tx 2');
  assert.equal(toOperator(), 2);
  setting.end();
});
