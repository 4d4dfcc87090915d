import assert from 'node:assert/strict';
import { createCipheriv, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { drawn } from '../../test/settings/pages.ts';
import { RowMacs, type Value } from './row-macs.ts';

const key = drawn('row key').slice(0, 32);
const macs = new RowMacs(key);
const hmac = (secret: Uint8Array, content: Uint8Array): Buffer =>
  createHmac('sha256', secret).update(content).digest();
// Labels of VT-6 and VT-6a, with the empty context of protocol 1.
const keyOf = (label: string): Buffer => hmac(key, Buffer.from(`${label}\0\x80`, 'latin1'));

/** As VT-6 has it: tag, length, bytes. */
function encoded(values: readonly [tag: number, bytes: Uint8Array][]): Buffer {
  const parts = values.flatMap(([tag, bytes]) => {
    const head = Buffer.alloc(5);
    head[0] = tag;
    head.writeUInt32BE(bytes.length, 1);
    return [head, bytes];
  });
  return Buffer.concat(parts);
}
const utf8 = (it: string): Buffer => Buffer.from(it);

test('the MAC of a row is HMAC over tag, length and bytes of each value', () => {
  const values: Value[] = [null, 12, -3n, 'täglich', drawn('bytes').slice(0, 7), '', 'ascii'];
  const content = encoded([
    ...[[2, utf8('table')] as [number, Uint8Array]],
    ...([
      [0, utf8('')],
      [1, utf8('12')],
      [1, utf8('-3')],
    ] as [number, Uint8Array][]),
    ...([
      [2, utf8('täglich')],
      [3, drawn('bytes').slice(0, 7)],
    ] as [number, Uint8Array][]),
    ...([
      [2, utf8('')],
      [2, utf8('ascii')],
    ] as [number, Uint8Array][]),
  ]);
  const expected = hmac(keyOf('salus/1/stat/row-mac'), content);
  assert.deepEqual(Buffer.from(macs.mac('table', values)), expected);
  // A row after one that is longer than what is written into at first.
  macs.mac('table', [new Uint8Array(100_000), 'é'.repeat(9_000)]);
  assert.deepEqual(Buffer.from(macs.mac('table', values)), expected);
});

test('the MAC of a large column is HMAC of its GMAC', () => {
  const column = new Uint8Array(5_000).map((_, at) => at);
  const cipher = createCipheriv('aes-256-gcm', keyOf('salus/1/stat/row-part'), new Uint8Array(12));
  cipher.setAAD(column).final();
  const content = encoded([
    [2, utf8('part')],
    [3, cipher.getAuthTag()],
  ]);
  assert.deepEqual(Buffer.from(macs.ofPart(column)), hmac(keyOf('salus/1/stat/row-mac'), content));
});

test('a large column that is another one has another MAC', () => {
  const column = drawn('column').slice(0, 40);
  const own = Buffer.from(macs.ofPart(column)).toString('hex');
  const others = [
    ...Array.from(column, (byte, at) => column.with(at, byte ^ 1)),
    // GHASH fills the last block with zeros: the length tells them apart.
    ...[column.slice(0, -1), Uint8Array.of(...column, 0), new Uint8Array(0)],
  ];
  const seen = new Set([own, ...others.map((it) => Buffer.from(macs.ofPart(it)).toString('hex'))]);
  assert.equal(seen.size, 1 + others.length);
  const elsewhere = new RowMacs(drawn('another key').slice(0, 32)).ofPart(column);
  assert.notEqual(Buffer.from(elsewhere).toString('hex'), own);
});
