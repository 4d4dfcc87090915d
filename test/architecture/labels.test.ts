import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { labels } from '../../src/crypto/labels.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('no file of the product spells a label but src/crypto/labels.ts', () => {
  const spelling = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .filter((path) => read(join('src', path)).includes('salus/1/'));
  assert.deepEqual(spelling, [join('crypto', 'labels.ts')]);
});

test('no two purposes share a label, and each is written object/purpose', () => {
  const all = Object.values(labels);
  assert.equal(new Set<string>(all).size, all.length);
  for (const label of all) assert.match(label, /^salus\/1\/[a-z]+\/[a-z-]+$/);
});

test('docs/protocol/labels.md has one row for every label, and no other', () => {
  const rows = [...read('docs/protocol/labels.md').matchAll(/^\| `(salus\/1\/[^`]+)` \|/gm)];
  assert.deepEqual(rows.map((row) => row[1]).sort(), Object.values(labels).sort());
});
