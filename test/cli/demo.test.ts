import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startProgram } from './process.ts';
import { list, remove, root, run, salus, start, temporaryHome, up } from './salus.ts';

/** Its home, which goes away after `work`. */
async function inHome(work: (home: string) => Promise<void>): Promise<void> {
  const home = temporaryHome();
  try {
    await work(home);
  } finally {
    remove(home);
  }
}

const env = { SALUS_PASSPHRASE: 'demo passphrase' };

test('a demo that was stopped while it loaded is completed by the next start, and not loaded again', () =>
  inHome(async (home) => {
    const demo = { home, env };
    const interrupted = start(['up', '--demo', '--json', '--port', '0'], demo);
    let isOver = false;
    void interrupted.ended.then(() => {
      isOver = true;
    });
    while (!existsSync(join(home, 'people', 'eboni.card')) && !isOver) await wait(5);
    const { code, stdout } = await interrupted.stop();
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
        ['op-north', 'operator', 'north'],
      ]);
      for (const [name, count] of [
        ['alejandro', 110],
        // Of her file 162, results of the last year 44; then a restricted result, an erased entry, a note, and a diagnosis with its correction in one line.
        ['eboni', 210],
        ['lemuel', 104],
      ] as const) {
        const listed = await salus(['record', 'list', '--as', name], demo);
        assert.equal(listed.count, count, 'every record');
      }
      const granted = async (name: string) =>
        list(await salus(['grants', '--as', name], demo), 'grants').map((it) => [
          it.granteeName,
          it.state,
        ]);
      assert.deepEqual(await granted('lemuel'), [
        ['Dr Erik Lind', 'live'],
        ['Dr Abena Osei', 'live'],
      ]);
      assert.deepEqual(await granted('alejandro'), [['Dr Abena Osei', 'live']]);
      assert.deepEqual(await granted('eboni'), [
        ['Dr Erik Lind', 'ended'],
        ['Dr Abena Osei', 'live'],
        ['Dr Leila Amari', 'live'],
      ]);
      const looked = await salus(['looked', '--as', 'eboni'], demo);
      const whoOf = (kind: string) => [...new Set(list(looked, kind).map((it) => it.who))].sort();
      assert.deepEqual(whoOf('looks'), ['Dr Abena Osei', 'Dr Erik Lind', 'Dr Leila Amari']);
      assert.deepEqual(
        list(looked, 'refusals').map((it) => [it.who, it.code]),
        [
          ['Dr Erik Lind', 'CONSENT_ENDED'],
          ['Dr Leila Amari', 'PURPOSE_NOT_GRANTED'],
        ],
      );
      assert.equal(list(looked, 'erased').length, 1);
      assert.deepEqual(looked.withheld, []);
      await firstGrant(home);
    } finally {
      const stopped = await running.stop();
      assert.equal(stopped.code, 0, stopped.stderr);
    }

    const before = readFileSync(join(home, 'people', 'eboni.wallet'));
    await (await up(home, ['--demo'])).stop();
    assert.deepEqual(readFileSync(join(home, 'people', 'eboni.wallet')), before);
    const listed = await run(['person', 'list'], { home });
    assert.match(listed.stdout, /eboni +patient/);
  }));

/** The script that the README names, with the demo as it stands; its commands run here, through `relay.mjs`. */
async function firstGrant(home: string): Promise<void> {
  const socket = join(home, 'relay.sock');
  const server = createServer({ allowHalfOpen: true }, (line) => {
    void (async () => {
      const { args, passphrase } = Object(await json(line));
      const ran = await run(args, { home, env: { SALUS_PASSPHRASE: String(passphrase) } });
      line.end(JSON.stringify(ran));
    })();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    const relay = `${process.execPath} ${join(root, 'test/cli/relay.mjs')} ${socket}`;
    const script = join(root, 'examples', 'first-grant.sh');
    const told = await startProgram('bash', [script], { env: { SALUS: relay }, stdin: '' }).ended;
    assert.equal(told.code, 0, told.stdout + told.stderr);
    assert.match(told.stdout, /Dr Erik Lind may now read lab, medication/);
    assert.match(told.stdout, /none was kept back/);
    assert.match(told.stdout, /refused, as it should be/);
    assert.match(told.stdout, /executed again/);
  } finally {
    server.close();
  }
}
