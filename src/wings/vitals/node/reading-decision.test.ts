import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountIdOf, consentIdOf } from '../../../primitives/ids.ts';
import { dayRecordId } from '../api/chart-records.ts';
import { maxLookAgeMs } from '../api/sensor-read.ts';
import { drawn } from '../test/pages.ts';
import { decideReading, type ReadingFacts } from './reading-decision.ts';

const account = (name: string) => accountIdOf(drawn(name));
const [ana, doctor, stranger] = [account('ana'), account('doctor'), account('stranger')];
const nowMs = 1_800_000_000_000;
const firstHour = 24 * 20_000;
const record = (day: number, panel = 1) => dayRecordId(ana, { day, panel, number: 0 });

const granted: ReadingFacts = {
  reader: doctor,
  asked: { panel: 1, firstHour, lastHour: firstHour + 24 },
  look: {
    request: {
      ...{ reader: doctor, consent: consentIdOf(drawn('consent').subarray(0, 16)) },
      purpose: 'TREAT',
      what: { kind: 'records', recordIds: [record(20_000), record(20_001)] },
    },
    timeMs: nowMs - 1_000,
  },
  consent: {
    ...{ account: ana, bodyHash: drawn('hash'), writeKey: new Uint8Array(0), window: [] as never },
    ...{ notBeforeMs: nowMs - 10_000, notAfterMs: nowMs + 10_000, grantedHeight: 5 },
    ...{ revokedHeight: 0, looks: 1, lookChain: drawn('chain'), writeKeyGeneration: 0 },
  },
  patient: { endedGrants: [] },
  body: {
    ...{ account: ana, grantee: doctor, readClasses: ['iot', 'vital'], recordIds: [], fromMs: 0 },
    ...{ writeClasses: [], purposes: ['TREAT'] },
  },
  registered: ana,
  nowMs,
};
const { look, consent, body, asked } = granted;
if (consent === undefined || body === undefined) throw new Error('a valid one');
const looking = (request: Partial<typeof look.request>) => ({
  look: { ...look, request: { ...look.request, ...request } },
});

test('a reader whose look names the days, under a grant that lives, is shown the shares', () => {
  assert.equal(decideReading(granted), undefined);
});

const table: readonly (readonly [string, Partial<ReadingFacts>, string])[] = [
  ['somebody else shows his look', { reader: stranger }, 'NOT_SHARED'],
  ['the look is ten minutes old', { look: { ...look, timeMs: nowMs - maxLookAgeMs } }, 'LOOK_OLD'],
  ['the ledger has no such consent', { consent: undefined }, 'CONSENT_UNKNOWN'],
  ['the body is not the one of the consent', { body: undefined }, 'GRANT_BODY_WRONG'],
  ['the body is about somebody else', { body: { ...body, account: doctor } }, 'GRANT_BODY_WRONG'],
  ['it was granted to somebody else', { body: { ...body, grantee: stranger } }, 'NOT_SHARED'],
  ['it was revoked', { consent: { ...consent, revokedHeight: 6 } }, 'CONSENT_ENDED'],
  [
    'it was ended with others',
    { patient: { endedGrants: [{ from: 5, until: 9 }] } },
    'CONSENT_ENDED',
  ],
  ['it is over', { nowMs: consent.notAfterMs }, 'CONSENT_ENDED'],
  ['it has not begun', { nowMs: consent.notBeforeMs - 1 }, 'CONSENT_NOT_LIVE'],
  [
    'it reads what files bring alone',
    { body: { ...body, readClasses: ['vital'] } },
    'CLASS_NOT_GRANTED',
  ],
  ['it is for another purpose', { body: { ...body, purposes: ['HRESCH'] } }, 'PURPOSE_NOT_GRANTED'],
  ['it names records', { body: { ...body, recordIds: [record(20_000)] } }, 'RECORD_NOT_GRANTED'],
  [
    'the look is at one day of two',
    looking({ what: { kind: 'records', recordIds: [record(20_000)] } }),
    'LOOK_WRONG',
  ],
  ['the look is at another panel', { asked: { ...asked, panel: 2 } }, 'LOOK_WRONG'],
  [
    'the look is at whatever is new',
    looking({ what: { kind: 'since', height: 0, limit: 10, cursor: '' } }),
    'LOOK_WRONG',
  ],
  ['the pseudonym is another patient\u2019s', { registered: stranger }, 'PATIENT_UNKNOWN'],
  ['the pseudonym is nobody\u2019s', { registered: undefined }, 'PATIENT_UNKNOWN'],
];
for (const [why, change, code] of table) {
  test(`no server shows a share when ${why}: ${code}`, () => {
    assert.equal(decideReading({ ...granted, ...change }), code);
  });
}
