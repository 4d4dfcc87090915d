import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAccountId } from '../../primitives/ids.ts';
import { newRecordId } from './item-seal.ts';
import { classOfWritten, writtenRecordId } from './written-id.ts';

const [author, patient, other] = ['a', 'b', 'c'].map((it) => parseAccountId(it.repeat(64)));
const [old, now] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

test('An author knows the id and class of what he wrote, also after his keys changed; nobody else does', () => {
  assert.ok(author && patient && other && old && now);
  const id = writtenRecordId(old, { author, patient }, 'note');
  assert.equal(classOfWritten([now, old], { author, patient }, id), 'note');
  assert.equal(classOfWritten([now], { author, patient }, id), undefined);
  assert.equal(classOfWritten([old], { author, patient: other }, id), undefined);
  assert.equal(classOfWritten([old], { author: other, patient }, id), undefined);
  assert.equal(classOfWritten([old], { author, patient }, newRecordId()), undefined);
  assert.notEqual(writtenRecordId(old, { author, patient }, 'note'), id);
});
