import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountIdOf, consentIdOf, recordIdOf } from '../../../primitives/ids.ts';
import { maxLookAgeMs } from '../api/sensor-read.ts';
import { drawn } from '../test/pages.ts';
import { decideHalf, type HalfFacts } from './half-decision.ts';

const account = (name: string) => accountIdOf(drawn(name));
const [ana, doctor, stranger] = [account('ana'), account('doctor'), account('stranger')];
const [record, other] = ['one', 'two'].map((it) => recordIdOf(drawn(it).subarray(0, 16)));
if (record === undefined || other === undefined) throw new Error('two');
const nowMs = 1_800_000_000_000;

const granted: HalfFacts = {
  ...{ reader: doctor, account: ana, recordId: record },
  look: {
    request: {
      ...{ reader: doctor, consent: consentIdOf(drawn('consent').subarray(0, 16)) },
      purpose: 'TREAT',
      what: { kind: 'records', recordIds: [other, record] },
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
    ...{ account: ana, grantee: doctor, readClasses: ['lab'], recordIds: [], fromMs: 100 },
    ...{ writeClasses: [], purposes: ['TREAT'] },
  },
  kept: { recordClass: 'lab', timeMs: 100 },
  nowMs,
};
const { look, consent, body } = granted;
if (consent === undefined || body === undefined) throw new Error('a valid one');
const looking = (request: Partial<typeof look.request>) => ({
  look: { ...look, request: { ...look.request, ...request } },
});

test('a reader whose look names the record, under a grant of its class that lives, is given the share', () => {
  assert.equal(decideHalf(granted), undefined);
  const named = { ...granted, body: { ...body, recordIds: [record] } };
  assert.equal(decideHalf(named), undefined);
});

const table: readonly (readonly [string, Partial<HalfFacts>, string])[] = [
  ['somebody else shows his look', { reader: stranger }, 'NOT_SHARED'],
  ['the look is ten minutes old', { look: { ...look, timeMs: nowMs - maxLookAgeMs } }, 'LOOK_OLD'],
  ['the ledger has no such consent', { consent: undefined }, 'CONSENT_UNKNOWN'],
  ['the body is not the one of the consent', { body: undefined }, 'GRANT_BODY_WRONG'],
  ['the body is about somebody else', { body: { ...body, account: doctor } }, 'GRANT_BODY_WRONG'],
  ['it was granted to somebody else', { body: { ...body, grantee: stranger } }, 'NOT_SHARED'],
  ['another patient gave it', { account: stranger }, 'NOT_SHARED'],
  ['it was revoked', { consent: { ...consent, revokedHeight: 6 } }, 'CONSENT_ENDED'],
  ['it is over', { consent: { ...consent, notAfterMs: nowMs } }, 'CONSENT_ENDED'],
  ['it is of another class', { body: { ...body, readClasses: ['note'] } }, 'CLASS_NOT_GRANTED'],
  ['it is for another purpose', looking({ purpose: 'HRESCH' }), 'PURPOSE_NOT_GRANTED'],
  ['it names other records', { body: { ...body, recordIds: [other] } }, 'RECORD_NOT_GRANTED'],
  ['it begins after the record', { body: { ...body, fromMs: 101 } }, 'RECORD_NOT_GRANTED'],
  [
    'the look names other records',
    looking({ what: { kind: 'records', recordIds: [other] } }),
    'LOOK_WRONG',
  ],
  [
    'the look was at everything',
    looking({ what: { kind: 'since', height: 0, limit: 10, cursor: '' } }),
    'LOOK_WRONG',
  ],
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
