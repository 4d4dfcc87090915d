import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { AlertsSetting, ana, bob, relayOfFile } from './setting.ts';

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
  });
}

test('a letter that was sent and is made to wait again is put aside, not sent twice', async (t) => {
  const setting = await withCauses();
  t.after(() => setting.leave());
  await standingAfter(setting);
  write(setting, 'letters.db', "UPDATE letters SET state = 'waiting', dueMs = 0 WHERE id = 1");
  const met = await standingAfter(setting);
  assert.equal(met.to.length, 3);
  assert.deepEqual(met.incidents, ['LETTER_TAMPERED']);
  assert.equal(met.states.tampered, 1);
});

test('an outbox that is set back tells nobody again, and what is written into it since is told', async (t) => {
  const setting = await withCauses();
  t.after(() => setting.leave());
  setting.db.close();
  const path = join(setting.folder, 'gateway.db');
  copyFileSync(path, `${path}.old`);
  setting.reopen();
  setting.outbox.add('rotation', ana, 'tx 2');
  assert.equal((await standingAfter(setting)).to.length, 4);
  setting.db.close();
  copyFileSync(`${path}.old`, path);
  setting.reopen();
  setting.outbox.add('rotation', bob, 'tx 3');
  const met = await standingAfter(setting);
  assert.deepEqual(met.to.slice(4), ['b@example.org']);
  assert.deepEqual(met.incidents, ['OUTBOX_GAP']);
});

test('a choice that was put back in the place of a newer one is not used', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { address: 'old@example.org' });
  setting.db.close();
  const path = join(setting.folder, 'gateway.db');
  copyFileSync(path, `${path}.old`);
  setting.reopen();
  await setting.choose(ana, { counter: 2, address: 'new@example.org' });
  setting.outbox.add('look', ana, 'grant 1');
  assert.deepEqual((await standingAfter(setting)).to, ['new@example.org']);
  setting.db.close();
  copyFileSync(`${path}.old`, path);
  setting.reopen();
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
