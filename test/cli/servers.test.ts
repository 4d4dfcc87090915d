import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { list, refused, remove, salus, temporaryHome, text, up } from './salus.ts';
import { startTown, type Town } from './town.ts';

/** A town in which something happened, which no test changes: those that do have a copy or one of their own. */
let town: Town;
let height = 0;
before(async () => {
  town = await startTown();
  const [ana, doctor] = [await town.patient(), await town.doctor()];
  const records: string[] = [];
  for (const words of ['one', 'two', 'three']) {
    const file = town.file(`${words}.txt`, words);
    const added = await town.salus('record', 'add', file, '--class', 'lab', '--as', ana.name);
    records.push(text(list(added, 'items')[0] ?? {}, 'recordId'));
  }
  await town.salus('grant', doctor.name, '--as', ana.name, '--class', 'lab', '--until', '+1h');
  await town.salus('record', 'list', '--as', doctor.name);
  await town.salus('record', 'erase', records[0] ?? '', '--yes', '--as', ana.name);
  const ended = await town.salus('revoke', doctor.name, '--as', ana.name);
  height = Number(ended.height);
});
after(() => town.leave());

/** Its servers as they are on disk, for somebody to tamper with. */
async function onCopy(work: (home: string) => Promise<void>): Promise<void> {
  const home = temporaryHome();
  try {
    cpSync(join(town.home, 'servers'), join(home, 'servers'), { recursive: true });
    cpSync(join(town.home, 'trust.json'), join(home, 'trust.json'));
    await work(home);
  } finally {
    remove(home);
  }
}

test('up says when it is ready, where, and who is there', () => {
  const { ready, url, people, ms } = town.ready;
  assert.equal(ready, true);
  assert.match(String(url), /^http:\/\/localhost:\d+$/);
  assert.deepEqual(people, []);
  assert.equal(typeof ms, 'number');
});

test('verify holds beside the running servers', async () => {
  const whole = await town.salus('verify');
  assert.equal(whole.trusted, true);
  assert.ok(height > 5);
  assert.ok(Number(whole.height) >= height);
  const hospitals = list(whole, 'hospitals');
  assert.deepEqual(
    hospitals.map((it) => it.hospital),
    ['harbour', 'north', 'valley'],
  );
  assert.equal(hospitals.find((it) => it.hospital === 'north')?.erased, 1);
});

test('verify names the item whose row was changed', () =>
  onCopy(async (home) => {
    const db = new DatabaseSync(join(home, 'servers', 'north', 'gateway.db'));
    const row = db.prepare('SELECT recordId FROM items WHERE tombstone IS NULL LIMIT 1').get();
    const header = 'UPDATE items SET header = CAST(zeroblob(90) AS BLOB) WHERE recordId = ?';
    db.prepare(header).run(String(row?.recordId));
    db.close();
    const found = await refused(['verify'], { code: 'ITEM_HEADER_CORRUPT', exit: 4 }, { home });
    assert.deepEqual([found.hospital, found.recordId], ['north', row?.recordId]);
  }));

test('verify names the block that was changed', () =>
  onCopy(async (home) => {
    const blocks = new DatabaseSync(join(home, 'servers', 'ledger', 'blocks.db'));
    blocks.exec(
      'DROP TRIGGER blocks_update; UPDATE blocks SET time_ms = time_ms + 1 WHERE height = 5',
    );
    blocks.close();
    const found = await refused(['verify'], { code: 'LEDGER_CORRUPT', exit: 4 }, { home });
    assert.equal(found.height, 5);
  }));

test('verify names the blob of which a stored byte changed', () =>
  onCopy(async (home) => {
    const db = new DatabaseSync(join(home, 'servers', 'north', 'blobs', 'blobs.sqlite'));
    const row = db.prepare('SELECT id, content FROM blobs WHERE content IS NOT NULL LIMIT 1').get();
    const content = row?.content;
    assert.ok(content instanceof Uint8Array);
    content[0] = (content[0] ?? 0) ^ 1;
    db.prepare('UPDATE blobs SET content = ? WHERE id = ?').run(content, String(row?.id));
    db.close();
    const found = await refused(['verify'], { code: 'BLOB_CORRUPT', exit: 4 }, { home });
    assert.deepEqual([found.hospital, found.blobId], ['north', row?.id]);
  }));

test('the servers come back with their data, at another port', async () => {
  const own = await startTown();
  try {
    const [ana, doctor] = [await own.patient(), await own.doctor()];
    const classes = ['--class', 'lab', '--until', '+1h'];
    const given = await own.salus('grant', doctor.name, '--as', ana.name, ...classes);
    const reading = ['record', 'list', '--as', doctor.name, '--consent', text(given, 'consent')];
    await own.salus(...reading);
    await own.stop();
    await own.no('GATEWAY_UNREACHABLE', 5, ...reading);
    const again = await up(own.home);
    try {
      assert.notEqual(again.ready.url, own.url);
      const people = list(again.ready, 'people').map((it) => it.name);
      assert.deepEqual(people, [ana.name, doctor.name]);
      const inbox = await salus(['inbox', '--as', doctor.name], { home: own.home });
      assert.equal(list(inbox, 'grants').length, 1);
    } finally {
      const stopped = await again.stop();
      assert.equal(stopped.code, 0, stopped.stderr);
    }
  } finally {
    await own.leave();
  }
});

test('the sandbox mines real blocks, and says that work decides nothing here', async () => {
  const svg = town.file('chain.svg');
  const mined = ['sandbox', '--blocks', '4', '--difficulty', '6', '--svg', svg];
  const report = await town.salus(...mined, '--miners', 'a:3,b:1', '--seed', '7');
  assert.match(text(report, 'caption'), /work decides nothing/);
  assert.equal(list(report, 'chain').length, 4);
  assert.match(readFileSync(svg, 'utf8'), /^<svg /);
});
