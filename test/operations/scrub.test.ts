import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { openLedger } from '../../src/server/ledger.ts';
import type { Flaw } from '../../src/server/maintenance/scrub/flaw.ts';
import { ScrubRounds } from '../../src/server/maintenance/scrub/rounds.ts';
import { scrubHome } from '../../src/server/maintenance/scrub/scrub-home.ts';
import { serversOf } from '../../src/server/process.ts';
import { followBound } from '../../src/server/row-key.ts';
import { run, up } from '../cli/salus.ts';
import { bundle, startTown, type Town } from '../cli/town.ts';

/** A town that was lived in and is stopped: each test puts back what it changed. */
let town: Town;
before(async () => {
  town = await startTown();
  const patient = await town.patient();
  const doctor = await town.doctor();
  await town.salus('record', 'add', bundle, '--as', patient.name);
  const large = town.file('scan.pdf', Buffer.alloc(3_000_000, 7));
  await town.salus('record', 'add', large, '--as', patient.name);
  await town.salus('grant', doctor.name, '--as', patient.name, '--class', 'lab', '--until', '+1h');
  await town.salus('inbox', '--as', doctor.name);
  await town.salus('record', 'list', '--patient', patient.name, '--as', doctor.name);
  await town.stop();
});
after(() => town.leave());

async function flaws(): Promise<Flaw[]> {
  const found: Flaw[] = [];
  for await (const it of scrubHome(town.home, { services: [] })) found.push(...it.flaws);
  return found;
}

/** One bit of a value is another one: of an integer one that says something else, of a text one of its letters. */
function flipped(value: SQLOutputValue): SQLOutputValue {
  if (value === null) return 1;
  if (typeof value === 'number') return value ^ 0x40;
  if (typeof value === 'string') {
    return value === ''
      ? 'x'
      : `${value.slice(0, -1)}${String.fromCharCode(value.charCodeAt(value.length - 1) ^ 1)}`;
  }
  if (!(value instanceof Uint8Array)) throw new TypeError('no value of a STRICT table');
  if (value.length === 0) return Uint8Array.of(1);
  const other = value.slice();
  const at = Math.floor(other.length / 2);
  other[at] = (other[at] ?? 0) ^ 0x10;
  return other;
}

/** What of these tables says nothing: a number that SQLite gives, a time that decides how long something waits. */
const silent = new Set([
  'kv.id',
  // Of a claim that no anchor has named yet: when it came. It is sent again.
  'claims.put_ms',
  // Another anchor of the same sum: said where it is used.
  'head.id',
  'identity.id',
  'indexed.id',
]);

interface Cell {
  readonly table: string;
  readonly column: string;
}

function cellsOf(path: string): Cell[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .all()
      .map(({ name }) => String(name));
    return tables
      .filter((table) => db.prepare(`SELECT 1 FROM ${table}`).get() !== undefined)
      .flatMap((table) =>
        db
          .prepare('SELECT name FROM pragma_table_info(?)')
          .all(table)
          .map(({ name }) => ({ table, column: String(name) })),
      )
      .filter(({ table, column }) => !silent.has(`${table}.${column}`));
  } finally {
    db.close();
  }
}

/** Changes one cell as somebody with the file would, whatever triggers stand there. False: the table does not take it. */
function change(path: string, { table, column }: Cell): boolean {
  const db = new DatabaseSync(path);
  try {
    const triggers = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all();
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec('PRAGMA foreign_keys = OFF');
    const key = db.prepare('SELECT name FROM pragma_table_info(?) WHERE pk > 0').all(table);
    const names = key.length > 0 ? key.map(({ name }) => String(name)) : ['rowid'];
    const row = db
      .prepare(
        `SELECT ${names.join(', ')}, ${column} AS cell FROM ${table} ORDER BY ${column} IS NULL LIMIT 1 OFFSET
         (SELECT count(*) FROM ${table} WHERE ${column} IS NOT NULL) / 2`,
      )
      .get();
    if (row === undefined) return false;
    const where = names.map((it) => `${it} = ?`).join(' AND ');
    try {
      db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(
        flipped(row.cell ?? null),
        ...names.map((it) => row[it] ?? null),
      );
      return true;
    } catch (error) {
      // A CHECK, NOT NULL or UNIQUE of the table.
      assert.match(String(error), /constraint|cannot store/);
      return false;
    }
  } finally {
    db.close();
  }
}

