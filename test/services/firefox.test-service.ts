import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { remove, temporaryHome, up } from '../cli/salus.ts';
import { Firefox } from './firefox.ts';

/** Where `npm run test:services` found the program. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');

const folder = mkdtempSync(join(tmpdir(), 'salus-firefox-'));
const home = temporaryHome();
const patience = { timeout: 240_000 };
let running: Awaited<ReturnType<typeof up>>;
let firefox: Firefox;
let url = '';

before(async () => {
  running = await up(home, ['--demo']);
  url = String(running.ready.url);
  firefox = await Firefox.start(programs, folder, url);
});
after(async () => {
  await firefox?.close();
  await running?.stop();
  remove(home);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => assert.deepEqual(firefox.troubles.splice(0), []));

test(
  'Firefox: a patient shares everything for a week in three touches, and stops it in two',
  patience,
  async () => {
    await firefox.visit(url);
    await firefox.touch('button', 'Eboni Brekke');
    await firefox.says('h1', /can read your record/u);
    await firefox.touch('main a', /^Share$/u);
    await firefox.touch('main .rows button', 'Dr Erik Lind');
    await firefox.says('main', 'Nobody can take it back.');
    await firefox.touch('main button', 'Share with Dr Erik Lind');
    await firefox.says('h1', /^Dr Erik Lind can read everything until/u);
    await firefox.touch('.tabs a', 'Home');
    await firefox.touch('main button', 'Stop Dr Erik Lind');
    await firefox.touch('dialog button', 'Stop now');
    await firefox.goes('main button', 'Stop Dr Erik Lind');
  },
);

test(
  'Firefox: a clinician opens a chart, writes a note and signs it in three touches',
  patience,
  async () => {
    await firefox.visit(url);
    await firefox.touch('button', 'Dr Abena Osei');
    await firefox.says('h1', /lets? you in/u);
    await firefox.touch('main a', 'Eboni Brekke');
    await firefox.says('h1', /BREKKE, Eboni/u);
    await firefox.says('main', 'Iron deficiency without anaemia');
    await firefox.touch('a', /^Write$/u);
    await firefox.touch('textarea');
    await firefox.write('Written in another browser.');
    await firefox.says('main', /Draft kept on this device, sealed/u);
    await firefox.touch('main button', 'Sign for Eboni Brekke');
    await firefox.says('h1', /It stands in Eboni Brekke/u);
  },
);

test(
  'Firefox: somebody joins with a passphrase, tries the printed sheet, and unlocks',
  patience,
  async () => {
    const passphrase = 'four words nobody joins';
    await firefox.visit(url);
    await firefox.touch('a', 'Start my own record');
    await firefox.holds('#invitation', /^salus:/u);
    await firefox.touch('input[type=password]');
    await firefox.write(passphrase);
    await firefox.touch('button', 'Open it with this passphrase');
    const code = await firefox.says('[data-testid=sheet-code]');
    await firefox.touch('#sheet-code');
    await firefox.write(code);
    await firefox.touch('button', 'Try it');
    await firefox.says('h1', 'Nobody can read your record but you');
    await firefox.touch('.tabs a', 'Keys');
    await firefox.says('h1', /You have/u);
    await firefox.touch('button', 'Lock');
    await firefox.says('h1', 'Locked');
    await firefox.touch('#passphrase');
    await firefox.write(passphrase);
    await firefox.touch('button', 'Unlock');
    await firefox.says('h1', /You have/u);
  },
);
