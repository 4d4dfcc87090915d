import assert from 'node:assert/strict';
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { after, test } from 'node:test';

/**
 * That wings can be built on and taken away: a copy of this tree gets a wing that uses every seam, is compiled,
 * held against the import table, tested and played, and is the same tree again when the wing has gone.
 */
const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'salus-wings-'));
after(() => rmSync(copy, { recursive: true, force: true }));

const leftOut = new Set(['node_modules', '.git', '.cache', 'dist']);
cpSync(root, copy, {
  recursive: true,
  filter: (path) => !leftOut.has(relative(root, path).split(sep)[0] ?? ''),
});
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

function run(args: readonly string[], options: SpawnSyncOptions = {}): string {
  const done = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // Else a test runner inside a test runs nothing.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    ...options,
  });
  assert.equal(done.status, 0, `${args.join(' ')}\n${done.stdout}\n${done.stderr}`);
  return String(done.stdout);
}

function runTests(files: readonly string[]): void {
  const told = run(['--test', '--test-reporter=tap', ...files]);
  assert.match(told, /^# pass [1-9]\d*$/m, 'some tests ran');
}

const compile = () => {
  for (const project of ['tsconfig.json', 'tsconfig.pure.json', 'tsconfig.browser.json']) {
    run(['node_modules/typescript-native/bin/tsc', '-p', project]);
  }
};
const cruise = () => {
  run([
    'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    ...['--config', '.dependency-cruiser.cjs', 'src'],
  ]);
};
/** Every file of `src` and what is in it. */
const sources = (at: string) =>
  new Map(
    globSync('src/**/*', { cwd: at, withFileTypes: true })
      .filter((it) => it.isFile())
      .map((it) => join(it.parentPath, it.name))
      .map((path) => [relative(at, path), readFileSync(path, 'utf8')]),
  );

/** The files that are not as they were when the copy was made. */
const asCopied = sources(copy);
function changedFiles(): string[] {
  const now = sources(copy);
  return [...new Set([...asCopied.keys(), ...now.keys()])].filter(
    (path) => asCopied.get(path) !== now.get(path),
  );
}

test('a wing that uses every seam is built on, compiled, played and taken out again', async (t) => {
  await t.test('it goes in with a folder and its lines', () => {
    run(['scripts/wing.mjs', 'new', 'notes', '--from', 'test/fixtures/notes-wing']);
    const lists = changedFiles().filter((path) => !path.startsWith('src/wings/notes/'));
    assert.ok(
      lists.every((path) => /^src\/wings\/[a-z]+\.ts$/.test(path)),
      lists.join(' '),
    );
    assert.equal(lists.length, 9, 'codes, names, ledger, gateway, sdk, server, cli, story, test');
  });
  await t.test('the whole house compiles with it, three ways', compile);
  await t.test('it imports what its floors may', cruise);
  await t.test('its tests, the model ledger and the checks of the house hold', () => {
    runTests([
      'src/wings/notes/**/*.test.ts',
      ...['test/model/ledger-model.test.ts', 'src/ledger/acts/roles.test.ts'],
      ...['labels', 'numbers', 'purity', 'protocol-tables'].map(
        (it) => `test/architecture/${it}.test.ts`,
      ),
    ]);
  });
  await t.test('its chapter is played on real servers', () => {
    const told = run(['src/story/main.ts', '--chapter', 'notes', '--json'])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    assert.deepEqual(told.at(-1), { ...told.at(-1), story: 'notes', ok: true, steps: 4 });
    assert.equal(told[1]?.code, 'NOTE_TAKEN');
  });
  await t.test('its commands, route and chapter are there', () => {
    assert.match(run(['src/cli/salus.ts', 'note', '--help']), /set .*words/);
    run(['scripts/openapi.ts']);
    assert.match(readFileSync(join(copy, 'docs/openapi.json'), 'utf8'), /"\/v1\/notes"/);
    const { stderr, status } = spawnSync(
      process.execPath,
      ['src/story/main.ts', '--chapter', 'no such'],
      { cwd: copy, encoding: 'utf8' },
    );
    assert.equal(status, 2);
    assert.match(stderr, /main, (?:[a-z]+, )*notes/);
  });
  await t.test('an import across the floors is found', () => {
    const path = join(copy, 'src/wings/notes/ledger/acts/note-set.ts');
    const text = readFileSync(path, 'utf8');
    const bad = text.replace('/**', "import '../../gateway/index.ts';\n/**");
    cpSync(path, `${path}.kept`);
    spawnSync('tee', [path], { input: bad, stdio: ['pipe', 'ignore', 'inherit'] });
    const config = ['--config', '.dependency-cruiser.cjs', 'src'];
    const cruiser = 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs';
    const found = spawnSync(process.execPath, [cruiser, ...config], {
      cwd: copy,
      encoding: 'utf8',
    });
    assert.match(found.stdout, /wings-ledger-imports/);
    cpSync(`${path}.kept`, path);
  });
  await t.test('it goes, and the tree is as it was', () => {
    run(['scripts/wing.mjs', 'remove', 'notes']);
    assert.ok(!existsSync(join(copy, 'src/wings/notes')));
    assert.deepEqual(changedFiles(), []);
    compile();
  });
});

test('a wing that was just begun compiles, and goes again', () => {
  run(['scripts/wing.mjs', 'new', 'just-begun']);
  compile();
  cruise();
  run(['scripts/wing.mjs', 'remove', 'just-begun']);
  assert.deepEqual(changedFiles(), []);
});

/** Each wing that stands here, gone, and the spine's tests without it; `WING=NAME` picks one (.ci/in-turn). */
const standing = globSync('src/wings/*/', { cwd: root }).map((it) => it.split(sep).at(-1) ?? '');
const chosen = standing.filter((name) => (process.env.WING ?? name) === name);
const rules = readFileSync(join(root, '.dependency-cruiser.cjs'), 'utf8');
/** Wings that build on this one, as `wingNeeds` says: they go with it. */
const needing = (name: string): readonly string[] =>
  standing.filter((it) => new RegExp(`\\b${it}: \\[[^\\]]*'${name}'`).test(rules));
for (const name of chosen) {
  test(`the wing ${name} can go: the house compiles and holds without it`, () => {
    for (const it of [...needing(name), name]) run(['scripts/wing.mjs', 'remove', it]);
    compile();
    cruise();
    runTests(['src/ledger/**/*.test.ts', 'test/model/*.test.ts']);
    cpSync(join(root, 'src/wings'), join(copy, 'src/wings'), { recursive: true });
  });
}
