import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileWalletStore } from './file-wallet-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-wallet-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'people', 'ana.wallet');
const store = fileWalletStore(path);

test('There is no wallet before one is saved; then it is the last that was', async () => {
  assert.equal(await store.load(), undefined);
  await store.save(Uint8Array.of(1, 2, 3));
  await store.save(Uint8Array.of(4));
  assert.deepEqual(await store.load(), Uint8Array.of(4));
});

test('Only its owner reads a wallet, and nothing else lies beside it', async () => {
  await store.save(Uint8Array.of(1));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'people')).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(folder, 'people')), ['ana.wallet']);
});

test('Two who write at once wait for each other', async () => {
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    order.push(`${name} ends`);
  };
  await Promise.all([store.locked?.(work('one')), fileWalletStore(path).locked?.(work('two'))]);
  assert.deepEqual(order, ['one begins', 'one ends', 'two begins', 'two ends']);
});

test('The lock of a process that was killed holds nobody off, and none stays after a failure', async () => {
  writeFileSync(`${path}.lock`, '0');
  await assert.rejects(async () => store.locked?.(() => Promise.reject(new Error('no'))), /no/);
  assert.equal(existsSync(`${path}.lock`), false);
});
