import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordIdOf } from '../../../../primitives/ids.ts';
import {
  ana,
  consent,
  doctor,
  lookAt,
  looking,
  nowMs,
  stranger,
  wrongLooks,
} from '../../test/settings/granted-look.ts';
import { drawn } from '../../test/settings/pages.ts';
import { decideHalf, type HalfFacts } from './half-decision.ts';

const [record, other] = ['one', 'two'].map((it) => recordIdOf(drawn(it).subarray(0, 16)));
if (record === undefined || other === undefined) throw new Error('two');

const look = lookAt([other, record]);
const body: NonNullable<HalfFacts['body']> = {
  ...{ account: ana, grantee: doctor, readClasses: ['lab'], recordIds: [], fromMs: 100 },
  ...{ writeClasses: [], purposes: ['TREAT'] },
};
const granted: HalfFacts = {
  ...{ reader: doctor, account: ana, recordId: record, look, consent, body, nowMs },
  patient: { endedGrants: [] },
  kept: { recordClass: 'lab', timeMs: 100 },
};

test('a reader whose look names the record, under a grant of its class that lives, is given the share', () => {
  assert.equal(decideHalf(granted), undefined);
  const named = { ...granted, body: { ...body, recordIds: [record] } };
  assert.equal(decideHalf(named), undefined);
});

const table: readonly (readonly [string, Partial<HalfFacts>, string])[] = [
  ...wrongLooks(look, body),
  ['another patient gave it', { account: stranger }, 'NOT_SHARED'],
  ['it is of another class', { body: { ...body, readClasses: ['note'] } }, 'CLASS_NOT_GRANTED'],
  ['the look was for another', looking(look, { purpose: 'HRESCH' }), 'PURPOSE_NOT_GRANTED'],
  ['it names other records', { body: { ...body, recordIds: [other] } }, 'RECORD_NOT_GRANTED'],
  ['it begins after the record', { body: { ...body, fromMs: 101 } }, 'RECORD_NOT_GRANTED'],
  ['the look names other records', { look: lookAt([other]) }, 'LOOK_WRONG'],
];
for (const [why, change, code] of table) {
  test(`no share: ${why}`, () => assert.equal(decideHalf({ ...granted, ...change }), code));
}

test('who may not read it is refused alike whether there is a share or not', () => {
  for (const [why, change, code] of table) {
    const without = { ...granted, ...change, kept: undefined };
    const isOfRecord = why === 'it is of another class' || why === 'it begins after the record';
    assert.equal(decideHalf(without), isOfRecord ? undefined : code, why);
  }
});
