import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod/mini';
import { parseTxId } from '../primitives/ids.ts';
import { defineRoute, maxJsonBytes, maxStrangerBytes, pathOf } from './route.ts';
import { routes } from './routes/all.ts';
import { headerGet } from './routes/header-get.ts';
import { itemsGet } from './routes/items-get.ts';
import { receiptGet } from './routes/receipt-get.ts';
import { txPost } from './routes/tx-post.ts';

const note = defineRoute({
  method: 'GET',
  path: '/v1/notes/:owner/:name',
  who: 'anybody',
  summary: 'A note',
  rule: 'N-1',
  params: z.object({ owner: z.string(), name: z.string() }),
  query: z.strictObject({ after: z.optional(z.string()) }),
  answer: z.object({}),
});

test('a route is filled in where its names stand', () => {
  const id = parseTxId('ab'.repeat(32));
  assert.equal(pathOf(receiptGet, { params: { id } }), `/v1/tx/${id}/receipt`);
  assert.equal(pathOf(headerGet, { params: { height: 'latest' } }), '/v1/headers/latest');
  assert.equal(pathOf(headerGet, { params: { height: 7 } }), '/v1/headers/7');
  assert.equal(pathOf(txPost, { query: { waitMs: 5 } }), '/v1/tx?waitMs=5');
  assert.equal(pathOf(txPost, {}), '/v1/tx');
});

test('what is not asked for is not in the address', () => {
  const account = parseTxId('ab'.repeat(32)) as never;
  const query = { account, since: 0, changed: 2, cursor: undefined };
  assert.equal(pathOf(itemsGet, { query }), `/v1/items?account=${account}&since=0&changed=2`);
});

test('no value leaves its place in an address', () => {
  const awkward = fc.oneof(fc.string(), fc.constantFrom('', '.', '..', '../x', 'a/b', '?a', '%2e'));
  fc.assert(
    fc.property(awkward, awkward, awkward, (owner, name, after) => {
      const isStep = [owner, name].some((it) => ['', '.', '..'].includes(it));
      const fill = () => pathOf(note, { params: { owner, name }, query: { after } });
      if (isStep) {
        assert.throws(fill, { code: 'REQUEST_INVALID' });
        return;
      }
      const url = new URL(fill(), 'http://hospital');
      const [, version, notes, ...places] = url.pathname.split('/');
      assert.deepEqual([version, notes], ['v1', 'notes']);
      assert.deepEqual(places.map(decodeURIComponent), [owner, name]);
      assert.deepEqual([...url.searchParams], [['after', after]]);
    }),
  );
});

test('half a character is refused: an address is well-formed', () => {
  const params = { owner: 'o', name: '\ud800' };
  assert.throws(() => pathOf(note, { params }), { code: 'REQUEST_INVALID' });
});

test('every route has its own method and address, and names what stands in it', () => {
  const names = routes.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`);
  assert.equal(new Set(names).size, routes.length);
  for (const { path, params } of routes) {
    const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    const declared = params instanceof z.ZodMiniObject ? Object.keys(params.shape) : [];
    assert.deepEqual(declared, inPath, path);
  }
});

test('a body is JSON or a stream, and only what has a body bounds one', () => {
  for (const { path, method, body, stream, bodyBytes } of routes) {
    assert.ok(body === undefined || stream === undefined, path);
    assert.ok(bodyBytes === undefined || body !== undefined || stream !== undefined, path);
    assert.ok(method !== 'GET' || (body === undefined && stream === undefined), path);
  }
});

test('no JSON is long: what is larger is CBOR or a stream, and comes with a session; of a stranger nothing is', () => {
  for (const { path, who, body, stream, bodyBytes = 0 } of routes) {
    assert.ok(body === undefined || bodyBytes <= maxJsonBytes, path);
    const isSignedIn = who === 'session' || who === 'peer' || who === 'wallet';
    if (isSignedIn || who === 'signed-body') continue;
    assert.ok(bodyBytes <= maxStrangerBytes, path);
    assert.ok(stream === undefined || bodyBytes > 0, path);
  }
});
