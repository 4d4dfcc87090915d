import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { finished, list, remove, root, run, salus, start, temporaryHome, up } from './salus.ts';

const home = temporaryHome();
const demo = { home, env: { SALUS_PASSPHRASE: 'demo passphrase' } };
after(() => remove(home));

test('a demo that was stopped while it loaded is completed by the next start', async () => {
  const child = start(['up', '--demo', '--json', '--port', '0'], demo);
  const ended = finished(child);
  const isEnough = () => existsSync(join(home, 'people', 'eboni.card'));
  await new Promise<void>((resolve) => {
    const looking = setInterval(() => {
      if (!isEnough() && child.exitCode === null) return;
      clearInterval(looking);
      resolve();
    }, 20);
  });
  child.kill('SIGINT');
  const { code, stdout } = await ended;
  assert.equal(code, 130, stdout);

  const running = await up(home, ['--demo']);
  try {
    const people = list(running.ready, 'people').map((it) => [it.name, it.role, it.hospital]);
    assert.deepEqual(people, [
      ['alejandro', 'patient', 'valley'],
      ['dr-amari', 'clinician', 'valley'],
      ['dr-lind', 'clinician', 'north'],
      ['dr-osei', 'clinician', 'harbour'],
      ['eboni', 'patient', 'north'],
      ['lemuel', 'patient', 'harbour'],
    ]);
    for (const [name, count] of [
      ['alejandro', 110],
      ['eboni', 162],
      ['lemuel', 104],
    ] as const) {
      const listed = await salus(['record', 'list', '--no-names', '--as', name], demo);
      assert.equal(listed.count, count + 1, 'every resource, and the file itself');
    }
    const grants = list(await salus(['grants', '--as', 'lemuel'], demo), 'grants');
    assert.deepEqual(
      grants.map((it) => [it.granteeName, it.state]),
      [['dr-lind', 'live']],
    );

    const script = spawn('bash', [join(root, 'examples', 'first-grant.sh')], {
      cwd: root,
      env: { ...process.env, SALUS_HOME: home, SALUS: `${process.execPath} bin/salus.mjs` },
    });
    const told = await finished(script);
    assert.equal(told.code, 0, told.stdout + told.stderr);
    assert.match(told.stdout, /dr-osei may now read lab, medication/);
    assert.match(told.stdout, /none was kept back/);
    assert.match(told.stdout, /executed again/);
  } finally {
    const stopped = await running.stop();
    assert.equal(stopped.code, 0, stopped.stderr);
  }
});

test('a complete demo is not loaded again', async () => {
  const before = readFileSync(join(home, 'people', 'eboni.wallet'));
  const running = await up(home, ['--demo']);
  await running.stop();
  assert.deepEqual(readFileSync(join(home, 'people', 'eboni.wallet')), before);
  const listed = await run(['person', 'list'], { home });
  assert.match(listed.stdout, /eboni +patient/);
});
