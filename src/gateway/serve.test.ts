import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { Person } from '../../test/gateway/person.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import { defineRoute } from '../api/route.ts';
import { routes } from '../api/routes/all.ts';
import { handler } from './handler.ts';
import { createLogger } from './logging.ts';
import { createMetrics } from './metrics.ts';
import { createServer } from './server.ts';

/** A route beside the spine's own, as a wing has them. */
const greet = defineRoute({
  method: 'POST',
  path: '/v1/greetings/:name',
  who: 'peer',
  summary: 'A greeting between hospitals',
  rule: 'G-1',
  params: z.object({ name: z.string() }),
  body: z.strictObject({ times: z.number().int().default(1) }),
  bodyBytes: 4 * 1024 * 1024,
  answer: z.object({ said: z.string(), to: z.string() }),
  perMinute: 4,
  noStore: true,
});

let town: Town;
let ana: Person;
let north: Person;
let app: FastifyInstance;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  north = new Person(town, town.north, town.north.keys);
  await north.signIn();
  app = await createServer({
    log: createLogger({ level: 'silent' }),
    metrics: createMetrics(),
    mounts: [{ prefix: '', gateway: town.north.gateway }],
    handlers: [
      handler(greet, ({ params, body, caller }) => ({
        said: params.name.repeat(body.times),
        to: caller.account,
      })),
    ],
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
});
after(async () => {
  await app.close();
  await town.close();
});

const dead = `Bearer ${'A'.repeat(43)}`;
const filled = (path: string) => path.replaceAll(/:\w+/g, 'x');

for (const { method, path, who } of routes) {
  if (who !== 'session' && who !== 'desk') continue;
  test(`${method} ${path}: who asks is judged before anything he says is read`, async () => {
    for (const [authorization, code] of [
      [undefined, 'UNAUTHENTICATED'],
      [dead, who === 'desk' ? 'UNAUTHENTICATED' : 'SESSION_EXPIRED'],
      [`Desk ${'A'.repeat(32)}`, who === 'desk' ? 'UNAUTHENTICATED' : 'SESSION_EXPIRED'],
    ] as const) {
      const answer = await app.inject({
        method,
        url: filled(path),
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
        },
        ...(method === 'GET' ? {} : { payload: '{ no JSON' }),
      });
      assert.equal(answer.json().code, code);
      assert.equal(answer.statusCode, 401);
    }
  });
}

const say = (token: string, payload: string) =>
  app.inject({
    method: 'POST',
    url: '/v1/greetings/hello',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    payload,
  });

test('a route beside the spine’s is served, described and limited as it is declared', async () => {
  const greeting = await say(north.token, '{"times":2}');
  assert.deepEqual(greeting.json(), { said: 'hellohello', to: town.north.organisation });
  assert.equal(greeting.headers['cache-control'], 'no-store');
  assert.equal((await say(north.token, '{"times":1.5}')).json().code, 'REQUEST_INVALID');
  assert.equal((await say(ana.token, '{}')).json().code, 'FORBIDDEN', 'a patient is no peer');
  const codes: unknown[] = [];
  for (let n = 0; n < 4; n++) codes.push((await say(north.token, '{}')).json().code);
  assert.deepEqual(codes, [undefined, undefined, 'RATE_LIMITED', 'RATE_LIMITED']);
  const { paths = {} } = app.swagger() as { paths?: Record<string, object> };
  assert.ok('/v1/greetings/{name}' in paths);
});

test('who sends much and may not is told so, on a connection that holds', async () => {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const body = JSON.stringify({ rows: 'A'.repeat(8 * 1024 * 1024) });
  for (let n = 0; n < 4; n++) {
    const answer = await fetch(`http://127.0.0.1:${address.port}/v1/items`, {
      method: 'POST',
      headers: { authorization: dead, 'content-type': 'application/json' },
      body,
    });
    const { code } = (await answer.json()) as { code?: unknown };
    assert.equal(code, 'SESSION_EXPIRED');
    assert.equal(answer.headers.get('connection'), 'keep-alive');
  }
});
