import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { UnboundRow } from '../../../primitives/row-guard.ts';
import { scrubBoundFile } from '../../../server/maintenance/scrub/bound-file.ts';
import { isFlaw } from '../../../server/maintenance/scrub/flaw.ts';
import { rowGuard } from '../../../server/row-key.ts';
import { inboxFile } from '../api/inbox-entry.ts';
import { readInbox } from '../gateway/inbox-reader.ts';
import { describeChannel } from '../node/channel.contract.ts';
import { InboxChannel } from '../node/inbox-channel.ts';
import { AlertsSetting, ana, bob, lettersKey, sharedKey } from './setting.ts';

function folderWith(t: { after(end: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), 'salus-inbox-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, inboxFile);
  mkdirSync(dirname(path));
  return { folder, path, gateway: join(folder, 'gateway.db') };
}

describeChannel('inbox', {
  away: 'down',
  puttingOff: 'down',
  // It is this machine's own: it takes what it can write.
  manners: ['takes', 'puts off', 'is away'],
  open: async (manner) => {
    const folder = mkdtempSync(join(tmpdir(), 'salus-inbox-'));
    const path = join(folder, inboxFile);
    if (manner !== 'is away') mkdirSync(dirname(path));
    const busy = manner === 'puts off' ? new DatabaseSync(path) : undefined;
    busy?.exec('BEGIN EXCLUSIVE');
    return {
      channel: new InboxChannel(path, sharedKey, { waitMs: 10 }),
      address: ana,
      taken(name) {
        if (manner !== 'takes' || !existsSync(path)) return 0;
        const db = new DatabaseSync(path, { readOnly: true });
        try {
          return Number(
            db.prepare('SELECT count(*) AS n FROM entries WHERE name = ?').get(name)?.n,
          );
        } finally {
          db.close();
        }
      },
      close: async () => {
        busy?.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});

test('what is new stands in the inbox of its account alone, of which kind and when, the newest first, and once', async (t) => {
  const { path, gateway } = folderWith(t);
  assert.deepEqual(readInbox(gateway, sharedKey, ana), { entries: [], tampered: 0 });
  const channel = new InboxChannel(path, sharedKey);
  const common = { language: 'en', secret: new Uint8Array(0) } as const;
  const letter = (first: number, cause: 'look' | 'freeze', address: string) => ({
    ...{ ...common, cause, address, name: new Uint8Array(16).fill(first), sentMs: 1_000 + first },
  });
  for (const it of [letter(1, 'look', ana), letter(2, 'freeze', ana), letter(3, 'look', bob)]) {
    await channel.deliver(it);
    await channel.deliver(it);
  }
  assert.deepEqual(readInbox(gateway, sharedKey, ana), {
    entries: [
      { cause: 'freeze', atMs: 1_002 },
      { cause: 'look', atMs: 1_001 },
    ],
    tampered: 0,
  });
});

test('an entry that another hand wrote, or moved to another account, is left out and counted', async (t) => {
  const { path, gateway } = folderWith(t);
  const channel = new InboxChannel(path, sharedKey);
  for (const first of [1, 2]) {
    await channel.deliver({
      ...{ name: new Uint8Array(16).fill(first), address: ana, cause: 'look', language: 'en' },
      ...{ sentMs: 1_000, secret: new Uint8Array(0) },
    });
  }
  const db = new DatabaseSync(path);
  db.exec(`UPDATE entries SET account = '${bob}' WHERE seq = 1`);
  db.exec("UPDATE entries SET cause = 'freeze' WHERE seq = 2");
  db.close();
  assert.deepEqual(readInbox(gateway, sharedKey, ana), { entries: [], tampered: 1 });
  assert.deepEqual(readInbox(gateway, sharedKey, bob), { entries: [], tampered: 1 });
});

test('nobody is told in another’s inbox, whatever address they sealed, and two hundred entries are kept', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const path = join(setting.folder, inboxFile);
  mkdirSync(dirname(path));
  await setting.choose(ana, { channel: 'inbox', address: bob });
  const gateway = join(setting.folder, 'gateway.db');
  for (let n = 0; n < 210; n++) {
    setting.outbox.add('look', ana, `grant ${n}`);
    setting.nowMs += 2 * 60 * 60_000;
    const { service } = await setting.service([new InboxChannel(path, sharedKey)]);
    while (await service.round()) {
      // until nothing is due
    }
    setting.end();
  }
  assert.equal(readInbox(gateway, sharedKey, bob).entries.length, 0);
  assert.equal(readInbox(gateway, sharedKey, ana).entries.length, 200);
});

test('what is older than ninety days goes, also of who is told nothing any more', async (t) => {
  const { path, gateway } = folderWith(t);
  const channel = new InboxChannel(path, sharedKey);
  channel.forget(0);
  for (const [first, sentMs] of [
    [1, 1_000],
    [2, 2_000],
  ] as const) {
    await channel.deliver({
      ...{ name: new Uint8Array(16).fill(first), address: ana, cause: 'look', language: 'en' },
      ...{ sentMs, secret: new Uint8Array(0) },
    });
  }
  channel.forget(1_001 + 90 * 24 * 60 * 60_000);
  assert.deepEqual(readInbox(gateway, sharedKey, ana).entries, [{ cause: 'look', atMs: 2_000 }]);
});

const bySeq = (seq: number) => `seq = ${seq}`;
/** An entry and what binds it, as who can write to the file takes it away, and puts it back. */
const taken = (seq: number) =>
  `CREATE TABLE before.entry AS SELECT * FROM entries WHERE ${bySeq(seq)};
   CREATE TABLE before.bound AS SELECT * FROM row_macs WHERE tbl = 'entries' AND key = x'810${seq}'`;
const gone = (seq: number) =>
  `DELETE FROM entries WHERE ${bySeq(seq)}; DELETE FROM row_macs WHERE tbl = 'entries' AND key = x'810${seq}'`;
const putBack =
  'INSERT INTO entries SELECT * FROM before.entry; INSERT INTO row_macs SELECT * FROM before.bound';

for (const [name, first, then, found] of [
  ['nothing', '', '', []],
  ['an entry that is gone', '', 'DELETE FROM entries WHERE seq = 1', ['gone']],
  ['an entry that is gone with what binds it', '', gone(1), ['count']],
  ['the newest that is gone with what binds it', '', gone(3), ['count']],
  ['an entry from before, put back with what binds it', taken(1), putBack, ['count']],
  [
    'an entry of another hand',
    '',
    "INSERT INTO entries SELECT 9, x'09', account, cause, atMs, mac FROM entries WHERE seq = 3",
    ['foreign'],
  ],
] as const) {
  test(`in the inbox’s file: ${name}: ${found.join() || 'whole'}, by the scrub and when it is opened, and told once`, async (t) => {
    const { folder, path } = folderWith(t);
    const told: UnboundRow[] = [];
    const open = () =>
      new InboxChannel(path, sharedKey, {
        binding: { guard: rowGuard(lettersKey), told: (it) => void told.push(it) },
      });
    const channel = open();
    const day = 24 * 60 * 60_000;
    for (const seq of [1, 2, 3]) {
      await channel.deliver({
        ...{ name: new Uint8Array(16).fill(seq), address: ana, cause: 'look', language: 'en' },
        ...{ sentMs: seq * day, secret: new Uint8Array(0) },
      });
    }
    const write = (sql: string) => {
      const db = new DatabaseSync(path);
      db.exec(`ATTACH '${join(folder, 'before.db')}' AS before; ${sql}`);
      db.close();
    };
    write(first);
    // The first is too old now.
    if (first !== '') channel.forget(91 * day + 1);
    write(then);
    const file = { hospital: 'north', store: 'inbox', path, key: lettersKey };
    const scrubbed = async () => {
      const bound: string[] = [];
      for await (const it of scrubBoundFile(file)) if (isFlaw(it)) bound.push(it.bound);
      return bound;
    };
    assert.deepEqual(
      await scrubbed(),
      found.map((it) => `row MAC: ${it}`),
    );
    const again = open();
    for (const n of [1, 2]) again.forget(n);
    assert.deepEqual(
      told.map(({ because }) => because),
      found,
    );
    // What is left is bound as it is; an entry of another hand is still left out by its reader.
    assert.deepEqual(await scrubbed(), []);
    assert.equal(
      readInbox(join(folder, 'gateway.db'), sharedKey, ana).tampered,
      found[0] === 'foreign' ? 1 : 0,
    );
  });
}
