import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { vectorsOnDisk } from './disk.ts';
import { readVectorsFrom } from './files.ts';
import { runVectors, suiteNames } from './suites.ts';

const here = import.meta.dirname;
const run = promisify(execFile);
readVectorsFrom(vectorsOnDisk);

test('every set of vectors lies here and comes out as published', async () => {
  const files: string[] = [];
  for await (const outcome of runVectors([`${here}/published`, here])) {
    assert.deepEqual(outcome.failures, [], outcome.file);
    assert.ok(outcome.cases > 0, outcome.file);
    files.push(outcome.file);
  }
  assert.deepEqual(files.sort(), [...(await suiteNames())].sort());
});

test('a folder without vectors is not a pass', async () => {
  const args = [`${here}/run.ts`, '--json', '--dir', `${here}/published/rfc9496`];
  await assert.rejects(run(process.execPath, args), { code: 1, stdout: '' });
});
