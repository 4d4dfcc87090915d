import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { selfSigned } from '../tls.ts';
import { list, refused, remove, root, salus, temporaryHome, text, up } from './salus.ts';

const homes: string[] = [];
/** A home that is not there yet. */
const newHome = (): string => {
  const folder = temporaryHome();
  homes.push(folder);
  return join(folder, 'home');
};
after(() => homes.forEach(remove));

const found = (home: string, ...more: readonly string[]) =>
  salus(['found', '--name', 'St. Anna Hospital', ...more], { home, command: ['node', 'salus'] });

test('a hospital is founded under its own name, backed up, served, and takes people in', async () => {
  const home = newHome();
  const facts = await found(home, '--behind-proxy', '--url', 'https://salus.example/');
  assert.deepEqual([facts.name, facts.title], ['st-anna-hospital', 'St. Anna Hospital']);
  assert.match(text(facts, 'recoveryCode'), /^[0-9A-Z-]{40,}$/);
  assert.equal(statSync(text(facts, 'deskToken')).mode & 0o077, 0);
  assert.ok(existsSync(join(text(facts, 'backup'), 'manifest.json')));
  assert.match(readFileSync(text(facts, 'unit'), 'utf8'), /^ExecStart=node salus up --home /m);
  assert.match(readFileSync(text(facts, 'next'), 'utf8'), /salus desk invite .*st-anna-hospital/);

  const { ready, stop } = await up(home);
  try {
    assert.deepEqual(
      list(ready, 'people').map(({ name, role, hospital }) => [name, role, hospital]),
      [['operator', 'operator', 'st-anna-hospital']],
    );
    const invited = await salus(
      ['desk', 'invite', '--role', 'patient', '--name', 'Ana', '--hospital', 'st-anna-hospital'],
      { home },
    );
    assert.equal(invited.address, 'https://salus.example/st-anna-hospital');
    const ana = ['person', 'create', 'ana', '--name', 'Ana', '--hospital', 'st-anna-hospital'];
    assert.equal((await salus(ana, { home })).name, 'ana');
  } finally {
    await stop();
  }
  assert.equal((await salus(['verify'], { home })).trusted, true);
});

test('with a certificate it ends TLS itself, and its own commands find it on this machine', async () => {
  const home = newHome();
  const { cert, key } = selfSigned('salus.example');
  const folder = join(home, '..');
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  await found(home, '--tls-cert', files.cert, '--tls-key', files.key, '--host', '0.0.0.0');
  const port = await freePort();
  const { stop } = await up(home, ['--port', String(port)]);
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const options = {
        port,
        path: '/st-anna-hospital/v1/who',
        ca: cert,
        servername: 'salus.example',
        host: '127.0.0.1',
      };
      const asked = request(options, (answer) => {
        let whole = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          whole += part;
        });
        answer.on('end', () => resolve(whole));
      });
      asked.on('error', reject).end();
    });
    assert.match(answer, /St\. Anna Hospital/);
    assert.equal(list(await salus(['person', 'list'], { home }), 'people').length, 1);
    const ana = ['person', 'create', 'ana', '--hospital', 'st-anna-hospital'];
    assert.equal((await salus(ana, { home })).name, 'ana');
  } finally {
    await stop();
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('what cannot be is said before anything is made', async () => {
  const home = newHome();
  const no = (code: string, ...more: readonly string[]) =>
    refused(['found', '--name', 'St. Anna', ...more], { code, exit: 2 }, { home });
  await no('HOST_OPEN', '--host', '0.0.0.0');
  await no('USAGE', '--tls-cert', 'cert.pem');
  await no('TLS_INVALID', '--tls-cert', 'nowhere.pem', '--tls-key', 'nowhere.pem');
  await no('USAGE', '--short', 'St. Anna');
  await no('USAGE', '--short', 'ledger');
  await no('USAGE', '--url', 'salus.example');
  assert.equal(existsSync(home), false);
  assert.deepEqual(readdirSync(join(home, '..')), []);
});

test('a home has one founding: HOME_FOUNDED', async () => {
  const home = newHome();
  await found(home);
  await refused(['found', '--name', 'Another'], { code: 'HOME_FOUNDED', exit: 2 }, { home });
});

test('the unit that is written is one that systemd takes, as those of deploy/', () => {
  const own = readFileSync(join(root, 'src/server/operator-files.ts'), 'utf8');
  const deployed = readFileSync(join(root, 'deploy/salus.service'), 'utf8');
  for (const line of own
    .split('\n')
    .filter((it) => /^(Protect|Restrict|Private|Lock|No)/.test(it))) {
    assert.ok(deployed.includes(line), line);
  }
});
