import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { jsonHash } from './json-hash.ts';

const hash = (text: string): string => bytesToHex(jsonHash(utf8(text), true));
/** What it is of: the text without blanks, with the fields of each object in the order of their names. */
const hashOfPlain = (text: string): string => bytesToHex(sha256(utf8(text)).subarray(0, 16));

for (const [name, text, plain] of [
  ['blanks and order', ' { "b" : [ 1 , { } ] , "a" : "x" } ', '{"a":"x","b":[1,{}]}'],
  ['numbers by their spelling', '[1.0,1e2,-0]', '[1.0,1e2,-0]'],
  ['names that begin alike', '{"ab":1,"a":2,"a\\"":3,"":4}', '{"":4,"a":2,"a\\"":3,"ab":1}'],
  ['names as they are unescaped', '{"\\u0062":1,"a":2}', '{"a":2,"b":1}'],
  ['lists in their order', '[3,[2,[1]],"\\u00e9"]', '[3,[2,[1]],"é"]'],
  ['a lone value', ' null ', 'null'],
  ['a long one', `{"b":["${'x'.repeat(200)}"],"a":0}`, `{"a":0,"b":["${'x'.repeat(200)}"]}`],
] as const) {
  test(`the hash of JSON, ${name}`, () => {
    assert.equal(hash(text), hashOfPlain(plain));
  });
}

test('other bytes are hashed as they are', () => {
  const bytes = utf8(' { } ');
  assert.deepEqual(jsonHash(bytes, false), sha256(bytes).subarray(0, 16));
});

test('what is deep costs about what is flat', () => {
  const leaf = JSON.stringify({ b: 1, a: 'x'.repeat(200) });
  const inside = `[${Array.from({ length: 10_000 }, () => leaf).join(',')}]`;
  const nested = (depth: number) =>
    utf8(`${'{"z":1,"b":'.repeat(depth)}${inside}${'}'.repeat(depth)}`);
  const cost = (bytes: Uint8Array): number => {
    const before = process.cpuUsage();
    for (let i = 0; i < 5; i++) jsonHash(bytes, true);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const [flat, deep] = [nested(1), nested(120)];
  cost(flat);
  // Joined at each level it was ten times as much and more.
  assert.ok(cost(deep) < 4 * cost(flat));
});
