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

const only = (...bytes: number[]) => ({
  file: Uint8Array.from(bytes),
  shards: new Map<string, Uint8Array>(),
  keeps: [],
});

test('There is no wallet before one is saved; then it is the last that was', async () => {
  assert.equal(await store.load(), undefined);
  await store.save(only(1, 2, 3));
  await store.save(only(4));
  assert.deepEqual(await store.load(), Uint8Array.of(4));
});

test('Only its owner reads a wallet, and nothing else lies beside it', async () => {
  await store.save(only(1));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'people')).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(folder, 'people')), ['ana.wallet']);
});

test('Shards lie beside the file, and go when it holds to them no more', async () => {
  const [first = '', second = ''] = ['a', 'b'].map((digit) => digit.repeat(32));
  const shards = new Map([first, second].map((name) => [name, Uint8Array.of(7)]));
  await store.save({ file: Uint8Array.of(1), shards, keeps: [first, second] });
  assert.equal(statSync(`${path}.${first}`).mode & 0o777, 0o600);
  // What a stop of the machine left, and somebody else's file, which is no shard.
  writeFileSync(`${path}.${'c'.repeat(32)}`, '');
  writeFileSync(`${path}.txt`, '');
  await store.save({ file: Uint8Array.of(2), shards: new Map(), keeps: [second] });
  assert.deepEqual(readdirSync(join(folder, 'people')).sort(), [
    'ana.wallet',
    `ana.wallet.${second}`,
    'ana.wallet.txt',
  ]);
  assert.deepEqual(await store.loadShard(second), Uint8Array.of(7));
  assert.equal(await store.loadShard(first), undefined);
  rmSync(`${path}.txt`);
  await store.save(only(1));
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