async function changed(path: string, cell: Cell): Promise<readonly Flaw[] | undefined> {
  const kept = `${path}.kept`;
  copyFileSync(path, kept);
  try {
    return change(path, cell) ? await flaws() : undefined;
  } finally {
    copyFileSync(kept, path);
    rmSync(kept);
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
  }
}

test('a home as it was kept is whole', async () => {
  assert.deepEqual(await flaws(), []);
});

for (const file of [
  'gateway.db',
  'blobs/blobs.sqlite',
  '../ledger/blocks.db',
  '../ledger/state.db',
]) {
  test(`one cell of any table of ${file} that is another one is found`, async () => {
    const path = join(serversOf(town.home), 'north', file);
    const missed: string[] = [];
    let tried = 0;
    for (const cell of cellsOf(path)) {
      const found = await changed(path, cell);
      if (found === undefined) continue;
      tried += 1;
      if (found.length === 0) missed.push(`${cell.table}.${cell.column}`);
    }
    assert.deepEqual(missed, []);
    assert.ok(tried > 5, String(tried));
    assert.deepEqual(await flaws(), [], 'all is put back');
  });
}

/** What a gateway does meanwhile, bound as it binds it; the file is put back afterwards. */
async function beside(
  change: (gateway: DatabaseSync) => void,
  file = 'gateway.db',
): Promise<Flaw[]> {
  const folder = join(serversOf(town.home), 'north');
  const path = join(folder, file);
  copyFileSync(path, `${path}.kept`);
  const gateway = new DatabaseSync(path);
  try {
    followBound(gateway, folder);
    change(gateway);
    return await flaws();
  } finally {
    gateway.close();
    copyFileSync(`${path}.kept`, path);
    rmSync(`${path}.kept`);
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
  }
}

test('a delivery whose rows are still coming is no finding, and each row that came is looked at', async () => {
  const anchored =
    'delivery = (SELECT max(delivery) FROM deliveries WHERE count > 1 AND height IS NOT NULL)';
  /** As rows come slice by slice, of which the first is there. */
  const half = (gateway: DatabaseSync) => {
    gateway.exec(`INSERT INTO deliveries (account, root, epoch, consent, count, bytes, deliverer, waitsUntilMs)
      SELECT account, randomblob(33), epoch, consent, count, bytes, account, 9000000000000 FROM deliveries WHERE ${anchored}`);
    const last = gateway.prepare('SELECT max(delivery) AS n FROM deliveries').get()?.n;
    gateway.exec(`INSERT INTO items SELECT ${last}, position, account, recordId, leaf, salt, leafContent, header,
      class, blob, NULL, NULL FROM items WHERE position = 0 AND ${anchored}`);
  };
  assert.deepEqual(await beside(half), []);
  const found = await beside((gateway) => {
    half(gateway);
    gateway.exec(
      'UPDATE items SET leaf = zeroblob(32) WHERE delivery = (SELECT max(delivery) FROM deliveries)',
    );
  });
  assert.deepEqual(
    found.map(({ table, bound, column }) => [table, bound, column]),
    [['items', 'ledger root', 'leaf']],
  );
});

test('a body that has just been claimed is no finding where its row is anchored first, and one that stays so is', async () => {
  const claimed = (putMs: number) => (blobs: DatabaseSync) =>
    void blobs
      .prepare(
        'UPDATE claims SET anchored = 0, put_ms = ? WHERE id = (SELECT max(id) FROM claims WHERE anchored = 1)',
      )
      .run(putMs);
  const file = 'blobs/blobs.sqlite';
  assert.deepEqual(await beside(claimed(Date.now() - 1_000), file), []);
  for (const putMs of [Date.now() - 2 * 3_600_000, Date.now() + 2 * 3_600_000]) {
    const found = await beside(claimed(putMs), file);
    assert.deepEqual(
      found.map(({ table, bound }) => [table, bound]),
      [['claims', 'recount']],
    );
  }
});

