import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageObjects } from '../../src/api/object-types.ts';
import { routes } from '../../src/api/routes/all.ts';
import { ledgerObjects } from '../../src/ledger/object-types.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/security-review.md'), 'utf8');

/** The rows of the section's first table: the name, the twelve answers, the tests. */
function rowsOf(section: string): readonly (readonly string[])[] {
  const from = page.indexOf(`\n## ${section}\n`);
  assert.ok(from >= 0, section);
  const [, ...lines] = page.slice(from).split('\n');
  const first = lines.findIndex((line) => line.startsWith('| ---'));
  const length = lines.slice(first + 1).findIndex((line) => !line.startsWith('| '));
  const rows = lines.slice(first + 1, first + 1 + length);
  return rows.map((line) => line.slice(2, -2).split(' | '));
}

test('every route has its row, in the order of the declarations, and no other', () => {
  assert.deepEqual(
    rowsOf('Routes').map(([name]) => name),
    routes.map(({ method, path }) => `\`${method} ${path}\``),
  );
});

test('who may ask is what the declaration says', () => {
  for (const [at, [, who = '']] of rowsOf('Routes').entries()) {
    const declared = routes[at]?.who ?? '';
    assert.ok(who.startsWith(declared.replace('signed-body', 'signed')), `${at}: ${who}`);
  }
});

test('every type of message has its row, and no other', () => {
  const numbered = Object.entries({ ...ledgerObjects, ...messageObjects });
  assert.deepEqual(
    rowsOf('Messages')
      .map(([name]) => name)
      .sort(),
    numbered.map(([name, number]) => `${number} ${name}`).sort(),
  );
});

test('every row has twelve answers, and tests that are there', () => {
  const rows = ['Routes', 'Messages', 'Files', 'Between hospitals'].flatMap(rowsOf);
  assert.ok(rows.length > 60);
  for (const row of rows) {
    const name = row[0] ?? '';
    assert.equal(row.length, 14, name);
    for (const answer of row) assert.ok(answer.trim().length > 0, name);
    const tests = [...(row[13] ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    assert.ok(tests.length > 0, name);
    for (const path of tests) assert.ok(existsSync(join(root, path)), `${name}: ${path}`);
  }
});
