import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataServerFolder, dataServerSettings, makeDataServer } from './data-server-keys.ts';

for (const [what, change, at] of [
  ['a proxy that is no address', { trustedProxy: ['nginx'] }, 'trustedProxy'],
  ['a network of everybody', { trustedProxy: ['0.0.0.0/0'] }, 'trustedProxy'],
  ['proxies that are no list', { trustedProxy: '10.0.0.1' }, undefined],
  ['a setting that there is not', { trustedProxies: ['10.0.0.1'] }, undefined],
] as const)
  test(`settings of a data server with ${what} are refused, and none of before is missing`, (t) => {
    const hospital = mkdtempSync(join(tmpdir(), 'salus-data-server-'));
    t.after(() => rmSync(hospital, { recursive: true, force: true }));
    makeDataServer(hospital, { trustedProxy: ['10.0.0.0/8', '::1'] });
    const { trustedProxy, ...before } = dataServerSettings(hospital);
    assert.deepEqual(trustedProxy, ['10.0.0.0/8', '::1']);
    const write = (settings: object) =>
      writeFileSync(join(dataServerFolder(hospital), 'settings.json'), JSON.stringify(settings));
    write(before);
    assert.deepEqual(dataServerSettings(hospital).trustedProxy, []);
    write({ ...before, ...change });
    assert.throws(() => dataServerSettings(hospital), {
      code: 'HOME_INVALID',
      details: { file: 'data-server/settings.json', ...(at !== undefined && { at }) },
    });
  });
