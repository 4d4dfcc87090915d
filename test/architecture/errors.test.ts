import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorsDocument } from '../../scripts/errors-doc.ts';
import { catalogue } from '../../src/codes/index.ts';

const root = new URL('../../', import.meta.url).pathname;

test('docs/errors.md says what the catalogue says', () => {
  const written = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  assert.equal(written, errorsDocument(), 'run: node scripts/errors-doc.ts');
});

test('every sentence is one that a person can read: it begins with a capital and ends with a stop', () => {
  for (const [code, { sentence }] of Object.entries(catalogue)) {
    assert.match(sentence, /^[A-Z].+\.$/, code);
  }
});

// A table of codes and the room that says them, lowest room first; the wings stand above the house.
const rooms: readonly (readonly [table: string, sources: string])[] = [
  ['src/codes/encoding.ts', 'src/primitives/**/*.ts'],
  ['src/codes/crypto.ts', 'src/crypto/**/*.ts'],
  ['src/codes/ledger.ts', 'src/ledger/**/*.ts'],
  ['src/codes/storage.ts', 'src/storage/**/*.ts'],
  ['src/codes/api.ts', 'src/api/**/*.ts'],
  ['src/codes/engines.ts', 'src/engines/**/*.ts'],
  ['src/codes/gateway.ts', 'src/gateway/**/*.ts'],
  ['src/codes/sdk.ts', 'src/sdk/**/*.ts'],
  ['src/codes/server.ts', 'src/server/**/*.ts'],
  ['src/codes/cli.ts', '{src/cli,bin}/**/*.{ts,mjs}'],
  ['src/codes/story.ts', 'src/story/**/*.ts'],
  ...globSync('src/wings/*/codes.ts', { cwd: root }).map(
    (table) => [table, table.replace('codes.ts', '**/*.ts')] as const,
  ),
];

/** The codes that stand quoted in what a room runs. */
function saidIn(sources: string): ReadonlySet<string> {
  const texts = globSync(sources, { cwd: root })
    .filter((path) => !/\.(test|contract)\.ts$|\/test\//.test(path))
    .map((path) => readFileSync(root + path, 'utf8'));
  return new Set(
    Array.from(texts.join('\n').matchAll(/'([A-Z][A-Z_]+)'/g), ([, code = '']) => code),
  );
}

test('every code stands once, with the lowest room that says it', async () => {
  const said = rooms.map(([table, sources]) => ({ table, codes: saidIn(sources) }));
  const found: string[] = [];
  for (const [table] of rooms) {
    const [codes] = Object.values<object>(await import(root + table));
    for (const code of Object.keys(codes ?? {})) {
      found.push(code);
      const lowest = said.find(({ codes }) => codes.has(code));
      assert.equal(lowest?.table ?? 'nobody says it', table, code);
    }
  }
  assert.deepEqual(found.sort(), Object.keys(catalogue).sort());
});
