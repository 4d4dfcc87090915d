import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { routes } from '../../src/api/routes/all.ts';
import { handlers } from '../../src/gateway/handlers/all.ts';
import { describeInterface } from '../../src/gateway/openapi.ts';

const root = new URL('../../', import.meta.url).pathname;

test('every route has one handler, in the same order, and no handler another route', () => {
  assert.deepEqual(
    handlers.map(({ route }) => `${route.method} ${route.path}`),
    routes.map(({ method, path }) => `${method} ${path}`),
  );
  for (const [at, { route }] of handlers.entries()) assert.equal(route, routes[at]);
});

test('a route and its handler have files of one name, and each file is in the list', () => {
  const files = (folder: string) =>
    globSync(`src/${folder}/*.ts`, { cwd: root })
      .map((path) => path.split('/').at(-1) ?? '')
      .filter((name) => name !== 'all.ts')
      .toSorted();
  assert.deepEqual(files('gateway/handlers'), files('api/routes'));
  assert.equal(files('api/routes').length, routes.length);
});

test('http.md has every route with who may ask and the rule, and no other', () => {
  const text = readFileSync(`${root}docs/protocol/http.md`, 'utf8');
  const written = [...text.matchAll(/^\| `(\w+ \/v1\/\S+)` \| (\S+) \| (\S+) \|$/gm)];
  assert.deepEqual(
    written.map(([, call, who, rule]) => [call, who, rule]),
    routes.map(({ method, path, who, rule }) => [`${method} ${path}`, who, rule]),
  );
});

test('the rule of every route is one of docs/protocol', () => {
  const pages = globSync('docs/protocol/*.md', { cwd: root });
  const text = pages.map((page) => readFileSync(root + page, 'utf8')).join('\n');
  for (const { path, rule } of routes) {
    assert.match(rule, /^[A-Z]+-\d+$/, path);
    assert.ok(new RegExp(`^\\*\\*${rule} `, 'm').test(text), `${path}: ${rule}`);
  }
});

test('the description of the interface has every route, and no other', async () => {
  const { paths = {} } = (await describeInterface()) as { paths?: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const declared = routes.map(
    ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
  );
  assert.deepEqual(described.toSorted(), declared.toSorted());
});
