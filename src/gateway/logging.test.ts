import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Person } from '../../test/gateway/person.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import { blobIdOf } from '../storage/blob-id.ts';

let town: Town;
let ana: Person;
let port: number;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  await town.app.listen({ host: '127.0.0.1', port: 0 });
  port = (town.app.server.address() as AddressInfo).port;
});
after(() => town.close());

type Line = Readonly<Record<string, unknown>>;
const lines = (): Line[] =>
  town
    .logged()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

async function until<T>(found: () => T | undefined): Promise<T> {
  for (let tries = 0; tries < 500; tries++) {
    const value = found();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail('it never came');
}

test('a line has its time as ISO 8601, its level as a word and the id that the client was told', async () => {
  const { headers } = await town.app.inject({ method: 'GET', url: '/north/v1/inbox' });
  const id = String(headers['x-request-id']);
  assert.match(id, /^[0-9a-f]{16}$/);
  const line = await until(() => lines().find((it) => it.request === id));
  assert.match(String(line.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual([line.level, line.code, line.msg], ['info', 'UNAUTHENTICATED', 'request']);
});

test('an id of the client is not taken', async () => {
  const { headers } = await town.app.inject({
    method: 'GET',
    url: '/north/v1/who',
    headers: { 'x-request-id': 'mine', 'request-id': 'mine' },
  });
  assert.notEqual(headers['x-request-id'], 'mine');
});

test('what only tells is logged at debug, and at info once it is refused', async () => {
  const levelOf = async (url: string) => {
    const { headers } = await town.app.inject({ method: 'GET', url });
    return (await until(() => lines().find((it) => it.request === headers['x-request-id']))).level;
  };
  assert.equal(await levelOf('/north/v1/headers/latest'), 'debug');
  assert.equal(await levelOf(`/north/v1/state/accounts/${ana.account}?proof=1`), 'debug');
  assert.equal(await levelOf('/health'), 'debug');
  assert.equal(await levelOf('/north/v1/headers/999999'), 'info');
});

test('a client that goes away in the middle of an upload is no fault', async () => {
  const bytes = new Uint8Array(1024 * 1024);
  const put = request({
    ...{ host: '127.0.0.1', port, method: 'PUT', path: `/north/v1/blobs/${blobIdOf(bytes)}` },
    headers: {
      authorization: `Bearer ${ana.token}`,
      'content-type': 'application/octet-stream',
      'content-length': String(bytes.length),
    },
  });
  put.on('error', () => undefined);
  put.write(bytes.subarray(0, 300_000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  put.destroy();
  const line = await until(() =>
    lines().find((it) => String(it.route).startsWith('PUT /v1/blobs')),
  );
  assert.deepEqual([line.level, line.code, line.status], ['info', 'CLIENT_LEFT', 499]);
  assert.ok(!lines().some((it) => it.level === 'error'));
  const { body } = await town.app.inject({ method: 'GET', url: '/metrics' });
  assert.match(body, /^salus_gateway_refusals_total\{hospital="north",code="CLIENT_LEFT"\} 1$/m);
  assert.doesNotMatch(body, /status="500"/);
});
