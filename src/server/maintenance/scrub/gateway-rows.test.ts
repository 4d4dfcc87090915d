import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { isFlaw } from './flaw.ts';
import { scrubGateway } from './gateway-rows.ts';

test('an item whose place is a number too large for one is a flaw, and ends no scrub', async (t) => {
  const servers = mkdtempSync(join(tmpdir(), 'salus-scrub-'));
  t.after(() => rmSync(servers, { recursive: true, force: true }));
  mkdirSync(join(servers, 'north'));
  const db = new DatabaseSync(join(servers, 'north', 'gateway.db'));
  db.exec(`CREATE TABLE deliveries (delivery INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    CREATE TABLE items (delivery INTEGER NOT NULL, position INTEGER NOT NULL, leaf BLOB, tombstone BLOB) STRICT;
    INSERT INTO deliveries VALUES (1, 1); INSERT INTO items VALUES (1, 4611686018427387904, x'00', NULL)`);
  db.close();
  const found: string[] = [];
  for await (const it of scrubGateway(servers, 'north')) if (isFlaw(it)) found.push(it.bound);
  assert.deepEqual(found, ['row MAC', 'structure']);
});
