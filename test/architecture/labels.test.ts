import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { labels } from '../../src/crypto/labels.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Of wings, each with the file that names its labels. */
const wings = globSync('src/wings/*/names.ts', { cwd: root });

/** The labels of each wing, by their names. */
async function wingLabels(): Promise<readonly Readonly<Record<string, string>>[]> {
  const files: readonly object[] = await Promise.all(wings.map((it) => import(join(root, it))));
  return files.flatMap((it) => Object.values(it)).map(({ labels: own }) => own);
}

test('no file of the product spells a label but src/crypto/labels.ts, and of a wing its names.ts', () => {
  const spelling = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .filter((path) => !path.endsWith('names.ts'))
    .filter((path) => read(join('src', path)).includes('salus/1/'));
  assert.deepEqual(spelling, [join('crypto', 'labels.ts')]);
});

test('no two purposes share a label, and each is written object/purpose', () => {
  const all = Object.values(labels);
  assert.equal(new Set<string>(all).size, all.length);
  for (const label of all) assert.match(label, /^salus\/1\/[a-z]+\/[a-z-]+$/);
});

test('no label, with the zero byte that ends it, begins what another label begins', () => {
  const heads = Object.values(labels).map((label) => `${label}\0`);
  for (const head of heads) {
    const longer = heads.filter((it) => it !== head && it.startsWith(head));
    assert.deepEqual(longer, [], head);
  }
});

test('what signs is marked so in the table, and every signature of the code is by one of these', async () => {
  const tables = [
    'docs/protocol/labels.md',
    ...wings.map((it) => it.replace('names.ts', 'README.md')),
  ];
  const rows = tables.flatMap((it) => [...read(it).matchAll(/^\| `(\S+)` +\| ([^|]*) \|/gm)]);
  const signing = rows
    .filter(([, , use = '']) => use.includes('signature'))
    .map(([, label]) => label);
  const files = globSync('src/**/*.ts', { cwd: root }).filter((it) => !it.endsWith('.test.ts'));
  const called = files.flatMap((file) => [
    ...read(file).matchAll(/(?:sign|verify)Labelled\([^;]*?\b[lL]abels\.(\w+)/g),
    // A label that was given a name in the line before.
    ...read(file).matchAll(/const label = \w+(?:\.\w+)*?\.?labels\.(\w+)/g),
  ]);
  const names = new Set(called.map(([, name = '']) => name));
  assert.ok(names.size >= 9, [...names].join());
  const byName: Readonly<Record<string, string>> = Object.assign(
    {},
    labels,
    ...(await wingLabels()),
  );
  for (const name of names) assert.ok(signing.includes(byName[name]), name);
});

test('what a label hashes is put together in one file: one purpose, one form', () => {
  // The ledger may not import the messages: it puts the entry of a read together once more.
  const twice = ['readEntry'];
  const files = globSync('src/**/*.ts', { cwd: root }).filter((it) => !it.endsWith('.test.ts'));
  const byLabel = new Map<string, Set<string>>();
  for (const file of files) {
    for (const [, name = ''] of read(file).matchAll(/labelledHash\(\s*labels\.(\w+)/g)) {
      byLabel.set(name, (byLabel.get(name) ?? new Set()).add(file));
    }
  }
  assert.ok(byLabel.size > 6);
  for (const [name, where] of byLabel) {
    if (!twice.includes(name)) assert.equal(where.size, 1, `${name}: ${[...where].join()}`);
  }
});

test('docs/protocol/labels.md has one row for every label, and no other', () => {
  const rows = [...read('docs/protocol/labels.md').matchAll(/^\| `(salus\/1\/[^`]+)` \|/gm)];
  assert.deepEqual(rows.map((row) => row[1]).sort(), Object.values(labels).sort());
});

test('a wing’s labels are its own, written object/purpose, and stand in its README', () => {
  const taken = new Set<string>(Object.values(labels));
  for (const names of wings) {
    const readme = read(names.replace('names.ts', 'README.md'));
    for (const [label = ''] of read(names).matchAll(/salus\/1\/[^']+/g)) {
      assert.match(label, /^salus\/1\/[a-z]+\/[a-z-]+$/);
      assert.ok(readme.includes(`\`${label}\``), `${label} is not in the README`);
      assert.ok(!taken.has(label), `${label} is taken`);
      taken.add(label);
    }
  }
});
