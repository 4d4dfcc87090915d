import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { alertsServer } from './index.ts';
import { makeMissingKeys } from './service-keys.ts';
import { alertsStatus } from './status.ts';

test('a folder that is no home lacks no keys, and is told as one that was asked about', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-no-home-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const checks = (alertsServer.processes ?? []).flatMap(({ check }) => check ?? []);
  assert.equal(checks.length, 1);
  for (const check of checks) assert.deepEqual(await check(folder), []);
  assert.throws(() => alertsStatus(folder), { code: 'HOME_INVALID' });
  assert.throws(() => makeMissingKeys(folder, 0), { code: 'HOME_INVALID' });
});
