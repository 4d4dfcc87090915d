import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startProcess, startProgram } from './process.ts';
import { linesOf, list, remove, root, temporaryHome, text } from './salus.ts';
import { startTown } from './town.ts';

/**
 * What only a process of its own shows: that it starts, its streams, its signals, its exit code. Every start
 * costs a second, so what a command does is tested inside the test's process, in the other files.
 */
const home = temporaryHome();
after(() => remove(home));

test('up runs until Ctrl-C, which is no failure', async () => {
  const running = startProcess(['up', '--json', '--port', '0'], { home: join(home, 'up') });
  const { people } = await running.line((facts) => facts.ready === true);
  assert.deepEqual(people, []);
  const { code, stderr } = await running.stop();
  assert.equal(code, 0, stderr);
});

test('a full disk under stderr costs lines, never the server', async (t) => {
  if (!existsSync('/dev/full')) return t.diagnostic('no /dev/full here');
  const salus = [process.execPath, join(root, 'bin', 'salus.mjs')];
  const up = [...salus, ...['up', '--json', '--port', '0', '--log-level', 'debug']];
  const running = startProgram('/bin/sh', ['-c', 'exec "$@" 2> /dev/full', 'sh', ...up], {
    home: join(home, 'full-log'),
  });
  const { url } = await running.line((facts) => facts.ready === true);
  for (let n = 0; n < 20; n++) {
    const { status } = await fetch(`${String(url)}/north/v1/headers/latest`);
    assert.equal(status, 200);
  }
  assert.equal((await running.stop()).code, 0);
});

test('without --json a refusal is one sentence on stderr, stdout is empty, and the exit code says why', async () => {
  const ran = await startProcess(['record', 'list', '--as', 'eve'], { home }).ended;
  assert.deepEqual([ran.code, ran.stdout], [2, '']);
  assert.equal(ran.stderr, 'There is no wallet of this name here. (WALLET_UNKNOWN)\n');
});

test('what is piped in is read to its end', async () => {
  const town = await startTown();
  try {
    const ana = await town.patient();
    const typed = { home: town.home, stdin: 'slept badly' };
    const ran = await startProcess(['record', 'add', '-', '--json'], typed).ended;
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    const [item] = list(linesOf(ran.stdout)[0] ?? {}, 'items');
    const record = text(item ?? {}, 'recordId');
    const opened = await town.salus('record', 'open', record, '--as', ana.name);
    assert.equal(opened.text, 'slept badly');
  } finally {
    await town.leave();
  }
});

test('Ctrl-C while a command works: INTERRUPTED, exit code 130', async () => {
  // Nobody types into it, so it waits until it is stopped.
  const working = startProcess(['record', 'add', '-', '--as', 'ana', '--json'], { home });
  await working.remark('Reading standard input');
  const { code, stdout } = await working.stop();
  assert.equal(code, 130);
  assert.equal(linesOf(stdout)[0]?.code, 'INTERRUPTED');
});

test('a Node that is too old is told so in one sentence, also with --json', async () => {
  const bare = join(home, 'bare', 'bin');
  mkdirSync(bare, { recursive: true });
  const bin = join(bare, 'salus.mjs');
  copyFileSync(join(root, 'bin', 'salus.mjs'), bin);
  const older = join(home, 'older.mjs');
  writeFileSync(
    older,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.19.0' } });",
  );
  const old = (...args: readonly string[]) =>
    startProgram(process.execPath, ['--import', older, bin, ...args]).ended;
  const told = await old('person', 'list');
  assert.deepEqual([told.code, told.stdout], [5, '']);
  assert.match(told.stderr, /^This Node is too old for Salus: .+ \(NODE_TOO_OLD\)\n$/);
  const json = await old('person', 'list', '--json');
  assert.equal(linesOf(json.stdout)[0]?.code, 'NODE_TOO_OLD');
});
