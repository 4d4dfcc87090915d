import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, run } from './salus.ts';

test('what an old Node prints for help is what the program says (node bin/salus.mjs --help > bin/help.txt)', async () => {
  const { stdout } = await run(['--help']);
  assert.equal(readFileSync(join(root, 'bin', 'help.txt'), 'utf8'), stdout);
});

test('bash completes commands by what the program itself says', async () => {
  const { stdout } = await run(['completion', 'bash']);
  const salus = `${process.execPath} ${join(root, 'src', 'cli', 'salus.ts')}`;
  const script = `
    salus() { ${salus} "$@"; }
    ${stdout}
    COMP_WORDS=(salus record li); COMP_CWORD=2; _salus; echo "\${COMPREPLY[@]}"`;
  const found = execFileSync('bash', ['-c', script], { encoding: 'utf8' });
  assert.equal(found.trim(), 'list');
});

test('a shell that is not known is told which are', async () => {
  const no = await run(['completion', 'tcsh']);
  assert.deepEqual([no.code, /bash, zsh, fish/.test(no.stderr)], [2, true]);
});
