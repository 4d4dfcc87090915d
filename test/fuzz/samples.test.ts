import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes } from '../../src/api/routes/all.ts';
import { sampleOf } from './samples.ts';
import { sampleRequest } from './targets/http-seed.ts';

test('a sample of every part of every route is one that the route takes', () => {
  for (const { method, path, params, query, body } of routes) {
    for (const schema of [params, query, body]) {
      if (schema === undefined) continue;
      const { error } = schema.safeParse(sampleOf(schema));
      assert.equal(error, undefined, `${method} ${path}`);
    }
  }
});

test('a route without a seed is tried by a request out of its declaration', () => {
  for (const route of routes) {
    const input = sampleRequest(route);
    const [, method, address, , body] = Array.isArray(input) ? input : [];
    assert.equal(method, route.method);
    const pattern = route.path.replaceAll(/:\w+/g, '[^/?:]+');
    assert.match(String(address), new RegExp(`^/north${pattern}([?].+)?$`));
    assert.equal(body !== null, (route.body ?? route.stream) !== undefined, route.path);
  }
});
