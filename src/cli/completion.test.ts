import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { completionsOf } from './completion.ts';

const program = new Command('salus');
const record = program.command('record');
record.command('list').alias('ls').option('--class <class>').option('--since <height>');
record.command('open <id>');
program.command('revoke <who>');
program.command('agent', { hidden: true });

for (const [words, expected] of [
  [[''], ['help', 'record', 'revoke']],
  [['re'], ['record', 'revoke']],
  [
    ['record', ''],
    ['help', 'list', 'open'],
  ],
  [['record', 'list', '--c'], ['--class']],
  [['record', 'list', '--a'], ['--as']],
  [['record', 'ls', '--f'], ['--force']],
  [['record', 'ls', '--s'], ['--since']],
  [['revoke', 'x'], []],
] as const) {
  test(`after "${words.join(' ')}" may come ${expected.join(', ') || 'a file'}`, () => {
    assert.deepEqual(completionsOf(program, words), expected);
  });
}
