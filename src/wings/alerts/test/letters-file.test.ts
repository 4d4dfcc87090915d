import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { refused, remove, root, temporaryHome, up } from '../../../../test/cli/salus.ts';
import { serversOf } from '../../../server/process.ts';

/** The letters' file of a home that runs: what binds it there, and that another hand in it comes to the hospital's gateway. */

let home: string;
let running: Awaited<ReturnType<typeof up>>;
before(async () => {
  home = temporaryHome();
  running = await up(home, ['--demo', '--smtp', 'demo']);
});
after(async () => {
  await running.stop();
  remove(home);
});

const at = (file: string) => join(serversOf(home), 'north', file);
function rowsOf(file: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(at(file), { readOnly: true, timeout: 5_000 });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

test('every table of it stands in stores.md, a changed row is found by salus scrub and by the service, and comes to the gateway', async () => {
  while (!existsSync(at('alerts/letters.db'))) await wait(50);
  const bound = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
  while (rowsOf('alerts/letters.db', bound).length < 7) await wait(50);
  const text = readFileSync(join(root, 'docs/protocol/stores.md'), 'utf8');
  const named = [...text.matchAll(/^\| `HOSPITAL\/alerts\/letters\.db` ([^|]+) \|/gm)]
    .flatMap(([, tables = '']) => tables.split(', '))
    .sort();
  const tables = rowsOf('alerts/letters.db', bound).map(({ name }) => String(name));
  assert.deepEqual(tables.sort(), named);

  const db = new DatabaseSync(at('alerts/letters.db'), { timeout: 5_000 });
  db.exec("INSERT INTO incidents VALUES ('OUTBOX_GAP', 7, 1)");
  await refused(['scrub', '--tell'], { code: 'ROW_CORRUPT', exit: 4 }, { home });
  const found = () =>
    rowsOf('gateway.db', "SELECT tbl, bound FROM findings WHERE store = 'letters'");
  while (found().length < 1) await wait(50);
  db.exec('INSERT OR REPLACE INTO cursor VALUES (1, 99, zeroblob(32))');
  db.close();
  while (found().length < 2) await wait(50);
  const told = found().map(({ tbl, bound: by }) => `${String(tbl)} ${String(by)}`);
  assert.deepEqual(
    told.sort().map((it) => it.split(' ')[0]),
    ['cursor', 'incidents'],
  );
});
