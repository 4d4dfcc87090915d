import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fastify, { type FastifyInstance } from 'fastify';
import { createLogger } from '../../gateway/logging.ts';
import { createMetrics } from '../../gateway/metrics.ts';
import { createServer } from '../../gateway/server.ts';
import { isCoded } from '../../primitives/errors.ts';
import { type AppFiles, readAppFiles } from './app-files.ts';
import type { DemoDoor } from './demo-door.ts';
import { appPolicy, serveSite } from './site.ts';

const eboni = { name: 'eboni', fullName: 'Eboni Brekke', role: 'patient', hospital: 'north' };
const demo: DemoDoor = {
  people: () => [eboni],
  wallet: (name) => (name === 'eboni' ? { ...eboni, passphrase: 'p', code: 'c' } : undefined),
  invitation: async () => 'salus:enrol?',
  makeRoom: async () => undefined,
  deskLink: async () => 'north/0',
};

const folder = mkdtempSync(join(tmpdir(), 'salus-app-'));
const page =
  '<!doctype html><meta name="salus-seal" content="" /><meta name="salus-demo" content="" /><title>Salus</title>';
let app: AppFiles;

async function served(door?: DemoDoor): Promise<FastifyInstance> {
  const server = fastify();
  server.setErrorHandler((error, _request, reply) =>
    reply.code(isCoded(error, 'NOT_FOUND') ? 404 : 500).send({}),
  );
  serveSite(server, { app, version: '1', hospitals: () => [], demo: door });
  await server.ready();
  return server;
}

suite('the app at the address itself (H-30)', () => {
  let plain: FastifyInstance;
  let withDemo: FastifyInstance;
  before(async () => {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), page);
    writeFileSync(join(folder, 'manifest.json'), '{}');
    writeFileSync(join(folder, 'assets', 'main-abc.js'), 'go()');
    writeFileSync(join(folder, 'assets', 'left.map'), '{}');
    const read = readAppFiles(folder);
    assert.ok(read !== undefined);
    app = read;
    plain = await served();
    withDemo = await served(demo);
  });
  after(async () => {
    await plain.close();
    await withDemo.close();
    rmSync(folder, { recursive: true });
  });

  test('The page holds the seal of all files, and each answer the policy', async () => {
    const answer = await plain.inject({ url: '/' });
    const sealed = page.replace('content=""', `content="${app.seal}"`);
    assert.equal(answer.body, sealed);
    const ofDemo = await withDemo.inject({ url: '/' });
    assert.equal(ofDemo.body, sealed.replace('demo" content=""', 'demo" content="yes"'));
    assert.equal(answer.headers['content-security-policy'], appPolicy);
    assert.equal(answer.headers['cache-control'], 'no-cache');
    const script = await plain.inject({ url: '/assets/main-abc.js' });
    assert.equal(script.body, 'go()');
    assert.match(String(script.headers['cache-control']), /immutable/u);
  });

  test('Text goes packed to who takes that, and is the same', async () => {
    const headers = { 'accept-encoding': 'br, gzip' };
    const script = await plain.inject({ url: '/assets/main-abc.js', headers });
    assert.equal(script.headers['content-encoding'], 'gzip');
    assert.equal(script.headers.vary, 'accept-encoding');
    assert.equal(gunzipSync(script.rawPayload).toString(), 'go()');
    const bare = await plain.inject({ url: '/assets/main-abc.js' });
    assert.equal(bare.headers['content-encoding'], undefined);
  });

  test('A whole hospital behind one address takes the app’s files; what else is at the root has its own limit', async () => {
    const server = await createServer({
      ...{ log: createLogger({ level: 'silent' }), metrics: createMetrics(), mounts: [] },
      site: (root) => serveSite(root, { app, version: '1', hospitals: () => [] }),
    });
    for (let at = 0; at < 1_300; at += 1) {
      const { statusCode } = await server.inject({ url: '/assets/main-abc.js' });
      assert.equal(statusCode, 200, `request ${at}`);
    }
    const answers = new Set<number>();
    for (let at = 0; at < 1_300; at += 1) {
      answers.add((await server.inject({ url: '/health' })).statusCode);
    }
    assert.ok(answers.has(429), [...answers].join());
    assert.equal((await server.inject({ url: '/' })).statusCode, 200);
    await server.close();
  });

  test('A changed file changes the seal; what the build keeps for itself is not served', async () => {
    const before = app.seal;
    writeFileSync(join(folder, 'assets', 'main-abc.js'), 'steal()');
    assert.notEqual(readAppFiles(folder)?.seal, before);
    for (const url of ['/manifest.json', '/assets/left.map', '/index.html', '/../package.json']) {
      assert.equal((await plain.inject({ url })).statusCode, 404, url);
    }
    assert.equal(readAppFiles(join(folder, 'nothing')), undefined);
  });

  test('A place of the app is the page where a browser asks, and not found for a program', async () => {
    const headers = { accept: 'text/html,*/*' };
    for (const url of ['/home', '/item/k3f9ab', '/record/2025?x=1']) {
      assert.equal((await plain.inject({ url, headers })).statusCode, 200, url);
      assert.equal((await plain.inject({ url })).statusCode, 404, url);
    }
    for (const url of ['/wp-login.php', '/Home', '/item/a.b']) {
      assert.equal((await plain.inject({ url, headers })).statusCode, 404, url);
    }
  });

  test('The routes of the demo exist only with it, and only under the names of this machine', async () => {
    const routes = [
      ['GET', '/app/demo/people.json'],
      ['POST', '/app/demo/wallet/eboni'],
      ['POST', '/app/demo/invitation'],
      ['POST', '/app/demo/desk'],
      ['POST', '/app/demo/room/eboni'],
    ] as const;
    for (const [method, url] of routes) {
      const here = { host: 'localhost:4610', accept: 'text/html' };
      const at = async (server: FastifyInstance, headers: Record<string, string>) =>
        (await server.inject({ method, url, headers })).statusCode;
      assert.equal(await at(plain, { host: 'localhost' }), 404, url);
      assert.equal(await at(withDemo, here), 200, url);
      assert.equal(await at(withDemo, { host: '[::1]:4610' }), 200, url);
      // Another site that gave its own name this address.
      assert.equal(await at(withDemo, { host: 'evil.example' }), 404, url);
    }
    const unknown = { method: 'POST', url: '/app/demo/wallet/nobody' } as const;
    const answer = await withDemo.inject({ ...unknown, headers: { host: 'localhost' } });
    assert.equal(answer.statusCode, 404);
  });
});
