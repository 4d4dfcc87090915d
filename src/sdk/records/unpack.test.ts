import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { utf8, utf8ToText } from '../../primitives/bytes.ts';
import { cutFile, judgeFile } from './fhir-file.ts';
import { unpack } from './unpack.ts';

const folder = new URL('../../../test/fixtures/files/', import.meta.url);
const found = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));
const membersOf = (name: string, bytes: Uint8Array) =>
  unpack(name, bytes, judgeFile(name, bytes, bytes.length));

for (const [name, kind, items] of [
  ['15-bundle.json.gz', 'bundle', 1],
  ['15-bulk.ndjson.gz', 'ndjson', 1],
  ['08-utf16le-bom.json', 'resource', 1],
  ['08-utf16le-bom.ndjson', 'ndjson', 1],
  ['08-latin1.json', 'resource', 1],
] as const) {
  test(`${name} is read as what it holds: ${kind}`, async () => {
    const [member, another] = (await membersOf(name, found(name))) ?? [];
    assert.ok(member !== undefined && another === undefined);
    const cut = cutFile(member.name, member.bytes);
    assert.equal(cut.kind, kind);
    assert.ok(cut.parts.length >= items);
  });
}

test('64 MiB of zeros in a small gzip are not unpacked further', async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(64 * 1024 * 1024 + 1)));
  assert.equal(await membersOf('a.json.gz', bomb), undefined);
});

test('damaged archives and other packings stay whole', async () => {
  const cut = found('15-bundle.json.gz').subarray(0, 60);
  assert.equal(await membersOf('a.json.gz', cut), undefined);
  assert.equal(await membersOf('a.zip', utf8('PK\u0003\u0004 and nothing else')), undefined);
  assert.equal(await membersOf('a', new Uint8Array(zstdCompressSync(utf8('a')))), undefined);
});

/** A ZIP of members that are stored, as small programs write it. */
function zipOf(members: readonly (readonly [name: string, text: string])[]): Uint8Array {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of members) {
    const size = Buffer.byteLength(text);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt32LE(size, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt32LE(size, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), Buffer.from(text));
    entries.push(entry, Buffer.from(name));
    offset += 30 + name.length + size;
  }
  const list = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...locals, list, end]));
}

test('a ZIP whose members lie over one another stays whole: it would be unpacked again for each', async () => {
  const text = ' '.repeat(1000);
  const zip = zipOf([
    ['a.txt', text],
    ['b.txt', ''],
    ['c.txt', ''],
  ]);
  assert.equal((await membersOf('a.zip', zip))?.length, 3);
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  const list = view.getUint32(zip.length - 22 + 16, true);
  for (const at of [list + 51, list + 102]) {
    for (const size of [20, 24]) view.setUint32(at + size, text.length, true);
    view.setUint32(at + 42, 0, true);
  }
  assert.equal(await membersOf('a.zip', zip), undefined);
});

test('a ZIP is read member by member; a document of an office program is one document', async () => {
  const zip = zipOf([
    ['export/', ''],
    ['export/a.json', '{"resourceType":"Patient"}'],
    ['export/b.txt', 'a note'],
  ]);
  const members = await membersOf('export.zip', zip);
  assert.deepEqual(
    members?.map((it) => [it.name, utf8ToText(it.bytes)]),
    [
      ['a.json', '{"resourceType":"Patient"}'],
      ['b.txt', 'a note'],
    ],
  );
  const office = zipOf([
    ['[Content_Types].xml', '<a/>'],
    ['word/document.xml', '<b/>'],
  ]);
  assert.equal(await membersOf('letter.docx', office), undefined);
});
