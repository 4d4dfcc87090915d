import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sha256 } from '../crypto/hash.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { isCoded } from '../sdk/index.ts';
import { leaveFolder } from './leave-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-leave-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let tries = 0;
const fresh = () => join(folder, String(++tries));
const ana = 'a'.repeat(64);
const bytes = (words: string): Uint8Array => new Uint8Array(Buffer.from(words));
const writing = { flags: {}, output: { bytes: () => undefined } };
const open = (out: string, account = ana) => leaveFolder(out, account, writing);

/** As `exportAccount` writes: some files, and the manifest of them last, unless it is stopped before. */
async function written(
  out: string,
  files: Readonly<Record<string, string>>,
  { account = ana, isStopped = false } = {},
) {
  const into = open(out, account);
  for (const [name, words] of Object.entries(files)) await into.write(name, bytes(words));
  if (isStopped) return;
  const listed = Object.entries(files).map(([name, words]) => ({
    ...{ name, sha256: bytesToHex(sha256(bytes(words))) },
  }));
  const manifest = { account, organisationName: 'North', files: listed };
  await into.write('manifest.json', bytes(`${JSON.stringify(manifest, undefined, 1)}\n`));
}

const refused = (work: Promise<unknown>) =>
  assert.rejects(work, (error) => isCoded(error, 'FILE_EXISTS'));
const textIn = (out: string, name: string) => readFileSync(join(out, name), 'utf8');

for (const isStopped of [false, true]) {
  test(`What an earlier try wrote gives way to what stands now, ${isStopped ? 'stopped' : 'ended'}`, async () => {
    const out = fresh();
    await written(out, { 'records.json': '[1]', 'imports/1-a.json': 'a' }, { isStopped });
    await written(out, { 'records.json': '[1,2]', 'imports/1-a.json': 'a', 'records/b': 'b' });
    assert.equal(textIn(out, 'records.json'), '[1,2]');
    assert.equal(textIn(out, 'records/b'), 'b');
    assert.equal(JSON.parse(textIn(out, 'manifest.json')).files.length, 3);
    assert.deepEqual(
      readdirSync(out).filter((name) => name.startsWith('.')),
      [],
    );
  });

  test(`What somebody changed since is his, and stays, ${isStopped ? 'stopped' : 'ended'}`, async () => {
    const out = fresh();
    await written(out, { 'records.json': '[1]' }, { isStopped });
    writeFileSync(join(out, 'records.json'), 'my notes');
    await refused(written(out, { 'records.json': '[1,2]' }));
    assert.equal(textIn(out, 'records.json'), 'my notes');
  });

  test(`What another account left is not replaced, ${isStopped ? 'stopped' : 'ended'}`, async () => {
    const out = fresh();
    await written(out, { 'records.json': '[1]' }, { isStopped, account: 'b'.repeat(64) });
    await refused(written(out, { 'records.json': '[1,2]' }));
    assert.equal(textIn(out, 'records.json'), '[1]');
  });
}

for (const name of ['manifest.json', 'grants-and-looks-1.json', 'records.json']) {
  test(`Somebody else's ${name} is not replaced`, async () => {
    const out = fresh();
    await written(out, {});
    rmSync(join(out, 'manifest.json'));
    writeFileSync(join(out, name), '{"account":"mine"}');
    await refused(written(out, name === 'manifest.json' ? {} : { [name]: 'new' }));
    assert.equal(textIn(out, name), '{"account":"mine"}');
  });
}

test('A manifest that somebody edited vouches for nothing', async () => {
  const out = fresh();
  await written(out, { 'records.json': '[1]' });
  writeFileSync(join(out, 'other.txt'), 'mine');
  const manifest = JSON.parse(textIn(out, 'manifest.json'));
  manifest.files.push({ name: 'other.txt', sha256: bytesToHex(sha256(bytes('mine'))), note: 1 });
  writeFileSync(join(out, 'manifest.json'), JSON.stringify(manifest));
  await refused(written(out, { 'other.txt': 'not mine' }));
  assert.ok(existsSync(join(out, 'other.txt')));
});
