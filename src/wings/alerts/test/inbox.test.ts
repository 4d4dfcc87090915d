import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { inboxFile } from '../api/inbox-entry.ts';
import { readInbox } from '../gateway/inbox-reader.ts';
import { describeChannel } from '../node/channel.contract.ts';
import { InboxChannel } from '../node/inbox-channel.ts';
import { AlertsSetting, ana, bob, sharedKey } from './setting.ts';

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
