import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { defineRoute, type Route } from '../../api/route.ts';
import { routes } from '../../api/routes/all.ts';
import { isCoded } from '../../primitives/errors.ts';
import { call, type SessionSource } from './call.ts';
import { GatewayClient } from './gateway-client.ts';
import { type Fetch, Http } from './http.ts';

const note = {
  method: 'POST',
  path: '/v1/notes/:name',
  who: 'anybody',
  summary: 'A note',
  rule: 'N-1',
  params: z.object({ name: z.string() }),
  body: z.strictObject({ text: z.string() }),
  answer: z.object({ kept: z.number() }),
} as const;
const plain = defineRoute(note);
const signedIn = defineRoute({ ...note, who: 'session' });
const asking = { params: { name: 'a b' }, body: { text: 'x' } };

type Sent = { readonly url: string } & RequestInit;

/** A gateway that answers in turn, the last answer again and again. */
function gateway(...answers: (() => Response)[]): { http: Http; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetch: Fetch = async (url, init) => {
    sent.push({ url, ...init });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next === undefined) throw new TypeError('fetch failed');
    return next();
  };
  return { http: new Http('http://h', { fetch, retryDelaysMs: [0, 0] }), sent };
}

const json =
  (body: unknown, status = 200) =>
  () =>
    Response.json(body, { status });
const refused = (code: string) => json({ ok: false, code, kind: 'not-trusted', sentence: '' }, 401);
const down = (): Response => {
  throw new TypeError('fetch failed');
};
const shown = ({ headers }: Sent) => new Headers(headers).get('authorization');

class Tokens implements SessionSource {
  readonly dropped: string[] = [];
  #next = 1;
  async token(): Promise<string> {
    return `t${this.#next}`;
  }
  drop(token: string): void {
    this.dropped.push(token);
    this.#next += 1;
  }
}

test('a call goes where its route says, with its body, and gives back what the schema knows', async () => {
  const { http, sent } = gateway(json({ kept: 1, more: 2 }));
  const answer = await call({ http, session: undefined }, plain, asking);
  assert.deepEqual(answer, { kept: 1 });
  const [{ url, method, body } = { url: '' }] = sent;
  assert.deepEqual([url, method, body], ['http://h/v1/notes/a%20b', 'POST', '{"text":"x"}']);
});

test('an answer of another shape is a lie', async () => {
  const { http } = gateway(json({ kept: 'one' }));
  await assert.rejects(call({ http, session: undefined }, plain, asking), (error) => {
    assert.ok(isCoded(error, 'GATEWAY_LIED'));
    assert.deepEqual(error.details, { path: '/v1/notes' });
    return true;
  });
});

test('a session is shown where the route wants one, and nowhere else', async () => {
  const session = new Tokens();
  for (const [route, expected] of [
    [plain, null],
    [signedIn, 'Bearer t1'],
    [defineRoute({ ...note, who: 'ticket' }), 'Bearer t1'],
    [defineRoute({ ...note, who: 'peer' }), 'Bearer t1'],
    [defineRoute({ ...note, who: 'operator' }), 'Bearer t1'],
    [defineRoute({ ...note, who: 'signed-body' }), null],
    [defineRoute({ ...note, who: 'desk' }), null],
  ] as const) {
    const { http, sent } = gateway(json({ kept: 1 }));
    await call({ http, session }, route, asking);
    assert.deepEqual(sent.map(shown), [expected], route.who);
  }
});

test('who has no session does not ask', async () => {
  const { http, sent } = gateway(json({ kept: 1 }));
  const asked = call({ http, session: undefined }, signedIn, asking);
  await assert.rejects(asked, { code: 'UNAUTHENTICATED' });
  assert.equal(sent.length, 0);
});

test('a session that ran out is renewed once', async () => {
  const session = new Tokens();
  const { http, sent } = gateway(refused('SESSION_EXPIRED'), json({ kept: 2 }));
  assert.deepEqual(await call({ http, session }, signedIn, asking), { kept: 2 });
  assert.deepEqual(sent.map(shown), ['Bearer t1', 'Bearer t2']);
  assert.deepEqual(session.dropped, ['t1']);
  const closed = gateway(refused('SESSION_EXPIRED'));
  const asked = call({ http: closed.http, session }, signedIn, asking);
  await assert.rejects(asked, { code: 'SESSION_EXPIRED' });
  assert.equal(closed.sent.length, 2);
});

test('only what its route declares repeatable is sent again', async () => {
  const twice = defineRoute({ ...note, repeatable: true });
  const again = gateway(down, json({ kept: 3 }));
  assert.deepEqual(await call({ http: again.http, session: undefined }, twice, asking), {
    kept: 3,
  });
  const once = gateway(down, json({ kept: 3 }));
  const asked = call({ http: once.http, session: undefined }, plain, asking);
  await assert.rejects(asked, { code: 'GATEWAY_UNREACHABLE' });
  assert.equal(once.sent.length, 1);
});

test('bytes are bounded by the declaration, or tighter by the caller', async () => {
  const { body: _body, ...unsent } = note;
  const bytes = defineRoute({ ...unsent, method: 'GET', answer: 'bytes', answerBytes: 4 });
  const { http } = gateway(() => new Response('12345'));
  const line = { http, session: undefined };
  const { params } = asking;
  await assert.rejects(call(line, bytes, { params }), { code: 'BODY_TOO_LARGE' });
  assert.equal((await call(line, bytes, { params, maxBytes: 5 })).length, 5);
});

test('of the spine’s routes, those that are no GET are repeated only where that is said', () => {
  const repeatable = routes
    .filter((route: Route) => route.method !== 'GET' && route.repeatable === true)
    .map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(repeatable, [
    'POST /v1/tx',
    'POST /v1/cosignatures',
    'POST /v1/state',
    'POST /v1/blobs',
    'PUT /v1/blobs/:id',
    'POST /v1/bodies',
    'POST /v1/items',
    'POST /v1/read',
    'DELETE /v1/inbox/:id',
    'DELETE /v1/desk/sessions',
    'PUT /v1/wallet/shards/:name',
    'DELETE /v1/wallet',
    'POST /v1/relay/:session/:slot',
    'POST /v1/relay/:session/answers/:slot',
  ]);
});

test('a blob is stored only when the gateway confirms it under its id', async () => {
  const id = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as never;
  const client = new GatewayClient(gateway(json({ stored: [] })).http, new Tokens());
  await assert.rejects(client.putBlob(id, Uint8Array.of(1)), { code: 'GATEWAY_LIED' });
  const stored = [{ id, bytes: 1 }];
  const good = new GatewayClient(gateway(json({ stored })).http, new Tokens());
  await good.putBlob(id, Uint8Array.of(1));
});
