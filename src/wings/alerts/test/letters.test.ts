import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type Json,
  list,
  recordLines,
  refused,
  remove,
  salus,
  temporaryHome,
  text,
  up,
} from '../../../../test/cli/salus.ts';
import { codeInBody, codeInLetter } from '../node/letter-text.ts';
import type { TakenLetter } from '../node/smtp-relay.ts';
import { readDemoLetters } from '../server/demo-letters.ts';
import { confirmByLetter, until } from './confirm-by-letter.ts';

/** A real relay as a process of its own. */
let relay: ChildProcess;
let port: number;
const taken: TakenLetter[] = [];
before(async () => {
  const file = fileURLToPath(new URL('./smtp-relay-process.ts', import.meta.url));
  relay = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(relay.stdout !== null);
  const lines = createInterface({ input: relay.stdout });
  const [first] = await once(lines, 'line');
  port = Number(JSON.parse(String(first)).port);
  lines.on('line', (line) => taken.push(JSON.parse(line)));
});
after(() => relay.kill());

const off = { code: 'ALERTS_OFF', exit: 5 };

const wrong = { code: 'ALERT_CODE_WRONG', exit: 3 };

/** Letters but for those with a code, and the code of the newest to this address. */
const news = () => taken.filter(({ data }) => codeInLetter(data) === undefined);
const codeTo = (address: string) =>
  taken
    .filter(({ to }) => to.includes(address))
    .map(({ data }) => codeInLetter(data))
    .findLast((it) => it !== undefined);

