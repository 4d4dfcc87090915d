import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { suiteNames } from './suites.ts';

/** All vectors once more. What a real browser makes of them is in `test/browser`, where there is one. */
const here = import.meta.dirname;
const run = promisify(execFile);

test('the platform of browsers gives the same verdicts and bytes', async () => {
  const args = ['--conditions=browser', `${here}/run.ts`, '--json'];
  const { stdout } = await run(process.execPath, args);
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, (await suiteNames()).length);
});
