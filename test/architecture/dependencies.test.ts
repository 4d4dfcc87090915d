import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
  readonly link?: boolean;
}
const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockEntry> };
const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
const web = JSON.parse(read('web/package.json')) as { devDependencies: Record<string, string> };
/** Without the checkout itself and its workspace, which is a folder and a link to it. */
const installed = Object.entries(lock.packages).filter(
  ([path, entry]) => path.includes('node_modules/') && entry.link !== true,
);

test('no package of the lock file runs an install script', () => {
  const running = installed.filter(([, entry]) => entry.hasInstallScript === true);
  assert.deepEqual(
    running.map(([path]) => path),
    [],
  );
});

test('every package of the lock file is held by its integrity', () => {
  const loose = installed.filter(([, entry]) => !entry.link && entry.integrity === undefined);
  assert.deepEqual(
    loose.map(([path]) => path),
    [],
  );
});

test('every direct dependency is pinned exactly and has its line in ADR 0008', () => {
  const adr = read('docs/adr/0008-dependencies.md');
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies'];
  for (const group of [...groups.map((it) => manifest[it]), web.devDependencies]) {
    for (const [name, version] of Object.entries(group ?? {})) {
      assert.match(version, /^(npm:typescript@)?\d+\.\d+\.\d+$/, `${name} is not pinned`);
      assert.ok(adr.includes(`\`${name}\``), `${name} has no line in ADR 0008`);
    }
  }
});

test('what ships depends on permissive licences only', () => {
  const allowed = /^(MIT|MIT-0|ISC|Apache-2\.0|BSD-2-Clause|BSD-3-Clause|0BSD|BlueOak-1\.0\.0)$/;
  const refused: string[] = [];
  for (const [path, entry] of installed) {
    if ('dev' in entry) continue;
    const terms = (entry.license ?? 'none').replace(/[()]/g, '').split(' OR ');
    if (!terms.some((term) => allowed.test(term))) refused.push(`${path}: ${entry.license}`);
  }
  assert.deepEqual(refused, []);
});

test('what is bundled into the web app depends on permissive licences, and fonts on the Open Font License', () => {
  const builds = /^(vite|@vitejs\/.*|@types\/.*)$/;
  const bundled = Object.keys(web.devDependencies).filter((name) => !builds.test(name));
  const refused = bundled.filter((name) => {
    const licence = lock.packages[`node_modules/${name}`]?.license ?? 'none';
    return (
      !/^(MIT|ISC|Apache-2\.0)$/.test(licence) &&
      !(name.startsWith('@fontsource') && licence === 'OFL-1.1')
    );
  });
  assert.deepEqual(refused, []);
});

test('the lock file names no registry', () => {
  assert.doesNotMatch(read('package-lock.json'), /"resolved": "https?:/);
});
