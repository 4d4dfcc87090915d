import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { codeOf, Person } from '../../test/gateway/person.ts';
import { openTown, portOf, type Town } from '../../test/gateway/town.ts';
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
  if (!['session', 'wallet', 'desk', 'desk-token', 'operator', 'peer'].includes(who)) continue;
  test(`${method} ${path}: who asks is judged before anything he says is read`, async () => {
    for (const [authorization, code] of [
      [undefined, 'UNAUTHENTICATED'],
      [dead, who.startsWith('desk') ? 'UNAUTHENTICATED' : 'SESSION_EXPIRED'],
      [`Desk ${'A'.repeat(32)}`, who.startsWith('desk') ? 'UNAUTHENTICATED' : 'SESSION_EXPIRED'],
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

test('while earlier blocks are missing, nothing that rests on them is answered, to nobody', async () => {
  const { engine } = town.north.gateway.options;
  const asked = async ({ method, path }: (typeof routes)[number]) =>
    app.inject({
      ...{ method, url: filled(path) },
      headers: { authorization: `Bearer ${north.token}` },
    });
  Object.assign(engine, { historyFrom: () => 5 });
  try {
    for (const route of routes) {
      const answer = await asked(route);
      const isMissing = answer.body.includes('HISTORY_MISSING');
      assert.equal(isMissing, route.isEarly !== true, `${route.method} ${route.path}`);
      if (!isMissing) continue;
      assert.equal(answer.statusCode, 503);
      assert.deepEqual(answer.json().details, { from: 5 });
    }
    const { hospitals } = (await app.inject('/health')).json();
    assert.deepEqual(
      hospitals.map(({ reads, historyFrom }: Record<string, unknown>) => [reads, historyFrom]),
      [[false, 5]],
    );
  } finally {
    Reflect.deleteProperty(engine, 'historyFrom');
  }
  assert.equal((await app.inject('/v1/genesis')).statusCode, 200);
});

const base = () => {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
};

test('a connection on which nothing is asked is held for longer than its clients are told', async () => {
  const answer = await fetch(`${base()}/nothing-here`);
  const told = Number(/^timeout=(\d+)$/.exec(answer.headers.get('keep-alive') ?? '')?.[1]);
  const { keepAliveTimeout, keepAliveTimeoutBuffer = 0 } = app.server;
  assert.equal(told * 1_000, keepAliveTimeout);
  assert.ok(keepAliveTimeoutBuffer >= 10_000, String(keepAliveTimeoutBuffer));
});

test('who sends and may not is told so: on a connection that holds when it was little, also when it was much', async () => {
  for (const [mib, times] of [
    [0.2, 4],
    [8, 4],
  ] as const) {
    const body = 'A'.repeat(mib * 1024 * 1024);
    for (let n = 0; n < times; n++) {
      const answer = await fetch(`${base()}/v1/items`, {
        method: 'POST',
        headers: { authorization: dead, 'content-type': 'application/json' },
        body,
      });
      const { code } = (await answer.json()) as { code?: unknown };
      assert.equal(code, 'SESSION_EXPIRED');
      assert.equal(answer.headers.get('connection'), 'keep-alive');
    }
  }
});

const longer = (bytes: number) => `${JSON.stringify({ tx: 'AAAA' })}${' '.repeat(bytes)}`;
for (const [what, bytes, isSignedIn, code] of [
  ['64 KiB of a stranger', 60_000, false, 'TX_UNDECODABLE'],
  ['more than 64 KiB of a stranger', 66_000, false, 'BODY_TOO_LARGE'],
  ['more than 64 KiB of somebody signed in', 66_000, true, 'TX_UNDECODABLE'],
  ['more than the route takes of somebody signed in', 140_000, true, 'BODY_TOO_LARGE'],
] as const) {
  test(`of what is signed, ${what}: ${code}`, async () => {
    const sent = { bytes: Buffer.from(longer(bytes)), type: 'application/json' };
    const answer = await ana.call('POST', '/v1/tx', { ...sent, anonymous: !isSignedIn });
    assert.equal(codeOf(answer), code);
  });
}

test('a body that does not say its length is refused before it is read', async () => {
  const body = new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(1_000)) });
  const headers = { authorization: `Bearer ${north.token}`, 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as const;
  const answer = await fetch(`${base()}/v1/state`, init as RequestInit);
  const { code, details } = (await answer.json()) as { code?: unknown; details?: unknown };
  assert.deepEqual([code, details], ['REQUEST_INVALID', { at: 'content-length' }]);
});

test('large bodies in memory are shared: whoever has his share gets no more, another does', async () => {
  const bytes = 100_000;
  const small = await openTown({ bodyBytesPerAccount: 2 * bytes, bodyBytesInAll: 8 * bytes });
  try {
    await small.app.listen({ port: 0, host: '127.0.0.1' });
    const people = [
      await Person.enrolled(small, small.north, 'patient'),
      await Person.enrolled(small, small.north, 'patient'),
    ] as const;
    const half = (person: Person) => {
      const socket = connect(portOf(small), '127.0.0.1');
      const head = `POST /north/v1/items HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.token}\r\nContent-Type: application/cbor-seq\r\nContent-Length: ${bytes}\r\n\r\n`;
      socket.write(head);
      const answered = once(socket, 'data').then(
        ([data]) => /"code":"(\w+)"/.exec(String(data))?.[1],
      );
      return { socket, answered };
    };
    const [eve, ben] = people;
    const held = [half(eve), half(eve)];
    const over = half(eve);
    assert.equal(
      await Promise.race([over.answered, ...held.map(({ answered }) => answered)]),
      'STORE_BUSY',
    );
    const other = half(ben);
    other.socket.write(new Uint8Array(bytes));
    assert.equal(await other.answered, 'CBOR_SHAPE');
    for (const { socket } of [...held, over, other]) socket.destroy();
  } finally {
    await small.close();
  }
});

test('a caller is whom a named proxy says he is, and nobody else is believed', async () => {
  for (const [isProxy, statuses] of [
    [() => true, [200, 429, 200, 429, 200]],
    [() => false, [200, 429, 429, 429, 429]],
  ] as const) {
    const small = await openTown({ strangerReadsPerMinute: 1 }, { isProxy });
    try {
      const told: number[] = [];
      // The second and fourth come from the /64 or address of the one before.
      for (const from of ['2001:db8::1', '2001:db8::2', '192.0.2.1', '192.0.2.1', '192.0.2.2']) {
        const headers = { 'x-forwarded-for': from };
        const answer = await small.app.inject({ url: '/north/v1/who', headers });
        told.push(answer.statusCode);
      }
      assert.deepEqual(told, statuses);
    } finally {
      await small.close();
    }
  }
});

test('an account has so many requests answered at a time, whoever else waits', async () => {
  const small = await openTown({ requestsAtOnce: 3 });
  try {
    const eve = await Person.enrolled(small, small.north, 'patient');
    const ben = await Person.enrolled(small, small.north, 'patient');
    const ask = async (person: Person) => codeOf(await person.call('GET', '/v1/inbox'));
    const codes = await Promise.all([...Array(5).fill(eve), ben].map(ask));
    assert.deepEqual(codes.toSorted(), [
      ...Array(2).fill('RATE_LIMITED'),
      ...Array(4).fill('accepted'),
    ]);
    assert.equal(codes.at(-1), 'accepted');
    assert.equal(await ask(eve), 'accepted');
  } finally {
    await small.close();
  }
});
