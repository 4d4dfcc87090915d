import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
// Decisions (docs/adr) are never edited: what they name may have moved since.
const pages = globSync(
  [
    '*.md',
    'docs/{protocol,operations,bench,roles}/**/*.md',
    'docs/*.md',
    '{examples,test}/**/*.md',
  ],
  { cwd: root },
);
const read = (page: string) => readFileSync(join(root, page), 'utf8');

test('every path of this repository that a page names is there', () => {
  let named = 0;
  for (const page of pages) {
    for (const [, path = ''] of read(page).matchAll(
      /`((?:src|test|docs|scripts|examples|\.ci)\/[\w./*{},-]+)`/g,
    )) {
      // `NAME` is for the reader to fill in.
      if (path.includes('NAME')) continue;
      named += 1;
      assert.ok(globSync(path, { cwd: root }).length > 0, `${page}: ${path}`);
    }
  }
  assert.ok(named > 80, `only ${named} paths were read`);
});

test('every step of ARCHITECTURE names a file of src or web and something in it', () => {
  const steps = [...read('ARCHITECTURE.md').matchAll(/`([\w./-]+\.ts)(?: (\w+))?`/g)];
  assert.ok(steps.length > 40, `only ${steps.length} files were read`);
  const files = globSync('{src,web/src}/**/*.ts', { cwd: root });
  for (const [, file = '', name] of steps) {
    const found = files.filter((it) => `/${it}`.endsWith(`/${file}`));
    assert.ok(found.length > 0, file);
    if (name === undefined) continue;
    const exported = new RegExp(`export [a-z ]*\\b${name}\\b`);
    assert.ok(
      found.some((it) => exported.test(read(it))),
      `${file} ${name}`,
    );
  }
});

test('every file that a wing’s page names, as it lies in the wing, is there', () => {
  const floors = 'ledger|crypto|api|node|gateway|sdk|server|cli|story|test';
  let named = 0;
  for (const page of globSync('src/wings/*/README.md', { cwd: root })) {
    for (const [, path = ''] of read(page).matchAll(
      new RegExp(`\`((?:${floors})/[\\w./*{},-]+)\``, 'g'),
    )) {
      const [before = '', within, after = ''] = path.split(/[{}]/);
      for (const one of within?.split(',') ?? ['']) {
        named += 1;
        const at = join(dirname(page), before + one + after);
        assert.ok(globSync([at, `${at}.ts`], { cwd: root }).length > 0, `${page}: ${at}`);
      }
    }
  }
  assert.ok(named > 20, `only ${named} paths were read`);
});

test('every link between pages leads to a file', () => {
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      assert.ok(existsSync(join(root, dirname(page), target)), `${page}: ${target}`);
    }
  }
});

test('what a script runs behind the first installation runs on the Node that it brought', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const behind = Object.values(scripts).flatMap((it) => it.split('ready.mjs && ').slice(1));
  assert.ok(behind.length > 4);
  // A shell remembers where it found `node` when there was no other yet.
  for (const it of behind) assert.doesNotMatch(it, /(^|&& )node /);
});