test('a byte of a large body, and a body that is gone, are found by the id of the blob, and everything else is whole', async () => {
  const folder = join(serversOf(town.home), 'north', 'blobs', 'files');
  const [name = ''] = readdirSync(folder);
  const path = join(folder, name);
  const bytes = readFileSync(path);
  for (const at of [0, 1_500_000, bytes.length - 1]) {
    const other = Buffer.from(bytes);
    other[at] = (other[at] ?? 0) ^ 1;
    writeFileSync(path, other);
    assert.deepEqual(
      (await flaws()).map(({ of, store, row, bound, code }) => [of, store, row, bound, code]),
      [['north', 'blobs', name, 'id: changed', 'BLOB_CORRUPT']],
    );
  }
  rmSync(path);
  assert.deepEqual(
    (await flaws()).map(({ bound }) => bound),
    ['id: missing'],
  );
  writeFileSync(path, bytes);
  assert.deepEqual(await flaws(), []);
});

test('a state that is another one is made again from the blocks at the next start, and its root is the same', async () => {
  const ledger = join(serversOf(town.home), 'ledger');
  const path = join(ledger, 'state.db');
  const headOf = () => {
    const db = new DatabaseSync(path, { readOnly: true });
    const head = db.prepare('SELECT app_hash FROM head').get();
    db.close();
    return head;
  };
  const before = headOf();
  assert.equal(change(path, { table: 'kv', column: 'v' }), true);
  const found = await new ScrubRounds(town.home, { services: [] }).next();
  assert.ok(found.found > 0);
  assert.equal(existsSync(join(ledger, 'state.doubt')), true);
  // As the next start opens it, and without a gateway: it puts the hash of what was found on the ledger, so soon that the head may be another block's.
  const { engine } = await openLedger({
    folder: ledger,
    genesisBytes: new Uint8Array(readFileSync(join(serversOf(town.home), 'genesis.cbor'))),
    acceptClock: false,
    onFault: (error) => assert.fail(String(error)),
  });
  await engine.close();
  assert.equal(existsSync(join(ledger, 'state.doubt')), false);
  assert.deepEqual(headOf(), before);
  const again = await up(town.home);
  await again.stop();
  assert.deepEqual(await flaws(), []);
});

test('a file that somebody has to himself is no finding: it was not looked at, and everything else was', async () => {
  const path = join(serversOf(town.home), 'north', 'blobs', 'blobs.sqlite');
  const holder = new DatabaseSync(path);
  holder.exec(
    'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE claims SET put_ms = put_ms',
  );
  const { code, stdout } = await run(['scrub', '--json'], { home: town.home });
  holder.close();
  const lines = stdout
    .trim()
    .split('\n')
    .map((it) => JSON.parse(it) as Record<string, unknown>);
  const stores = lines.filter(({ store }) => store !== undefined);
  assert.deepEqual(
    stores.filter(({ missed }) => missed !== undefined).map(({ store, missed }) => [store, missed]),
    [
      ['north claims', 'STORE_BUSY'],
      ['north blobs', 'STORE_BUSY'],
    ],
  );
  assert.ok(stores.every(({ found }) => found === 0));
  assert.ok(stores.some(({ store }) => store === 'valley gateway'));
  assert.equal(code, 5);
  for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
  assert.deepEqual(await flaws(), []);
});

test('a page of a database that is no page any more is found, and the scrub goes on', async () => {
  for (const [file, of] of [
    ['gateway.db', 'north'],
    ['../ledger/state.db', 'ledger'],
  ] as const) {
    const path = join(serversOf(town.home), 'north', file);
    const bytes = readFileSync(path);
    const other = Buffer.from(bytes);
    other.fill(0x5a, 4096, 2 * 4096);
    writeFileSync(path, other);
    assert.ok((await flaws()).every((it) => it.of === of));
    assert.ok((await flaws()).length > 0, file);
    writeFileSync(path, bytes);
  }
  assert.ok(existsSync(join(serversOf(town.home), 'north', 'gateway.db')));
});
