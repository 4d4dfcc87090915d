import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { inputFiles } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), '.salus-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('of a folder the files in it and below are taken, by name; nothing hidden, and no link', async () => {
  for (const name of ['b.json', 'deep/er/a.pdf', '.DS_Store', '.git/config', 'deep/.trash/c.txt']) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), name);
  }
  symlinkSync(join(folder, 'b.json'), join(folder, 'link.json'));
  const taken = (await inputFiles(folder)).map((it) => it.name);
  assert.deepEqual(taken, ['a.pdf', 'b.json']);
});
