import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { remove, temporaryHome, text, up } from '../cli/salus.ts';

const home = temporaryHome();
after(() => remove(home));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a server logs into a file, opens it anew on SIGHUP, and logs no token', async () => {
  const path = join(home, 'logs', 'salus.log');
  const server = await up(home, ['--log-file', path]);
  const ask = async (hospital: string) => {
    const url = `${text(server.ready, 'url')}/${hospital}/v1/inbox`;
    const answer = await fetch(url, { headers: { authorization: 'Bearer secret-token' } });
    assert.equal(answer.status, 401);
  };
  try {
    await ask('north');
    await until(() => readFileSync(path, 'utf8').includes('north'));
    renameSync(path, `${path}.moved`);
    // The server runs in this process.
    process.kill(process.pid, 'SIGHUP');
    await until(() => existsSync(path));
    await ask('valley');
  } finally {
    const ran = await server.stop();
    assert.equal(ran.code, 0, ran.stderr);
  }
  const [moved, now] = [`${path}.moved`, path].map((it) => readFileSync(it, 'utf8'));
  assert.match(moved ?? '', /"hospital":"north"/);
  assert.match(now ?? '', /"hospital":"valley"/);
  for (const line of `${moved}${now}`.trim().split('\n')) {
    assert.equal(typeof JSON.parse(line), 'object');
    assert.doesNotMatch(line, /secret-token/);
  }
});
