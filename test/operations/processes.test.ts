import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startConsortium } from '../../src/server/consortium.ts';
import type { Process } from '../../src/server/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-processes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const counting: Process = {
  name: 'counting',
  entry: fileURLToPath(new URL('../fakes/counting-process.ts', import.meta.url)),
  per: 'hospital',
  keeps: {},
};
const home = join(folder, 'home');
const of = (hospital: string, file: string) => join(home, 'servers', hospital, 'counting', file);

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Health {
  readonly ok: boolean;
  readonly processes?: readonly {
    readonly name: string;
    readonly state: string;
    readonly pid: number;
  }[];
}

const healthAt = async (url: string): Promise<Health> =>
  (await (await fetch(`${url}/health`)).json()) as Health;

test('the processes of wings run beside the hospitals, come back when they end, and stop with them', async () => {
  const consortium = await startConsortium({
    ...{ home, port: 0, logLevel: 'silent', processes: [counting] },
  });
  let pids: readonly number[];
  try {
    const { ok, processes = [] } = await healthAt(consortium.url);
    assert.equal(ok, true);
    assert.deepEqual(
      processes.map(({ name, state }) => `${name} ${state}`),
      ['counting.harbour running', 'counting.north running', 'counting.valley running'],
    );
    for (const { name, pid } of processes) {
      assert.equal(readFileSync(of(name.split('.')[1] ?? '', 'pid'), 'utf8'), String(pid));
    }
    const page = await (await fetch(consortium.url)).text();
    assert.match(page, /counting\.north<\/td><td>running since/);

    const killed = Number(readFileSync(of('north', 'pid'), 'utf8'));
    process.kill(killed, 'SIGKILL');
    await until(() => readFileSync(of('north', 'pid'), 'utf8') !== String(killed));
    const again = consortium.processes().find(({ name }) => name === 'counting.north');
    assert.deepEqual([again?.restarts, again?.lastExit], [1, 'SIGKILL']);
    pids = consortium.processes().map(({ pid }) => pid ?? 0);
  } finally {
    await consortium.close();
  }
  assert.ok(existsSync(of('north', 'closed')), 'it was closed, not killed');
  assert.deepEqual(pids.filter(isAlive), []);
  const log = readFileSync(join(home, 'servers', 'logs', 'counting.north.log'), 'utf8');
  assert.deepEqual(log, 'counting began\n'.repeat(2));
});

test('one that cannot start leaves the hospitals serving, and its log says why', async () => {
  mkdirSync(join(home, 'servers', 'valley', 'counting'), { recursive: true });
  writeFileSync(of('valley', 'fail'), '');
  const consortium = await startConsortium({
    ...{ home, port: 0, logLevel: 'silent', processes: [counting] },
  });
  try {
    const { ok, processes = [] } = await healthAt(consortium.url);
    assert.equal(ok, true);
    const states = new Map(processes.map(({ name, state }) => [name, state]));
    assert.equal(states.get('counting.north'), 'running');
    assert.match(String(states.get('counting.valley')), /^(waiting|starting)$/);
    const log = readFileSync(join(home, 'servers', 'logs', 'counting.valley.log'), 'utf8');
    assert.match(log, /told to fail/);
  } finally {
    await consortium.close();
    rmSync(of('valley', 'fail'));
  }
});

test('no process outlives a consortium that was killed', async () => {
  const options = { home, port: 0, logLevel: 'silent', processes: [counting] };
  const entry = fileURLToPath(new URL('../../src/server/consortium-process.ts', import.meta.url));
  const child = spawn(process.execPath, [entry, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const pids = ['north', 'harbour', 'valley'].map((it) =>
    Number(readFileSync(of(it, 'pid'), 'utf8')),
  );
  assert.deepEqual(pids.filter(isAlive), pids);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await until(() => !pids.some(isAlive));
});

test('without a process nothing is said of any', async () => {
  const consortium = await startConsortium({ home, port: 0, logLevel: 'silent', processes: [] });
  try {
    assert.deepEqual(Object.keys(await healthAt(consortium.url)), ['ok', 'hospitals', 'backup']);
    assert.doesNotMatch(await (await fetch(consortium.url)).text(), /Processes beside/);
  } finally {
    await consortium.close();
  }
});
