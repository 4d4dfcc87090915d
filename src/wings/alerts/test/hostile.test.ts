import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { AlertsSetting, ana, bob, relayOfFile } from './setting.ts';

const day = 24 * 60 * 60_000;
const { relay, mail } = relayOfFile();

for (const [name, jumps] of [
  ['a day ahead and back', [day, -day]],
  ['ten years ahead and back', [3_650 * day, -3_650 * day]],
  ['a year back and ahead', [-365 * day, 365 * day]],
] as const) {
  test(`a clock that jumps ${name} loses no letter, and sends none twice`, async (t) => {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    await setting.choose(ana);
    const startMs = setting.nowMs;
    for (const [at, jump] of [0, ...jumps].entries()) {
      setting.nowMs += jump;
      setting.outbox.add('freeze', ana, `tx ${at}`);
      setting.outbox.add('freeze', ana, 'tx 0');
      await setting.run(mail());
    }
    setting.nowMs = startMs + 2 * 60 * 60_000;
    await setting.run(mail());
    setting.nowMs += 3 * day;
    await setting.run(mail());
    const names = relay.taken.map(({ data }) => /^Message-ID: (.*)\r$/m.exec(data)?.[1]);
    assert.equal(new Set(names).size, names.length);
    // The first at once; of what came within its hour one letter tells.
    assert.ok(names.length >= 2 && names.length <= 3, String(names.length));
  });
}

test('a relay that dies in the middle of a flood of everybody is tried again, nothing is given up, and nobody is told twice', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  await setting.choose(bob);
  for (const [at, account] of [ana, bob, ana, bob].entries()) {
    for (const cause of ['look', 'refusal', 'freeze'] as const)
      setting.outbox.add(cause, account, `${cause} ${at}`);
  }
  let met = 0;
  relay.manners = {
    answer: (line) => (line.startsWith('EHLO') && ++met > 2 ? '421 away' : undefined),
  };
  await setting.run(mail());
  const before = relay.taken.length;
  assert.ok(before <= 2);
  relay.manners = {};
  setting.nowMs += 10 * 60_000;
  for (let n = 0; n < 10; n++) await setting.run(mail());
  // Two accounts, three causes: what came together is one letter.
  assert.equal(relay.taken.length, 6);
});

test('an address in clear stands in no file of the gateway, the service or its log', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { address: 'very.own.address@example.org' });
  setting.outbox.add('look', ana, 'grant 1');
  await setting.run(mail());
  assert.equal(relay.taken.length, 1);
  setting.db.run('PRAGMA wal_checkpoint(TRUNCATE)');
  for (const file of readdirSync(setting.folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.db(-wal)?$/.test(file)) continue;
    assert.equal(readFileSync(join(setting.folder, file)).includes('very.own'), false, file);
  }
  assert.equal(JSON.stringify(setting.logged).includes('very.own'), false);
});

test('letters that somebody deleted from the file are told of no second time', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  setting.outbox.add('freeze', ana, 'tx 1');
  await setting.run(mail());
  const db = new DatabaseSync(join(setting.folder, 'letters.db'));
  db.exec('DELETE FROM letters');
  db.close();
  await setting.run(mail());
  // The causes that were met are remembered apart from their letters.
  assert.equal(relay.taken.length, 1);
});
