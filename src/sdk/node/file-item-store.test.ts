import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { itemStoreRules } from '../kept/item-store.contract.ts';
import { fileItemStore } from './file-item-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-item-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const open = (wallet: string) => fileItemStore(join(folder, `${wallet}.items`));

describe('Files as an item store', () => {
  for (const [rule, holds] of itemStoreRules) test(rule, () => holds(open));
});

test('Only their owner reads them, and nothing is made before something is kept', async () => {
  const store = open('private');
  await store.names();
  assert.ok(!existsSync(join(folder, 'private.items')));
  await store.save(new Map([['list', Uint8Array.of(1)]]));
  assert.equal(statSync(join(folder, 'private.items')).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'private.items', 'list.sealed')).mode & 0o777, 0o600);
});

test("Somebody else's file in the folder is no item, and stays", async () => {
  const store = open('shared');
  await store.save(new Map([['list', Uint8Array.of(1)]]));
  writeFileSync(join(folder, 'shared.items', 'notes.txt'), '');
  assert.deepEqual(await store.names(), ['list']);
  await store.drop(['list', 'notes']);
  assert.deepEqual(readdirSync(join(folder, 'shared.items')), ['notes.txt']);
});
