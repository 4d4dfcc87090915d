import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockLedger } from '../../../engines/embedded/lock.ts';
import { nameRelay } from './name-relay.ts';
import { hasRelay, readRelay } from './places.ts';

test('an `up --smtp` that is refused since the servers run changes nothing of what they offer', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'salus-relay-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const url = (host: string) => `smtp://${host}?from=alerts@north.example`;
  await nameRelay(home, url('new.example'));
  assert.equal(readRelay(home)?.host, 'new.example', 'a home that is new');
  mkdirSync(join(home, 'servers', 'ledger'));
  const lock = lockLedger(join(home, 'servers', 'ledger'));
  for (const said of ['none', 'demo', url('other.example')])
    await assert.rejects(nameRelay(home, said), { code: 'LEDGER_LOCKED' });
  await nameRelay(home, '');
  assert.equal(readRelay(home)?.host, 'new.example');
  lock.release();
  await nameRelay(home, url('other.example'));
  assert.equal(readRelay(home)?.host, 'other.example');
  await nameRelay(home, 'none');
  assert.equal(hasRelay(home), false);
});
