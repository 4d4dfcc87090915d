import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Answer, codeOf, Person } from '../../test/gateway/person.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import { routes } from '../api/routes/all.ts';
import { bodiesPost } from '../api/routes/bodies-post.ts';
import { itemsPost } from '../api/routes/items-post.ts';
import { walletPut } from '../api/routes/wallet-put.ts';
import { catalogue, isCode } from '../codes/index.ts';
import { gatewayWings } from '../wings/gateway.ts';
import { describeInterface } from './openapi.ts';
import { httpStatusOf } from './status-of.ts';
import type { GatewayWing } from './wing.ts';

let town: Town;
let ana: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
});
after(() => town.close());

const id64 = 'ab'.repeat(32);
const id32 = 'cd'.repeat(16);
const octets = { bytes: new Uint8Array(3), type: 'application/octet-stream' };
const blob = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
type Method = Parameters<Person['call']>[0];
type Sent = Parameters<Person['call']>[2] & { readonly desk?: true };

/** For every route something malformed, and what it is refused with. */
const malformed: readonly [Method, string, Sent, string][] = [
  ['POST', '/v1/session', { json: {} }, 'REQUEST_INVALID'],
  ['POST', '/v1/session', { json: { account: 'x' } }, 'REQUEST_INVALID'],
  ['POST', '/v1/session', { json: { account: id64, extra: 1 } }, 'REQUEST_INVALID'],
  ['POST', '/v1/session', { json: [] }, 'REQUEST_INVALID'],
  ['POST', '/v1/desk/session', { json: { link: 'x' } }, 'REQUEST_INVALID'],
  ['POST', '/v1/desk/session', { json: { link: id64 } }, 'UNAUTHENTICATED'],
  ['POST', '/v1/tx', { json: { tx: '!!' } }, 'REQUEST_INVALID'],
  ['POST', '/v1/tx', { json: { tx: 'AB' } }, 'REQUEST_INVALID'],
  ['POST', '/v1/tx', { json: { tx: 'A'.repeat(100_000) } }, 'REQUEST_INVALID'],
  ['POST', '/v1/tx', { json: { tx: 'A'.repeat(200_000) } }, 'BODY_TOO_LARGE'],
  ['POST', '/v1/tx?waitMs=99999999', { json: { tx: 'AA' } }, 'REQUEST_INVALID'],
  ['GET', '/v1/tx/xyz', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/tx/xyz/receipt', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/headers/-1', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/headers/first', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/blocks/0', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/blocks/999999', {}, 'HEIGHT_UNKNOWN'],
  ['GET', '/v1/blocks/latest/whole', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/blocks/1/kept', {}, 'FORBIDDEN'],
  ['GET', '/v1/headers/1/turns', {}, 'FORBIDDEN'],
  ['POST', '/v1/cosignatures', { json: { publicKey: 'AA', signatures: [] } }, 'FORBIDDEN'],
  ['GET', '/v1/state/accounts/zz', {}, 'REQUEST_INVALID'],
  ['GET', `/v1/state/..%2f/${id64}`, {}, 'REQUEST_INVALID'],
  ['POST', '/v1/state', { json: { rows: [] } }, 'REQUEST_INVALID'],
  ['POST', '/v1/state', { json: { rows: [{ table: 'accounts', key: 'zz' }] } }, 'REQUEST_INVALID'],
  ['GET', `/v1/identities/${id64}/zz`, {}, 'REQUEST_INVALID'],
  ['GET', '/v1/events', { headers: { 'last-event-id': 'x' } }, 'REQUEST_INVALID'],
  ['POST', '/v1/blobs', { json: {} }, 'REQUEST_INVALID'],
  [
    'POST',
    '/v1/blobs',
    { bytes: new Uint8Array(3), type: 'application/vnd.ipld.car' },
    'CAR_INVALID',
  ],
  [
    'PUT',
    '/v1/blobs/x',
    { bytes: new Uint8Array(3), type: 'application/octet-stream' },
    'REQUEST_INVALID',
  ],
  [
    'PUT',
    `/v1/blobs/${blob}`,
    { bytes: new Uint8Array(3), type: 'application/octet-stream' },
    'BLOB_MISMATCH',
  ],
  ['PUT', `/v1/blobs/${blob}`, { bytes: new Uint8Array(3), type: 'text/html' }, 'REQUEST_INVALID'],
  ['GET', '/v1/blobs/x', {}, 'REQUEST_INVALID'],
  ['GET', `/v1/blobs/${blob}?at=nowhere`, {}, 'REQUEST_INVALID'],
  ['GET', `/v1/blobs/${blob}?at=${id64}`, {}, 'GATEWAY_UNREACHABLE'],
  ['POST', '/v1/bodies', { json: {} }, 'REQUEST_INVALID'],
  ['POST', '/v1/bodies', { bytes: Uint8Array.of(0xff), type: bodiesPost.stream }, 'CBOR_INVALID'],
  ['POST', '/v1/bodies', { bytes: Uint8Array.of(0x80), type: bodiesPost.stream }, 'CBOR_SHAPE'],
  ['POST', '/v1/items', { json: { account: id64, epoch: 1, rows: [] } }, 'REQUEST_INVALID'],
  ['POST', '/v1/items', { bytes: new Uint8Array(0), type: itemsPost.stream }, 'CBOR_SHAPE'],
  ['POST', '/v1/items', { bytes: Uint8Array.of(0xff), type: itemsPost.stream }, 'CBOR_INVALID'],
  ['GET', '/v1/items', {}, 'REQUEST_INVALID'],
  ['GET', `/v1/items?account=${id64}`, {}, 'FORBIDDEN'],
  ['GET', '/v1/items?account=OWN&cursor=1.2', {}, 'REQUEST_INVALID'],
  ['POST', '/v1/read', { json: { request: '' } }, 'CBOR_INVALID'],
  ['POST', '/v1/read', { json: { request: 'gkBA' } }, 'CBOR_SHAPE'],
  ['POST', '/v1/read', { json: {} }, 'REQUEST_INVALID'],
  ['POST', '/v1/read', { json: { request: 'A'.repeat(400_000) } }, 'BODY_TOO_LARGE'],
  ['POST', '/v1/erase', { json: { erase: 'AAAA' } }, 'CBOR_INVALID'],
  ['POST', '/v1/erase', { json: { erase: 7 } }, 'REQUEST_INVALID'],
  ['POST', '/v1/inbox', { json: { message: 'AAAA' } }, 'CBOR_INVALID'],
  ['POST', '/v1/inbox', { json: { message: null } }, 'REQUEST_INVALID'],
  ['GET', '/v1/inbox?after=x', {}, 'REQUEST_INVALID'],
  ['DELETE', '/v1/inbox/x', {}, 'REQUEST_INVALID'],
  ['DELETE', '/v1/inbox/7777', {}, 'NOT_FOUND'],
  ['PUT', '/v1/wallet', { json: { serial: 1 } }, 'REQUEST_INVALID'],
  ['PUT', '/v1/wallet', { bytes: Uint8Array.of(0x80), type: walletPut.stream }, 'CBOR_SHAPE'],
  ['PUT', '/v1/wallet', { bytes: Uint8Array.of(0xff), type: walletPut.stream }, 'CBOR_INVALID'],
  ['GET', '/v1/wallet?serial=0', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/wallet?serial=1', {}, 'NOT_FOUND'],
  ['GET', '/v1/wallet/kept', {}, 'FORBIDDEN'],
  ['PUT', '/v1/wallet/shards/short', octets, 'REQUEST_INVALID'],
  ['PUT', `/v1/wallet/shards/${id32}`, { json: {} }, 'REQUEST_INVALID'],
  ['GET', '/v1/wallet/shards/short', {}, 'REQUEST_INVALID'],
  ['GET', `/v1/wallet/shards/${id32}`, {}, 'NOT_FOUND'],
  ['POST', '/v1/invitations', { json: { role: 'king', name: 'n' }, desk: true }, 'REQUEST_INVALID'],
  ['POST', '/v1/invitations', { json: { role: 'nurse' }, desk: true }, 'REQUEST_INVALID'],
  ['GET', '/v1/invitations?cursor=x', { desk: true }, 'REQUEST_INVALID'],
  ['DELETE', '/v1/invitations/x', { desk: true }, 'REQUEST_INVALID'],
  ['DELETE', `/v1/invitations/${'0'.repeat(16)}`, { desk: true }, 'NOT_FOUND'],
  ['POST', '/v1/invitations/x/code', { desk: true }, 'REQUEST_INVALID'],
  ['POST', `/v1/invitations/${'0'.repeat(16)}/code`, { desk: true }, 'NOT_FOUND'],
  ['POST', '/v1/desk/lookup', { json: { who: '' }, desk: true }, 'REQUEST_INVALID'],
  ['POST', '/v1/desk/lookup', { json: { who: 'Nobody' }, desk: true }, 'NOT_FOUND'],
  ['POST', '/v1/desk/freeze', { json: { account: 'x' }, desk: true }, 'REQUEST_INVALID'],
  ['POST', '/v1/desk/freeze', { json: { account: id64 }, desk: true }, 'ACCOUNT_UNKNOWN'],
  [
    'POST',
    '/v1/enrol',
    { json: { invitation: 'x', identity: 'AAAA', role: 'patient', name: 'n' } },
    'CBOR_INVALID',
  ],
  [
    'POST',
    '/v1/enrol',
    { json: { invitation: 'x', identity: 'AA', role: 'patient', name: '' } },
    'REQUEST_INVALID',
  ],
  ['GET', '/v1/cards/x', {}, 'REQUEST_INVALID'],
  ['POST', '/v1/cards', { json: { name: '' } }, 'REQUEST_INVALID'],
  ['POST', '/v1/relay/x/1', octets, 'REQUEST_INVALID'],
  ['POST', `/v1/relay/${id32}/2`, octets, 'REQUEST_INVALID'],
  ['POST', `/v1/relay/${id32}/1`, { json: {} }, 'REQUEST_INVALID'],
  ['POST', `/v1/relay/${id32}/3`, octets, 'NOT_FOUND'],
  ['POST', `/v1/relay/${id32}/answers/3`, octets, 'REQUEST_INVALID'],
  ['POST', `/v1/relay/${id32}/answers/2`, octets, 'NOT_FOUND'],
  ['GET', `/v1/relay/${id32}/5`, {}, 'REQUEST_INVALID'],
  ['GET', `/v1/relay/${id32}/1?waitMs=5001`, {}, 'REQUEST_INVALID'],
  ['DELETE', '/v1/relay/x', {}, 'REQUEST_INVALID'],
  ['DELETE', `/v1/relay/${id32}`, {}, 'NOT_FOUND'],
  ['GET', '/v1/logs/diary/consistency?from=1&to=1', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/logs/user/consistency?from=0&to=1', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/logs/user/consistency?from=1', {}, 'REQUEST_INVALID'],
  ['GET', '/v1/logs/user/consistency?from=2&to=1', {}, 'HEIGHT_UNKNOWN'],
  ['GET', '/v1/logs/user/consistency?from=1&to=999999', {}, 'HEIGHT_UNKNOWN'],
  ['GET', '/v1/nothing', {}, 'NOT_FOUND'],
  ['GET', '/v2/who', {}, 'NOT_FOUND'],
];
for (const [method, path, sent, code] of malformed) {
  const what = JSON.stringify(sent).slice(0, 60);
  test(`${method} ${path.slice(0, 40)} ${what}: ${code}`, async () => {
    const headers = { authorization: `Desk ${town.north.deskToken}` };
    const shown = sent.desk === true ? { ...sent, headers } : sent;
    const answer = await ana.call(method, path.replace('OWN', ana.account), shown);
    assert.equal(codeOf(answer), code, JSON.stringify(answer.body));
    if (!isCode(code)) throw new Error(code);
    assert.equal(answer.status, httpStatusOf(code));
    const { kind, sentence } = catalogue[code];
    const { details: _details, ...told } = answer.body as { details?: unknown };
    assert.deepEqual(told, { ok: false, code, kind, sentence });
  });
}

test('the table of malformed requests has every route that takes something', () => {
  for (const { method, path, params, query, body, stream } of routes) {
    if ((params ?? query ?? body ?? stream) === undefined) continue;
    const pattern = new RegExp(`^${path.replace(/:\w+/g, '[^/?]+')}([?]|$)`);
    assert.ok(
      malformed.some(([tried, at]) => tried === method && pattern.test(at)),
      `${method} ${path}`,
    );
  }
});

test('a compressed body is refused before it is read', async () => {
  const headers = { 'content-encoding': 'br' };
  const answer = await ana.call('POST', '/v1/session', { json: { account: id64 }, headers });
  assert.equal(codeOf(answer), 'REQUEST_INVALID');
});

test('broken JSON, other media types and prototypes are refused', async () => {
  const bodies: readonly [string, string][] = [
    ['{', 'application/json'],
    ['', 'application/json'],
    ['{"account":1}', 'text/plain'],
    ['{"__proto__":{"a":1}}', 'application/json'],
    ['a=b', 'application/x-www-form-urlencoded'],
  ];
  for (const [text, type] of bodies) {
    const answer: Answer = await ana.call('POST', '/v1/session', {
      bytes: Buffer.from(text),
      type,
    });
    assert.equal(codeOf(answer), 'REQUEST_INVALID', text);
  }
});

test('who asks too often is told to wait', async () => {
  const small = await openTown({ strangerReadsPerMinute: 5 });
  try {
    const url = '/north/v1/who';
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) {
      const answer = await small.app.inject({ method: 'GET', url });
      statuses.push(answer.statusCode);
      if (answer.statusCode === 429) assert.equal(answer.json().code, 'RATE_LIMITED');
    }
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
  } finally {
    await small.close();
  }
});

test('every answer forbids scripts, frames and sniffing', async () => {
  const { headers } = await town.app.inject({ method: 'GET', url: '/' });
  assert.match(String(headers['content-security-policy']), /default-src 'none'/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['x-powered-by'], undefined);
});

test('health, metrics and the plain page answer at the root', async () => {
  const health = await town.app.inject({ method: 'GET', url: '/health' });
  assert.equal(health.statusCode, 200);
  assert.equal(health.json().ok, true);
  const metrics = await town.app.inject({ method: 'GET', url: '/metrics' });
  assert.match(metrics.body, /salus_gateway_requests_total/);
  assert.match(metrics.body, /salus_gateway_refusals_total\{hospital="north",code="DISK_FULL"\} 0/);
  assert.match(metrics.body, /salus_gateway_ledger_height\{hospital="north"\} \d/);
  assert.match(metrics.body, /salus_gateway_anchors_without_rows\{hospital="north"\} \d/);
  const page = await town.app.inject({ method: 'GET', url: '/' });
  assert.match(page.body, /\/north\/v1\/who/);
});

const wings: readonly GatewayWing[] = gatewayWings;
const ofWings = wings.flatMap(({ handlers }) => handlers.map(({ route }) => route));

test('docs/openapi.json is what the routes say', async () => {
  const written: unknown = JSON.parse(readFileSync('docs/openapi.json', 'utf8'));
  const said: unknown = JSON.parse(
    JSON.stringify(await describeInterface([...routes, ...ofWings])),
  );
  assert.deepEqual(said, written, 'run scripts/openapi.ts');
});
