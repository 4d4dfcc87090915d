import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayRecordId } from '../../api/chart-records.ts';
import {
  ana,
  consent,
  doctor,
  lookAt,
  nowMs,
  stranger,
  wrongLooks,
} from '../../test/settings/granted-look.ts';
import { decideReading, type ReadingFacts } from './reading-decision.ts';

const firstHour = 24 * 20_000;
const record = (day: number, panel = 1) => dayRecordId(ana, { day, panel, number: 0 });

const look = lookAt([record(20_000), record(20_001)]);
const body: NonNullable<ReadingFacts['body']> = {
  ...{ account: ana, grantee: doctor, readClasses: ['iot', 'vital'], recordIds: [], fromMs: 0 },
  ...{ writeClasses: [], purposes: ['TREAT'] },
};
const asked = { panel: 1, firstHour, lastHour: firstHour + 24 };
const granted: ReadingFacts = {
  ...{ reader: doctor, asked, look, consent, body, nowMs },
  patient: { endedGrants: [] },
  registered: ana,
};

test('a reader whose look names the days, under a grant that lives, is shown the shares', () => {
  assert.equal(decideReading(granted), undefined);
});

const table: readonly (readonly [string, Partial<ReadingFacts>, string])[] = [
  ...wrongLooks(look, body),
  [
    'it reads what files bring alone',
    { body: { ...body, readClasses: ['vital'] } },
    'CLASS_NOT_GRANTED',
  ],
  ['it names records', { body: { ...body, recordIds: [record(20_000)] } }, 'RECORD_NOT_GRANTED'],
  ['the look is at one day of two', { look: lookAt([record(20_000)]) }, 'LOOK_WRONG'],
  ['the look is at another panel', { asked: { ...asked, panel: 2 } }, 'LOOK_WRONG'],
  ['the pseudonym is another patient\u2019s', { registered: stranger }, 'PATIENT_UNKNOWN'],
  ['the pseudonym is nobody\u2019s', { registered: undefined }, 'PATIENT_UNKNOWN'],
];
for (const [why, change, code] of table) {
  test(`no server shows a share when ${why}: ${code}`, () => {
    assert.equal(decideReading({ ...granted, ...change }), code);
  });
}
