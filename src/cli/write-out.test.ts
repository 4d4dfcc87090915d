import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { isCoded } from '../primitives/errors.ts';
import { refuseTaken, type Writing, writeOut } from './write-out.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-out-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
function place(content?: string): string {
  const path = join(folder, `file-${++made}`);
  if (content !== undefined) writeFileSync(path, content, { mode: 0o644 });
  return path;
}
const text = (path: string): string => readFileSync(path, 'utf8');
const printed: string[] = [];
const asking = (force: boolean): Writing => ({
  flags: { force },
  output: { bytes: (bytes) => printed.push(Buffer.from(bytes).toString()) },
});
const [careful, forced] = [asking(false), asking(true)];
const exists = (error: unknown): boolean => isCoded(error, 'FILE_EXISTS');

test('a new file is whole, for its user alone, and leaves nothing beside it', async () => {
  const path = place();
  assert.equal(await writeOut(path, 'new', careful), path);
  assert.equal(text(path), 'new');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(readdirSync(folder).filter((name) => name.endsWith('.new')).length, 0);
});

test('a file of other bytes stays as it is; --force replaces what is in it and not who may read it', async () => {
  const path = place('mine');
  chmodSync(path, 0o640);
  await assert.rejects(writeOut(path, 'other', careful), exists);
  await assert.rejects(refuseTaken(path, careful), exists);
  assert.equal(text(path), 'mine');
  await writeOut(path, 'other', forced);
  assert.equal(text(path), 'other');
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test('a file of the same bytes is there already', async () => {
  const path = place('same');
  const before = statSync(path);
  assert.equal(await writeOut(path, 'same', careful), path);
  assert.deepEqual([statSync(path).ino, statSync(path).mode], [before.ino, before.mode]);
});

test('the target of a link gets the bytes, and the link stays one', async () => {
  const [target, missing] = [place('old'), place()];
  for (const to of [target, missing]) {
    const path = place();
    symlinkSync(to, path);
    await writeOut(path, 'through', careful);
    assert.equal(lstatSync(path).isSymbolicLink(), true);
    assert.equal(text(to), 'through');
  }
});

test('a file may have the longest name that there is', async () => {
  const path = join(folder, 'x'.repeat(255));
  assert.equal(await writeOut(path, 'long', careful), path);
  assert.equal(text(path), 'long');
});

test('a device stays one', async () => {
  await writeOut('/dev/null', 'gone', careful);
  assert.equal(lstatSync('/dev/null').isCharacterDevice(), true);
});

test('the reader of a pipe gets the bytes', { timeout: 10_000 }, async () => {
  const path = place();
  await promisify(execFile)('mkfifo', [path]);
  const reader = promisify(execFile)('cat', [path]);
  await writeOut(path, 'piped', careful);
  assert.equal((await reader).stdout, 'piped');
  assert.equal(lstatSync(path).isFIFO(), true);
});

test('- is standard output, by either name', async () => {
  printed.length = 0;
  for (const name of ['-', '/dev/stdout']) assert.equal(await writeOut(name, 'out', careful), '-');
  await refuseTaken('-', careful);
  assert.deepEqual(printed, ['out', 'out']);
  assert.equal(existsSync('-'), false);
});

test('a folder, and a place below nothing, cannot be written', async () => {
  const inside = join(folder, 'inner');
  mkdirSync(inside);
  for (const path of [inside, join(folder, 'nowhere', 'x')]) {
    await assert.rejects(writeOut(path, 'x', forced), (error) => isCoded(error, 'FILE_UNWRITABLE'));
  }
});
