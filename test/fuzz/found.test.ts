import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { failureOf, type Target } from './target.ts';
import { targets } from './targets/all.ts';

/** Every input that ever broke something, by file name `<target>-<hash>.bin`: it must never again. */
const folder = new URL('./found/', import.meta.url);
const opened = new Map<string, Promise<Target>>();

async function targetOf(name: string): Promise<Target> {
  const module = targets[name];
  assert.ok(module !== undefined, `no target is called ${name}`);
  const target = opened.get(name) ?? Promise.resolve(module.open());
  opened.set(name, target);
  return target;
}

after(async () => {
  for (const target of opened.values()) await (await target).close?.();
});

for (const file of readdirSync(folder).filter((name) => name.endsWith('.bin'))) {
  test(`what was found in ${file} stays mended`, async () => {
    const target = await targetOf(file.replace(/-[0-9a-f]{12}\.bin$/, ''));
    const failure = await failureOf(target, new Uint8Array(readFileSync(new URL(file, folder))));
    assert.equal(failure?.text, undefined);
  });
}
