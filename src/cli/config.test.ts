import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from './config.ts';

const home = mkdtempSync(join(tmpdir(), 'salus-config-'));
after(() => rmSync(home, { recursive: true }));

let files = 0;
function file(content: unknown): string {
  const path = join(home, `${++files}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('without a file and an environment nothing is configured', () => {
  assert.deepEqual(readConfig(home, undefined, {}), {});
});

test('a file says everything, and the environment goes over it', () => {
  const all = {
    ...{ host: '0.0.0.0', port: 7000, trustedProxy: ['10.0.0.0/8'], logFile: '/var/log/salus.log' },
    ...{ logLevel: 'debug', logMaxMib: 5, logKeep: 0 },
  };
  const path = file(all);
  assert.deepEqual(readConfig(home, path, {}), all);
  const env = { SALUS_PORT: '8000', SALUS_TRUSTED_PROXY: '::1, 10.1.1.1', SALUS_LOG_KEEP: '' };
  const over = { ...all, port: 8000, trustedProxy: ['::1', '10.1.1.1'] };
  assert.deepEqual(readConfig(home, path, env), over);
  assert.deepEqual(readConfig(home, undefined, { ...env, SALUS_CONFIG: path }), over);
});

test('salus.json of the home is read where nothing else is named', () => {
  writeFileSync(join(home, 'salus.json'), '{"port": 7555}');
  assert.deepEqual(readConfig(home, undefined, {}), { port: 7555 });
  assert.deepEqual(readConfig(home, file({}), {}), {});
  rmSync(join(home, 'salus.json'));
});

for (const [what, content, key] of [
  ['an unknown key', { porrt: 7000, port: 1 }, 'porrt'],
  ['two unknown keys', { a: 1, b: 2 }, 'a, b'],
  ['a port that is none', { port: 70_000 }, 'port'],
  ['a port in words', { port: '7000' }, 'port'],
  ['a host that is no address', { host: 'my host' }, 'host'],
  ['a level that is none', { logLevel: 'loud' }, 'logLevel'],
  ['proxies that are no list', { trustedProxy: '10.0.0.1' }, 'trustedProxy'],
  ['a list', [], ''],
] as const) {
  test(`${what} in a file: CONFIG_INVALID, by name`, () => {
    assert.throws(
      () => readConfig(home, file(content), {}),
      (error: unknown) => {
        const { code, details } = Object(error);
        assert.deepEqual([code, details.key], ['CONFIG_INVALID', key]);
        return true;
      },
    );
  });
}

test('what is no JSON, a wrong variable and a file that is not there are refused', () => {
  const invalid = { code: 'CONFIG_INVALID' };
  assert.throws(() => readConfig(home, file('{'), {}), invalid);
  for (const env of [{ SALUS_PORT: 'x' }, { SALUS_HOST: 'x' }, { SALUS_LOG_LEVEL: 'x' }]) {
    const [variable] = Object.keys(env);
    assert.throws(() => readConfig(home, undefined, env), { ...invalid, details: { variable } });
  }
  assert.throws(() => readConfig(home, join(home, 'none'), {}), { code: 'FILE_UNREADABLE' });
});
