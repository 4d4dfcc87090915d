import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorsDocument } from '../../scripts/errors-doc.ts';
import { catalogue } from '../../src/primitives/catalogue.ts';

test('docs/errors.md says what the catalogue says', () => {
  const written = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  assert.equal(written, errorsDocument(), 'run: node scripts/errors-doc.ts');
});

test('every sentence is one that a person can read: it begins with a capital and ends with a stop', () => {
  for (const [code, { sentence }] of Object.entries(catalogue)) {
    assert.match(sentence, /^[A-Z].+\.$/, code);
  }
});

test('every code is said somewhere', () => {
  const root = new URL('../../', import.meta.url).pathname;
  const code = globSync('{src,bin,scripts}/**/*.{ts,mjs}', { cwd: root })
    .filter((path) => !path.endsWith('catalogue.ts') && !path.includes('.test.'))
    .map((path) => readFileSync(root + path, 'utf8'))
    .join('\n');
  const unsaid = Object.keys(catalogue).filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
  assert.deepEqual(unsaid, []);
});
