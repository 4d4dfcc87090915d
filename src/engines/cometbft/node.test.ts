import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CometNode } from './node.ts';

/** A program in place of CometBFT, in a home whose door for questions answers. */
const home = mkdtempSync(join(tmpdir(), 'salus-node-'));
const rpc = createServer((_, response) => response.end('{"result": {}}'));
before(async () => {
  await new Promise<void>((resolve) => rpc.listen(0, '127.0.0.1', resolve));
  const { port } = rpc.address() as AddressInfo;
  mkdirSync(join(home, 'config'));
  const config = `[rpc]\nladdr = "tcp://127.0.0.1:${port}"\n`;
  writeFileSync(join(home, 'config', 'config.toml'), config);
});
after(() => {
  rpc.close();
  rmSync(home, { recursive: true, force: true });
});

function programOf(name: string, script: string): string {
  const path = join(home, name);
  const stays = 'setInterval(() => {}, 1_000);';
  writeFileSync(path, `#!${process.execPath}\n${script};${stays}\n`, { mode: 0o700 });
  return path;
}

const optionsOf = (program: string, onExit: (how: string) => void) => ({
  ...{ program, home, appSocket: join(home, 'app.sock'), onExit, log: { write: () => {} } },
});

test('a node whose consensus has failed is ended, although its process would stay', async () => {
  // In two pieces, as a pipe may bring it.
  const program = programOf(
    'failing',
    `process.stdout.write('E[] CONSENSUS FAI'); setTimeout(() => process.stdout.write('LURE!!!'), 50)`,
  );
  const ended = await new Promise<string>((resolve) => {
    void CometNode.start(optionsOf(program, resolve));
  });
  assert.equal(ended, 'SIGKILL');
});

test('a node that outlived who began it is ended before the next begins; one of a living server is not', async () => {
  const program = programOf('waiting', '');
  const orphan = spawn(program, ['start', '--home', home], { stdio: 'ignore' });
  const ended = once(orphan, 'exit');
  const gone = spawn(process.execPath, ['--eval', '']);
  await once(gone, 'exit');
  const mark = join(home, 'node.pid');
  writeFileSync(mark, JSON.stringify({ node: orphan.pid, owner: gone.pid }));
  const first = await CometNode.start(optionsOf(program, () => {}));
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  const { node, owner } = JSON.parse(readFileSync(mark, 'utf8')) as Record<string, number>;
  assert.deepEqual([node, owner], [first.pid, process.pid]);
  let other: string | undefined;
  const second = await CometNode.start(
    optionsOf(program, (how) => {
      other = how;
    }),
  );
  assert.equal(other, undefined);
  assert.doesNotThrow(() => process.kill(Number(node), 0));
  await Promise.all([first.stop(), second.stop()]);
});

test('a number that is another process’s by now is left alone', async () => {
  const stranger = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1_000)']);
  const gone = spawn(process.execPath, ['--eval', '']);
  await once(gone, 'exit');
  const mark = JSON.stringify({ node: stranger.pid, owner: gone.pid });
  writeFileSync(join(home, 'node.pid'), mark);
  const node = await CometNode.start(optionsOf(programOf('waiting', ''), () => {}));
  assert.equal(stranger.exitCode ?? stranger.signalCode, null);
  await node.stop();
  stranger.kill();
  await once(stranger, 'exit');
});