test('a patient who wants to be told gets one letter when somebody new looks, also when its process is killed', async (t) => {
  const home = temporaryHome();
  const run = (...args: readonly string[]) => salus(args, { home });
  const smtp = `smtp://127.0.0.1:${port}?from=alerts@north.example&tls=none`;
  const running = await up(home, ['--smtp', smtp]);
  t.after(async () => {
    await running.stop();
    remove(home);
  });
  const processes = (): readonly Json[] => list(running.ready, 'processes');
  assert.deepEqual(
    // Those of other wings run beside them.
    processes()
      .filter(({ name }) => String(name).startsWith('alerts'))
      .map(({ name, state }) => [name, state]),
    [['alerts', 'running']],
  );

  await run('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  const clinician = ['--hospital', 'harbour', '--role', 'clinician', '--licence', 'H-1'];
  await run('person', 'create', 'dr-bo', '--name', 'Dr Bo', ...clinician);
  const given = await run(
    'alerts',
    'set',
    '--mail',
    'ana@example.org',
    '--language',
    'es',
    '--as',
    'ana',
  );
  assert.deepEqual([given.channel, given.address, given.counter], ['mail', 'ana@example.org', 1]);
  assert.deepEqual([given.isConfirmed, given.isAsked], [false, true]);
  const listed = async () => {
    const { set } = await run('alerts', 'list', '--as', 'ana');
    return list({ set }, 'set').map((it) => [it.address, it.isCurrent, it.isConfirmed]);
  };
  assert.deepEqual(await listed(), [['ana@example.org', true, false]]);
  await refused(['alerts', 'confirm', '0000-0000-0000', '--as', 'ana'], wrong, { home });
  const code = await confirmByLetter(run, 'ana', () => codeTo('ana@example.org'));
  assert.match(taken[0]?.data ?? '', /^Content-Language: es\r$/m);
  assert.deepEqual(await listed(), [['ana@example.org', true, true]]);
  // Another address begins without, and is refused the code of the one before; the same one keeps its own.
  const set = (address: string) =>
    run('alerts', 'set', '--mail', address, '--language', 'es', '--as', 'ana');
  assert.equal((await set('anna@example.org')).isConfirmed, false);
  await refused(['alerts', 'confirm', code, '--as', 'ana'], wrong, { home });
  assert.deepEqual(await listed(), [['anna@example.org', true, false]]);
  // One that waits tells of what is asked meanwhile.
  await until(() => taken.length === 2);
  assert.notEqual(codeTo('anna@example.org'), code);
  await set('ana@example.org');
  await until(() => taken.length === 3);
  // Three addresses in a day: it says that no letter comes to a fourth, and from when one does.
  const dayMs = 24 * 60 * 60_000;
  const fourth = await set('anaa@example.org');
  assert.deepEqual([fourth.isConfirmed, fourth.isAsked], [false, false]);
  const waitsMs = Number(fourth.codesFromMs) - Date.now();
  assert.ok(waitsMs > 0 && waitsMs <= dayMs);
  const tried = await run('alerts', 'test', '--as', 'ana');
  assert.deepEqual([tried.asked, tried.codesFromMs], [false, fourth.codesFromMs]);
  await set('ana@example.org');
  await run('alerts', 'confirm', code, '--as', 'ana');
  const again = await set('ana@example.org');
  assert.deepEqual([again.isConfirmed, again.isAsked], [true, false]);

  assert.equal((await run('alerts', 'set', '--inbox', '--as', 'ana')).channel, 'inbox');
  assert.deepEqual((await run('alerts', 'inbox', '--as', 'ana')).entries, []);

  const file = join(home, 'result.txt');
  writeFileSync(file, 'a result');
  await run('record', 'add', file, '--class', 'lab', '--as', 'ana');
  await run('grant', 'dr-bo', '--class', 'lab', '--until', '+7d', '--as', 'ana');
  assert.equal(news().length, 0);
  const look = async () => {
    const [record = {}] = await recordLines(['record', 'list', '--as', 'dr-bo'], { home });
    await run('record', 'open', text(record, 'recordId'), '--as', 'dr-bo');
  };
  const service = processes().find(({ name }) => name === 'alerts');
  process.kill(Number(service?.pid), 'SIGKILL');
  await look();
  await until(() => news().length > 0);
  const [letter] = news();
  assert.deepEqual(letter?.to, ['ana@example.org']);
  assert.match(letter?.data ?? '', /^Content-Language: es\r$/m);
  assert.doesNotMatch(letter?.data ?? '', /Ana|Lima|Dr Bo|lab|north\b(?!\.example)/);

  // The same doctor again is nobody new; what she asks for herself comes.
  await look();
  await run('alerts', 'test', '--as', 'ana');
  await until(() => news().length > 1);
  assert.match(news()[1]?.data ?? '', /^Subject: Una carta de prueba\r$/m);
  // New keys: a letter of its own kind, and not an hour later.
  await run('person', 'rotate', 'ana');
  await until(() => news().length > 2);
  assert.match(news()[2]?.data ?? '', /^Content-Language: es\r$/m);
  const atNorth = async () => {
    const { hospitals } = await run('alerts', 'status');
    return list({ hospitals }, 'hospitals').find(({ hospital }) => hospital === 'north') ?? {};
  };
  await until(async () => ((await atNorth()).states as Json).accepted === 9);
  const { entries } = await run('alerts', 'inbox', '--as', 'ana');
  assert.deepEqual(
    list({ entries }, 'entries').map(({ cause }) => cause),
    ['rotation', 'test', 'look'],
  );
  assert.deepEqual((await atNorth()).incidents, []);

  // Her quiet hours follow the clock of the device that lists; without any there is nothing to follow.
  const here = async (zone: string, ...args: readonly string[]) => {
    const all = await salus(['alerts', ...args, '--as', 'ana'], { home, zone });
    const found = args[0] === 'list' ? list(all, 'set').find((it) => it.channel === 'mail') : all;
    return [found?.counter, found?.zoneMinutes, found?.isConfirmed];
  };
  const [first] = await here('Etc/GMT-1', 'set', '--mail', 'ana@example.org');
  const after = (changes: number) => Number(first) + changes;
  assert.deepEqual(await here('Etc/GMT-2', 'list'), [first, 780, true]);
  const night = ['set', '--mail', 'ana@example.org', '--quiet', '22:00-07:00'];
  assert.deepEqual(await here('Etc/GMT-1', ...night), [after(1), 780, true]);
  for (const _ of [1, 2])
    assert.deepEqual(await here('Etc/GMT-2', 'list'), [after(2), 840, true], 'sealed anew, once');
  assert.deepEqual(await here('Etc/GMT+5', 'list'), [after(3), 420, true]);
  const { set: kept } = await run('alerts', 'list', '--as', 'ana');
  const isThere = list({ set: kept }, 'set').every(({ isCurrent }) => isCurrent === true);
  assert.ok(isThere, 'the hospital has what was sealed');
  await run('alerts', 'off', 'mail', '--as', 'ana');
  await run('alerts', 'off', 'inbox', '--as', 'ana');
  const { set: none } = await run('alerts', 'list', '--as', 'ana');
  assert.deepEqual(none, []);
});

test('a hospital that has lost the keys of its alerts serves, says so, and takes choices again with new ones', async (t) => {
  const home = temporaryHome();
  const run = (...args: readonly string[]) => salus(args, { home });
  const smtp = `smtp://127.0.0.1:${port}?from=alerts@north.example&tls=none`;
  let running = await up(home);
  t.after(async () => {
    await running.stop();
    remove(home);
  });
  await run('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  await refused(['alerts', 'set', '--mail', 'ana@example.org', '--as', 'ana'], off, { home });
  await running.stop();
  rmSync(join(home, 'servers/north/alerts'), { recursive: true });
  running = await up(home);
  await refused(['alerts', 'set', '--mail', 'ana@example.org', '--as', 'ana'], off, { home });
  await running.stop();
  assert.deepEqual((await run('alerts', 'new-keys')).hospitals, ['north']);
  assert.deepEqual((await run('alerts', 'new-keys')).hospitals, []);
  running = await up(home, ['--smtp', smtp]);
  const before = taken.length;
  const newest = () => codeInLetter(taken.slice(before).at(-1)?.data ?? '');
  const address = async () => {
    const { set } = await run('alerts', 'list', '--as', 'ana');
    return list({ set }, 'set').map((it) => [it.isCurrent, it.isConfirmed]);
  };
  await run('alerts', 'set', '--mail', 'ana@example.org', '--as', 'ana');
  await confirmByLetter(run, 'ana', newest);
  assert.deepEqual(await address(), [[true, true]]);
  await running.stop();
  rmSync(join(home, 'servers/north/alerts'), { recursive: true });
  await run('alerts', 'new-keys');
  running = await up(home);
  assert.deepEqual(await address(), [[true, false]], 'another key has other codes');
  const lost = taken.length;
  await run('alerts', 'test', '--as', 'ana');
  await until(() => taken.length > lost);
  await confirmByLetter(run, 'ana', newest);
  assert.deepEqual(await address(), [[true, true]]);
});

test('letters of the demonstration’s relay are read by its operator alone, in plain text, and it comes back at a port of its own', async (t) => {
  const home = temporaryHome();
  const run = (...args: readonly string[]) => salus(args, { home });
  let running = await up(home, ['--smtp', 'demo']);
  t.after(async () => {
    await running.stop();
    remove(home);
  });
  const relays = list(running.ready, 'processes').filter(({ name }) =>
    String(name).startsWith('alerts-mail'),
  );
  assert.deepEqual(
    relays.map(({ name, state }) => [name, state]),
    [['alerts-mail', 'running']],
  );
  await run('person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north');
  await run('alerts', 'set', '--mail', 'ana@example.org', '--language', 'ar', '--as', 'ana');
  const path = join(home, 'servers/alerts-mail.db');
  await confirmByLetter(run, 'ana', () => codeInBody(readDemoLetters(path)[0]?.body ?? ''));
  await run('alerts', 'test', '--as', 'ana');
  await until(() => readDemoLetters(path).length > 1);
  const [letter] = readDemoLetters(path);
  assert.deepEqual(
    [letter?.to, letter?.subject, letter?.language],
    ['ana@example.org', 'رسالة تجريبية', 'ar'],
  );
  assert.match(letter?.body ?? '', /^لقد طلبت في التطبيق/);
  await running.stop();
  running = await up(home);
  await run('alerts', 'test', '--as', 'ana');
  await until(() => readDemoLetters(path).length > 2);
});
