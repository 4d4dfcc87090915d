import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, test } from 'node:test';
import { createLogger } from '../gateway/logging.ts';
import { copyLines, openLogFile } from './log-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salus-log-'));
  path = join(folder, 'salus.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(folder, name), 'utf8');

test('a log is turned over by size, keeps so many older files, and loses no line of those', () => {
  const log = openLogFile({ path, maxBytes: 100, keep: 2 });
  const lines = Array.from({ length: 40 }, (_, n) => `line ${String(n).padStart(4, '0')}\n`);
  for (const line of lines) log.write(line);
  log.close();
  assert.deepEqual(readdirSync(folder).sort(), ['salus.log', 'salus.log.1', 'salus.log.2']);
  const kept = read('salus.log.2') + read('salus.log.1') + read('salus.log');
  assert.equal(kept, lines.slice(-kept.split('\n').length + 1).join(''));
  for (const name of readdirSync(folder)) {
    assert.ok(statSync(join(folder, name)).size <= 100);
    assert.equal(statSync(join(folder, name)).mode & 0o077, 0);
  }
});

test('a log goes on where it was after a start', () => {
  for (const line of ['one\n', 'two\n']) {
    const log = openLogFile({ path, maxBytes: 1_000, keep: 1 });
    log.write(line);
    log.close();
  }
  assert.equal(read('salus.log'), 'one\ntwo\n');
});

test('a line longer than a file has a file of its own', () => {
  const log = openLogFile({ path, maxBytes: 10, keep: 3 });
  for (const line of ['a\n', `${'b'.repeat(50)}\n`, 'c\n']) log.write(line);
  log.close();
  assert.deepEqual([read('salus.log.2'), read('salus.log')], ['a\n', 'c\n']);
});

test('without older files the log begins anew', () => {
  const log = openLogFile({ path, maxBytes: 4, keep: 0 });
  for (const line of ['one\n', 'two\n']) log.write(line);
  log.close();
  assert.deepEqual(readdirSync(folder), ['salus.log']);
  assert.equal(read('salus.log'), 'two\n');
});

test('after it was moved away, reopening begins a new file', () => {
  const log = openLogFile({ path, maxBytes: 1_000, keep: 1 });
  log.write('one\n');
  renameSync(path, join(folder, 'moved'));
  log.write('two\n');
  log.reopen();
  log.write('three\n');
  log.close();
  assert.deepEqual([read('moved'), read('salus.log')], ['one\ntwo\n', 'three\n']);
});

test('what cannot be written is counted and said, and the writer goes on', () => {
  const log = openLogFile({ path, maxBytes: 10, keep: 1 });
  log.write('one\n');
  // The older file cannot be made: a folder that is not empty stands in its place.
  mkdirSync(join(folder, 'salus.log.1', 'full'), { recursive: true });
  log.write('0123456789\n');
  log.write('0123456789\n');
  rmSync(join(folder, 'salus.log.1'), { recursive: true });
  log.write('four\n');
  log.close();
  const all = ['salus.log', 'salus.log.1'].filter((it) => existsSync(join(folder, it))).map(read);
  assert.match(all.join(''), /"lost":2/);
  assert.match(all.join(''), /four\n/);
});

test('a logger writes JSON lines into it, and no token', () => {
  const file = openLogFile({ path, maxBytes: 1_000, keep: 1 });
  const log = createLogger({ level: 'info', destination: file });
  log.info({ code: 'DISK_FULL', token: 'secret', headers: { authorization: 'secret' } }, 'tried');
  file.close();
  const { code, msg } = JSON.parse(read('salus.log')) as { code: string; msg: string };
  assert.deepEqual({ code, msg }, { code: 'DISK_FULL', msg: 'tried' });
  assert.doesNotMatch(read('salus.log'), /secret/);
});

test('what a process writes comes in lines of bounded length that steer no terminal', async () => {
  const log = openLogFile({ path, maxBytes: 10_000_000, keep: 1 });
  const said = new PassThrough();
  copyLines(said, log);
  said.write('one\ntw');
  said.write('o\u001b[2J\u202e\n');
  for (let n = 0; n < 100; n++) said.write('x'.repeat(10_000));
  await new Promise((resolve) => setImmediate(resolve));
  // No end of the line has come yet, and hardly any of it is kept in memory.
  assert.ok(statSync(path).size > 900_000);
  said.end('\nlast');
  await finished(said);
  log.close();
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.deepEqual(lines.slice(0, 2), ['one', 'two [2J ']);
  assert.deepEqual(lines.slice(-2), ['last', '']);
  assert.ok(lines.every((line) => line.length <= 80_000));
});

test('a log that was closed takes no more lines: its number may be another file by now', () => {
  const log = openLogFile({ path, maxBytes: 1_000, keep: 1 });
  log.close();
  const other = openSync(join(folder, 'other'), 'w');
  log.write('late\n');
  log.close();
  assert.equal(fstatSync(other).size, 0);
  closeSync(other);
});
