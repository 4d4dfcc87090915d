import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../primitives/bytes.ts';
import { englishWords } from './english-words.ts';
import { sameTrustWords, trustWords } from './trust-words.ts';

test('the list is the published one of BIP-39, in its order', () => {
  const published = '2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda';
  assert.equal(bytesToHex(sha256(utf8(`${englishWords.join('\n')}\n`))), published);
});

// The first twelve words of BIP-39's own vectors for 256 bits of entropy: the checksum comes after them.
for (const [hash, words] of [
  ['00'.repeat(32), Array(12).fill('abandon').join(' ')],
  ['7f'.repeat(32), 'legal winner thank year wave sausage worth useful legal winner thank year'],
  [
    '80'.repeat(32),
    'letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd',
  ],
  ['ff'.repeat(32), Array(12).fill('zoo').join(' ')],
] as const) {
  test(`the words of ${hash.slice(0, 4)}... are those of BIP-39`, () => {
    assert.deepEqual(trustWords(hash), words.split(' '));
  });
}

test('a change of any of the first 132 bits changes a word', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(hash, fc.nat(131), (bytes, bit) => {
      const other = bytes.slice();
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      assert.notDeepEqual(trustWords(bytesToHex(other)), trustWords(bytesToHex(bytes)));
    }),
  );
});

test('words are compared as people write them', () => {
  const words = trustWords('7f'.repeat(32));
  assert.ok(
    sameTrustWords(
      `${words.slice(0, 6).join(' ')},\n${words.slice(6).join('  ').toUpperCase()}\n`,
      words,
    ),
  );
  assert.ok(!sameTrustWords(words.slice(0, 11).join(' '), words));
  assert.ok(!sameTrustWords([...words].reverse().join(' '), words));
  assert.ok(!sameTrustWords('', words));
});

test('what is not a hash has no words: TRUST_ROOT_WRONG', () => {
  for (const hash of ['', 'ab', 'zz'.repeat(32)]) {
    assert.throws(() => trustWords(hash), { code: 'TRUST_ROOT_WRONG' });
  }
});
