import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noteBackup } from '../../../server/last-backup.ts';
import { troubles } from './troubles.ts';

const hour = 60 * 60_000;
for (const [name, ageMs, expected] of [
  ['of yesterday', 24 * hour, []],
  ['of two days ago', 48 * hour, [['backup', '1000000000000']]],
  ['from the future, as after a clock that was set back', -hour, []],
] as const) {
  test(`a backup ${name}: ${expected.length === 0 ? 'nothing' : 'one thing'} to tell`, (t) => {
    const home = mkdtempSync(join(tmpdir(), 'salus-troubles-'));
    t.after(() => rmSync(home, { recursive: true, force: true }));
    mkdirSync(join(home, 'servers'));
    assert.deepEqual(troubles(home, 1_000_000_000_000), []);
    noteBackup(home, { height: 1, createdMs: 1_000_000_000_000 });
    assert.deepEqual(troubles(home, 1_000_000_000_000 + ageMs), expected);
  });
}
