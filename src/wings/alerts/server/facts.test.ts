import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Gateway } from '../../../gateway/gateway.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { readCodesFromMs } from '../gateway/codes-reader.ts';
import { serviceOf, standingOf } from '../gateway/service.ts';
import { factsOf } from './facts.ts';
import { places, writeRelay } from './places.ts';
import { makeKeys } from './service-keys.ts';
import { alertsStatus } from './status.ts';

/** A home of two hospitals with their alert services' keys and a relay. */
function home(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-facts-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const it of ['north', 'valley']) {
    mkdirSync(join(folder, 'servers', it), { recursive: true });
    writeFileSync(join(folder, 'servers', it, 'gateway.db'), '');
    makeKeys(join(folder, 'servers', it), 1_000);
  }
  writeFileSync(join(folder, 'ca.pem'), 'a certificate');
  writeRelay(folder, `smtp://relay.example?from=alerts@north.example&ca=${join(folder, 'ca.pem')}`);
  return folder;
}

const at = (folder: string, hospital: string): Gateway =>
  ({ options: { hospital, machineOf: () => factsOf(folder) } }) as unknown as Gateway;

for (const [name, breakIt, code] of [
  [
    'letters are no database',
    (folder: string) =>
      writeFileSync(join(folder, 'servers/north', places.letters), 'x'.repeat(9_000)),
    'ROW_CORRUPT',
  ],
  [
    'relay’s certificates went',
    (folder: string) => {
      writeFileSync(join(folder, 'servers/north', places.letters), '');
      rmSync(join(folder, 'ca.pem'));
    },
    'RELAY_INVALID',
  ],
] as const)
  test(`a hospital whose ${name}: its operator is told so, and people list and change their choices`, async (t) => {
    const folder = home(t);
    breakIt(folder);
    for (const hospital of ['north', 'valley']) {
      const service = await serviceOf(at(folder, hospital));
      assert.ok(service?.channels.includes('mail'));
    }
    await assert.rejects(standingOf(at(folder, 'north')), (error) => isCoded(error, code));
    assert.throws(
      () => alertsStatus(folder),
      (error) => isCoded(error, code),
    );
    assert.equal(await standingOf(at(folder, 'valley')), undefined);
    const letters = join(folder, 'servers/north', places.letters);
    assert.equal(readCodesFromMs(letters, 'a'.repeat(64) as never, 0), undefined);
  });

test('a hospital whose key is damaged is told so, and no other', async (t) => {
  const folder = home(t);
  writeFileSync(join(folder, 'servers/north/alerts/service-a.key'), 'x');
  await assert.rejects(serviceOf(at(folder, 'north')), (error) => isCoded(error, 'HOME_INVALID'));
  assert.ok(await serviceOf(at(folder, 'valley')));
});
