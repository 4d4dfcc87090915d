import assert from 'node:assert/strict';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { beginSession, endSession, rootOfSession } from '../../src/cli/agent.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { passphrase, remove, root, salus, temporaryHome } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const silent = { SALUS_PASSPHRASE: '' };
/** As the process `salus` starts itself once more. */
const command = [process.execPath, join(root, 'src', 'cli', 'salus.ts')];

test('an unlocked session opens the wallet without a passphrase, until it is locked', async () => {
  const ana = await town.patient();
  const socket = join(town.home, 'people', `${ana.name}.agent`);
  const open = { home: town.home, command };
  await salus(['unlock', '--minutes', '1', '--as', ana.name], open);
  try {
    assert.equal(statSync(socket).mode & 0o077, 0);
    const without = { home: town.home, env: silent };
    const shown = await salus(['person', 'show', ana.name], without);
    assert.equal(shown.fullName, ana.fullName);
    await salus(['record', 'add', town.file('a.txt', 'a'), '--as', ana.name], without);
    // What changes who may open the wallet asks all the same.
    const next = town.file('next', 'another passphrase\n');
    const change = ['person', 'passphrase', ana.name, '--new-passphrase-file', next];
    await assert.rejects(salus(change, without), /PASSPHRASE_MISSING/);
    for (const asking of ['rotate', 'stop-code']) {
      await assert.rejects(salus(['person', asking, ana.name], without), /PASSPHRASE_MISSING/);
    }
    await salus(change, { home: town.home, env: { SALUS_PASSPHRASE: passphrase } });
    assert.equal((await salus(['person', 'show', ana.name], without)).fullName, ana.fullName);
  } finally {
    const locked = await salus(['lock', '--as', ana.name], { home: town.home });
    assert.equal(locked.ended, true);
  }
  assert.ok(!existsSync(socket));
  await assert.rejects(
    salus(['person', 'show', ana.name], { home: town.home, env: silent }),
    /PASSPHRASE_MISSING/,
  );
});

test('the process is told the key and no passphrase, gives it to its own user alone, and ends by itself', async () => {
  const home = temporaryHome();
  try {
    mkdirSync(join(home, 'people'), { mode: 0o700 });
    const key = randomBytes(32);
    await beginSession({ home, name: 'ana', root: key, minutes: 0.03, command });
    const socket = join(home, 'people', 'ana.agent');
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    assert.deepEqual(await rootOfSession(home, 'ana'), key);
    const stranger = connect(socket);
    stranger.end('GET / HTTP/1.1\r\n\r\n');
    assert.equal((await buffer(stranger)).length, 0);
    for (let tries = 200; existsSync(socket) && tries > 0; tries--) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(await rootOfSession(home, 'ana'), undefined);
    assert.equal(await endSession(home, 'ana'), false);
  } finally {
    remove(home);
  }
});

test('a process that does not start is no session, and nobody goes on asking for it', async () => {
  const home = temporaryHome();
  mkdirSync(join(home, 'people'), { mode: 0o700 });
  const session = { home, name: 'ana', root: randomBytes(32), minutes: 1 };
  await assert.rejects(
    beginSession({ ...session, command: [process.execPath, '--eval', 'process.exit(1)', '--'] }),
    /INTERNAL/,
  );
  let asked = 0;
  const server = createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  try {
    server.listen(join(home, 'people', 'ana.agent'));
    await wait(200);
    assert.equal(asked, 0);
  } finally {
    server.close();
    remove(home);
  }
});
