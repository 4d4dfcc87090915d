import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { rowGuard } from '../../../../server/row-key.ts';
import { alertsStanding } from '../../api/standing.ts';
import { readCodesFromMs } from '../../gateway/codes-reader.ts';
import { readInbox } from '../../gateway/inbox-reader.ts';
import { InboxChannel } from '../../node/inbox-channel.ts';
import { AlertsSetting, ana, bob, letter, lettersKey, relayOfFile, sharedKey } from '../setting.ts';

/** One number that another hand wrote must not silence everybody. Source: docs/protocol/alerts.md, AL-4. */

const { relay, mail } = relayOfFile();
const big = '4611686018427387904';
const last = '9223372036854775807';
const hour = 60 * 60_000;

const likeFirst = (id: string) =>
  `INSERT INTO letters SELECT ${id}, x'0102', account, channel, cause, count, dueMs, attempts, 'waiting', code, changedMs, mac, facts FROM letters WHERE id = 1`;

for (const [file, sql, code] of [
  ['gateway.db', `UPDATE alerts_outbox SET atMs = ${big} WHERE seq = 3`, 'OUTBOX_TAMPERED'],
  ['gateway.db', 'UPDATE alerts_outbox SET atMs = -1 WHERE seq = 3', 'OUTBOX_TAMPERED'],
  [
    'gateway.db',
    `INSERT INTO alerts_outbox SELECT ${big}, x'00', account, cause, atMs, prev, mac, facts FROM alerts_outbox WHERE seq = 1`,
    'OUTBOX_TAMPERED',
  ],
  [
    'gateway.db',
    `UPDATE alerts_choices SET counter = ${big} WHERE account = '${ana}'`,
    'CHOICE_TAMPERED',
  ],
  [
    'gateway.db',
    `UPDATE alerts_choices SET counter = -1 WHERE account = '${ana}'`,
    'CHOICE_TAMPERED',
  ],
  ['gateway.db', `UPDATE alerts_last SET seq = ${big}`, 'OUTBOX_GAP'],
  ['gateway.db', 'UPDATE alerts_last SET seq = 9007199254740991', 'OUTBOX_GAP'],
  ['letters.db', `UPDATE cursor SET seq = ${big}`, 'LETTERS_TAMPERED'],
  ['letters.db', `UPDATE letters SET state = 'waiting', changedMs = ${big}`, 'LETTER_TAMPERED'],
  ['letters.db', "UPDATE letters SET state = 'waiting', dueMs = -7", 'LETTER_TAMPERED'],
  ['letters.db', likeFirst(big), 'LETTER_TAMPERED'],
  ['letters.db', likeFirst(last), 'LETTER_TAMPERED'],
  [
    'letters.db',
    `UPDATE counters SET counter = ${big} WHERE account = '${ana}'`,
    'CHOICE_TAMPERED',
  ],
  ['letters.db', `INSERT INTO incidents VALUES ('${'X'.repeat(99)}', ${big}, -${big})`, 'XXXXXXXX'],
] as const) {
  for (const when of ['while the service is away', 'while it runs'] as const)
    test(`${when}, in ${file}: ${sql.slice(0, 90)}: it is told, and others are told what is new`, async (t) => {
      const setting = new AlertsSetting();
      t.after(() => setting.leave());
      for (const account of [ana, bob]) await setting.choose(account);
      for (const account of [ana, bob]) setting.outbox.add('look', account, 'grant');
      const { service } = await setting.service([mail()]);
      while (await service.round());
      const before = relay.taken.length;
      if (when === 'while the service is away') setting.end();
      setting.nowMs += 2 * hour;
      setting.outbox.add('rotation', ana, 'tx 1');
      const db = new DatabaseSync(join(setting.folder, file));
      db.exec(sql);
      db.close();
      for (const cause of ['rotation', 'look'] as const) setting.outbox.add(cause, bob, 'tx 2');
      if (when === 'while it runs') {
        for (let n = 0; n < 5; n++) await service.round();
        setting.end();
      }
      const standing = await setting.run(mail());
      const told = relay.taken.slice(before).map(({ to }) => to[0]);
      assert.deepEqual(
        told.filter((it) => it === 'b@example.org'),
        ['b@example.org', 'b@example.org'],
      );
      const codes = standing.incidents.map((it) => it.code);
      const isToldOf = codes.some((it) => it.startsWith(code));
      const isBound = setting.unbound.length > 0;
      assert.ok(isToldOf || (isBound && when === 'while it runs'), codes.join());
      const { states, incidents } = standing;
      const shown = { states, codes: standing.codes, incidents: incidents.slice(0, 50) };
      assert.equal(alertsStanding.safeParse(shown).success, true, 'its operator sees it');
      const path = join(setting.folder, 'letters.db');
      assert.equal(readCodesFromMs(path, ana, setting.nowMs), undefined);
      // Whose choice it was sets it again, and is told.
      const held = setting.outbox.chosen(ana)[0];
      await setting.choose(ana, { counter: Math.max(7, Number(held?.counter) + 1) });
      setting.outbox.add('freeze', ana, 'tx 3');
      await setting.run(mail());
      assert.equal(relay.taken.at(-1)?.to[0], 'a@example.org');
    });
}

test('an entry of another hand with a number too large for one keeps no inbox from being written and read', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const path = join(setting.folder, 'alerts', 'inbox.db');
  mkdirSync(join(setting.folder, 'alerts'));
  const inbox = new InboxChannel(path, sharedKey, {
    binding: { guard: rowGuard(lettersKey), told: (it) => setting.unbound.push(it) },
  });
  const add = (n: number) =>
    inbox.deliver({ ...letter, address: ana, name: new Uint8Array(16).fill(n), sentMs: n });
  assert.deepEqual(await add(1), { outcome: 'accepted' });
  const db = new DatabaseSync(path);
  db.exec(`INSERT INTO entries SELECT ${last}, x'00', account, cause, ${big}, mac FROM entries`);
  db.close();
  const read = () => readInbox(join(setting.folder, 'gateway.db'), sharedKey, ana);
  assert.deepEqual([read().entries.length, read().tampered], [1, 1]);
  assert.deepEqual(await add(2), { outcome: 'accepted' });
  assert.deepEqual([read().entries.length, read().tampered], [2, 0]);
});
