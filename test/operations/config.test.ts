import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { list, refused, remove, salus, start, temporaryHome, text } from '../cli/salus.ts';

const home = temporaryHome();
after(() => remove(home));

test('up takes its settings from a file; flags win; the home finds its own server, and its backups', async () => {
  const log = join(home, 'salus.log');
  writeFileSync(
    join(home, 'salus.json'),
    JSON.stringify({ port: 0, logFile: log, logLevel: 'debug' }),
  );
  const server = start(['up', '--json', '--host', 'localhost'], { home });
  const ready = await server.line((facts) => facts.ready === true);
  const url = text(ready, 'url');
  assert.match(url, /^http:\/\/localhost:\d+$/);
  try {
    const { findings } = await salus(['selfcheck'], { home });
    const port = list({ findings }, 'findings').find((it) => it.check === 'port');
    assert.equal(port?.ok, true);
    assert.match(String(port?.value), /^\d+ is this home's own: Salus runs here and is well$/);
    const health = async () => (await (await fetch(`${url}/health`)).json()) as { backup: unknown };
    assert.equal((await health()).backup, null);
    const { height } = await salus(['backup', '--out', join(home, 'backups')], { home });
    const { backup } = await health();
    assert.equal(Object(backup).height, height);
    assert.ok(Object(backup).ageMs < 60_000);
    const figures = await (await fetch(`${url}/metrics`)).text();
    assert.match(figures, /^salus_gateway_backup_age_ms\{hospital="north"\} \d+$/m);
  } finally {
    await server.stop();
  }
  assert.match(readFileSync(log, 'utf8'), /^\{"level":"debug","time":"20/m);
});

test('an unknown key, and an address that others reach, stop the start', async () => {
  const file = join(home, 'wrong.json');
  writeFileSync(file, '{"hots": "127.0.0.1"}');
  const said = await refused(
    ['up', '--config', file],
    { code: 'CONFIG_INVALID', exit: 2 },
    { home },
  );
  assert.equal(Object(said.details ?? said).key, 'hots');
  const open = ['up', '--port', '0', '--host', '0.0.0.0'];
  await refused(open, { code: 'HOST_OPEN', exit: 2 }, { home });
});
