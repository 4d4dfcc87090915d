import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AccountId,
  parseAccountId,
  parseRecordId,
  type RecordId,
} from '../../primitives/ids.ts';
import { lineOf, linkOf, type Versioned } from './versions.ts';

const who = (digit: string): AccountId => parseAccountId(digit.repeat(64));
const id = (digit: string): RecordId => parseRecordId(digit.repeat(32));
const [ana, osei, stranger] = [who('a'), who('0'), who('5')];
const first: Versioned = {
  ...{ recordId: id('1'), account: ana, author: osei, previous: undefined, height: 5 },
};
const by = (author: AccountId, change: Partial<Versioned> = {}): Versioned => ({
  ...{ recordId: id('2'), account: ana, author, previous: first.recordId, height: 6 },
  ...change,
});

for (const [name, newer, expected] of [
  ['of the same author', by(osei), 'version'],
  ['of a stranger', by(stranger), 'foreign'],
  ['of the patient', by(ana), 'foreign'],
  ['of the patient, who carries it whole', by(osei, { carries: first.recordId }), 'version'],
  ['that names another one', by(osei, { previous: id('9') }), 'foreign'],
  ['of another chart', by(osei, { account: stranger }), 'foreign'],
] as const) {
  test(`A record ${name}: ${expected}`, () => assert.equal(linkOf(newer, first), expected));
}

test('A line has every version of the author, from wherever it is asked, and none of a stranger', () => {
  const second = by(osei);
  const strange = by(stranger, { recordId: id('3') });
  const third = by(osei, { recordId: id('4'), previous: second.recordId });
  const beside = by(osei, { recordId: id('6'), height: 7 });
  const records = [third, first, second, strange, beside];
  for (const it of [first, second, third, beside]) {
    assert.deepEqual(lineOf(records, it.recordId), [beside, third, second, first]);
  }
  assert.deepEqual(lineOf(records, strange.recordId), [strange]);
});

test('A ring of versions ends', () => {
  const [a, b] = [
    by(osei, { recordId: id('7'), previous: id('8') }),
    by(osei, { recordId: id('8'), previous: id('7') }),
  ];
  assert.ok(lineOf([a, b], id('7')).length > 0);
});
