import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type Consortium, startConsortium } from '../../src/server/consortium.ts';
import { migrateHome } from '../../src/server/storage/migrate.ts';
import {
  connectStorage,
  isNetworked,
  storageFiles,
  writeSettings,
} from '../../src/server/storage/settings.ts';
import { storageStatus } from '../../src/server/storage/status.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import { joined, mib, rejectsWith, sample } from '../../src/storage/blob-store.contract.ts';
import { openFileBlobStore } from '../../src/storage/file/file-blob-store.ts';
import { formatMembers, parseMembers } from '../../src/storage/ipfs/members-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-storage-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const ana = 'account-of-ana';
const hospitals = ['harbour', 'north', 'valley'];
const of = (home: string, hospital: string) => join(home, 'servers', hospital);

const start = (home: string): Promise<Consortium> =>
  startConsortium({ home, port: 0, logLevel: 'silent' });

/** A port after which two more are free. */
async function freePort(): Promise<number> {
  for (let port = 21_000 + 3 * (process.pid % 5_000); ; port += 3) {
    const servers = [0, 1, 2].map((more) => createServer().listen(port + more, '127.0.0.1'));
    const opened = await Promise.all(
      servers.map(
        (it) =>
          new Promise<boolean>((resolve) => {
            it.once('listening', () => resolve(true)).once('error', () => resolve(false));
          }),
      ),
    );
    await Promise.all(servers.map((it) => new Promise((resolve) => it.close(resolve))));
    if (opened.every(Boolean)) return port;
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await isSo()) return;
    await wait(50);
  }
  assert.fail('it did not come about');
}

test('a home moves from files to the storage network by one command: the same ids, at every member, through cuts', async () => {
  const home = join(folder, 'moved');
  await (await start(home)).close();
  const contents = [sample(0), sample(900), sample(300_000), sample(2 * mib + 5)];
  const before = openFileBlobStore({ folder: join(of(home, 'north'), 'blobs'), now: Date.now });
  for (const content of contents) await before.put(content, { owner: ana });
  await before.markAnchored(
    contents.map((it) => blobIdOf(it)),
    ana,
  );
  await before.close();

  const port = await freePort();
  // Cut off after the first hospital: its files are there, the settings of the others are not.
  await migrateHome({ home, port });
  const [harbour = '', north = '', valley = ''] = hospitals.map((it) => of(home, it));
  const key = readFileSync(join(harbour, storageFiles.swarmKey));
  for (const cut of [north, valley]) rmSync(join(cut, storageFiles.settings));
  rmSync(join(valley, storageFiles.members));
  assert.equal(isNetworked(north), false, 'it is served from its files as before');
  const again = await migrateHome({ home, port });
  assert.deepEqual(
    again.map(({ hospital, isNew }) => [hospital, isNew]),
    [
      ['north', true],
      ['harbour', false],
      ['valley', true],
    ],
  );
  for (const it of [harbour, north, valley]) {
    assert.deepEqual(readFileSync(join(it, storageFiles.swarmKey)), key, 'one key');
    assert.equal(
      parseMembers(readFileSync(join(it, storageFiles.members), 'utf8')).members.length,
      3,
    );
  }

  const consortium = await start(home);
  try {
    const names = consortium.processes().map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual(
      // Those of wings run beside them.
      names.filter((it) => it.startsWith('storage.')),
      hospitals.map((it) => `storage.${it} running`),
    );
    // Three copies of three members: everything is everywhere.
    await until(async () =>
      (await storageStatus(home)).every(({ hospital, status }) =>
        hospital === 'north'
          ? status?.swept?.below === 0 && status.members.every((it) => it.pinned === 4)
          : status?.held.blobs === 4,
      ),
    );
    for (const hospital of hospitals) {
      const store = connectStorage(of(home, hospital));
      for (const content of contents) {
        assert.deepEqual(await joined(store.readStream(blobIdOf(content))), content);
      }
      await store.close();
    }
    const store = connectStorage(of(home, 'north'));
    assert.equal(await store.hasClaim(blobIdOf(contents[1] ?? sample(0)), ana), true);
    assert.equal((await store.usage(ana)).blobs, 4);
    await store.close();
  } finally {
    await consortium.close();
  }
  assert.equal(existsSync(join(north, storageFiles.socket)), false);
  assert.ok((await storageStatus(home)).every(({ isRunning }) => !isRunning));
});

test('a storage node that was killed comes back, and its hospital waits for it', async () => {
  const home = join(folder, 'killed');
  await (await start(home)).close();
  await migrateHome({ home, port: await freePort() });
  const consortium = await start(home);
  try {
    const store = connectStorage(of(home, 'north'));
    const { id } = await store.put(sample(4_000), { owner: ana });
    const node = () => consortium.processes().find(({ name }) => name === 'storage.north');
    const pid = node()?.pid;
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    await until(async () => node()?.pid !== pid && node()?.state === 'running');
    assert.deepEqual(await store.read(id), sample(4_000));
    await store.close();
  } finally {
    await consortium.close();
  }
});

test('a list of members with an account, a key or an address that cannot be is refused: STORAGE_MEMBERS_INVALID', () => {
  const text = formatMembers({
    chainId: 'salus-1',
    members: [1, 2].map((n) => ({
      account: `${n}`.repeat(64) as never,
      storageKey: new Uint8Array(32).fill(n),
      addresses: ['/ip4/10.0.0.1/tcp/4001'],
    })),
    blocks: [{ height: 3, hash: new Uint8Array(32) }],
  });
  assert.equal(parseMembers(text).members.length, 2);
  for (const wrong of [
    '{}',
    text.replace('2'.repeat(64), '1'.repeat(64)),
    text.replace('02'.repeat(32), '01'.repeat(32)),
    text.replace('02'.repeat(32), '02'),
    text.replace('/tcp/4001', '/udp/4001'),
  ]) {
    assert.throws(() => parseMembers(wrong), { code: 'STORAGE_MEMBERS_INVALID' }, wrong);
  }
});

test('a node whose key is not in the list does not start, and says why in its log', async () => {
  const home = join(folder, 'unlisted');
  await (await start(home)).close();
  await migrateHome({ home, port: await freePort() });
  const list = join(of(home, 'north'), storageFiles.members);
  const read = parseMembers(readFileSync(list, 'utf8'));
  writeFileSync(list, formatMembers({ ...read, members: read.members.slice(1) }));
  const consortium = await start(home);
  try {
    const log = join(home, 'servers', 'logs', 'storage.north.log');
    await until(async () => readFileSync(log, 'utf8').includes('STORAGE_MEMBERS_INVALID'));
  } finally {
    await consortium.close();
  }
  writeSettings(of(home, 'valley'), {
    account: 'x' as never,
    listen: ['y'],
    copies: 3,
    heldBytes: 1,
  });
  const { readSettings } = await import('../../src/server/storage/settings.ts');
  await rejectsWith((async () => readSettings(of(home, 'valley')))(), 'HOME_INVALID');
});

test('a home without servers has no storage nodes, and nothing to bring into a network: HOME_INVALID', async () => {
  const home = join(folder, 'empty');
  await rejectsWith(storageStatus(home), 'HOME_INVALID');
  await rejectsWith(migrateHome({ home, port: 4_001 }), 'HOME_INVALID');
});
