import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CometNode } from './node.ts';

test('a node whose consensus has failed is ended, although its process would stay', async () => {
  const home = mkdtempSync(join(tmpdir(), 'salus-node-'));
  const rpc = createServer((_, response) => response.end('{"result": {}}'));
  await new Promise<void>((resolve) => rpc.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = rpc.address() as AddressInfo;
    mkdirSync(join(home, 'config'));
    writeFileSync(
      join(home, 'config', 'config.toml'),
      `[rpc]\nladdr = "tcp://127.0.0.1:${port}"\n`,
    );
    const program = join(home, 'cometbft');
    // In two pieces, as a pipe may bring it.
    const said = `process.stdout.write('E[] CONSENSUS FAI'); setTimeout(() => process.stdout.write('LURE!!!'), 50)`;
    writeFileSync(program, `#!${process.execPath}\n${said}; setInterval(() => {}, 1_000);\n`, {
      mode: 0o700,
    });
    const ended = new Promise<string>((resolve) => {
      const options = { program, home, appSocket: join(home, 'app.sock'), onExit: resolve };
      void CometNode.start({ ...options, log: { write: () => {} } });
    });
    assert.equal(await ended, 'SIGKILL');
  } finally {
    rpc.close();
    rmSync(home, { recursive: true, force: true });
  }
});
