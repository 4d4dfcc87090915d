import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockLedger } from '../engines/embedded/lock.ts';
import { isCoded } from '../primitives/errors.ts';
import { type HomeStep, homeSteps, openHome, readHomeMark, writeHomeMark } from './home-version.ts';

function newHome(t: { after(work: () => void): void }): string {
  const home = mkdtempSync(join(tmpdir(), 'salus-version-'));
  t.after(() => rmSync(home, { recursive: true }));
  return home;
}

/** Founded before homes had a mark. */
function oldHome(t: { after(work: () => void): void }): string {
  const home = newHome(t);
  mkdirSync(join(home, 'servers'));
  writeFileSync(join(home, 'servers', 'genesis.cbor'), '');
  return home;
}

/** Each step appends its version to a file. */
const appending = (to: number): HomeStep => ({
  tells: '',
  run: (home) => writeFileSync(join(home, 'steps'), String(to), { flag: 'a' }),
});

test('a new home is of the version of this build, and no step runs on it', async (t) => {
  const home = newHome(t);
  await openHome(home, { steps: [appending(2), appending(3)], onMigrated: assert.fail });
  assert.deepEqual(readHomeMark(home), { version: 3, wings: [] });
  assert.ok(!existsSync(join(home, 'steps')));
});

test('a home without a mark goes every step once, and says so in a line each', async (t) => {
  const home = oldHome(t);
  const lines: string[] = [];
  const options = {
    steps: [appending(2), appending(3)],
    onMigrated: (line: string) => lines.push(line),
  };
  await openHome(home, options);
  await openHome(home, options);
  assert.deepEqual(lines, ['migrated home from 1 to 2', 'migrated home from 2 to 3']);
  assert.equal(readFileSync(join(home, 'steps'), 'utf8'), '23');
});

test('a step that was interrupted is the one that the next opening begins with', async (t) => {
  const home = oldHome(t);
  const lines: string[] = [];
  const onMigrated = (line: string) => lines.push(line);
  const failing = { tells: '', run: () => Promise.reject(new Error('the power failed')) };
  await assert.rejects(openHome(home, { steps: [appending(2), failing], onMigrated }));
  assert.equal(readHomeMark(home)?.version, 2);
  await openHome(home, { steps: [appending(2), appending(3)], onMigrated });
  assert.deepEqual(lines, ['migrated home from 1 to 2', 'migrated home from 2 to 3']);
  assert.equal(readFileSync(join(home, 'steps'), 'utf8'), '23');
});

test('a step keeps which wings have founded what they keep', async (t) => {
  const home = oldHome(t);
  writeHomeMark(home, { version: 2, wings: ['notes'] });
  await openHome(home, { steps: [appending(2), appending(3)] });
  assert.deepEqual(readHomeMark(home), { version: 3, wings: ['notes'] });
});

test('a home of a newer Salus is refused and left as it is, whatever else its mark says', async (t) => {
  const home = oldHome(t);
  const mark = '{"version":77,"wings":["later"],"more":{}}';
  writeFileSync(join(home, 'servers', 'home.json'), mark);
  await assert.rejects(
    openHome(home),
    (e) => isCoded(e, 'HOME_NEWER') && e.details.known === homeSteps.length + 1,
  );
  assert.equal(readFileSync(join(home, 'servers', 'home.json'), 'utf8'), mark);
});

test('a mark that cannot be read is not taken for none', async (t) => {
  const home = oldHome(t);
  for (const text of ['', '{}', '{"version":0}', '{"version":"2"}']) {
    writeFileSync(join(home, 'servers', 'home.json'), text);
    await assert.rejects(openHome(home), (e) => isCoded(e, 'HOME_INVALID'), text);
  }
});

test('a home that a server runs on is not migrated under it', async (t) => {
  const home = oldHome(t);
  mkdirSync(join(home, 'servers', 'ledger'));
  const lock = lockLedger(join(home, 'servers', 'ledger'));
  await assert.rejects(openHome(home, { steps: [appending(2)] }), (e) =>
    isCoded(e, 'LEDGER_LOCKED'),
  );
  lock.release();
  await openHome(home, { steps: [appending(2)] });
});
