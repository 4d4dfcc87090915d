import assert from 'node:assert/strict';
import test from 'node:test';
import { concatBytes, utf8 } from '../../primitives/bytes.ts';
import { openSource } from './file-source.ts';

const twoMebibytes = new Uint8Array(2 * 1024 * 1024).fill(0x20);

for (const [name, head, isHeld] of [
  ['letter.xml', '<?xml version="1.0"?><ClinicalDocument>', true],
  ['letter.ccda', '<ClinicalDocument>', true],
  ['letter.pdf', '%PDF-1.7', false],
  ['letter.txt', 'a letter', false],
] as const) {
  test(`a large ${name} is ${isHeld ? 'held, since it may say what restricts it' : 'streamed'}`, async () => {
    const bytes = concatBytes(utf8(head), twoMebibytes);
    async function* read() {
      yield bytes;
    }
    const source = await openSource({ name, byteLength: bytes.length, read });
    assert.equal(source.bytes !== undefined, isHeld);
  });
}
