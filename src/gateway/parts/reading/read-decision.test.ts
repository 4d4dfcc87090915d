import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GrantBody } from '../../../api/grant-body.ts';
import { parseAccountId, parseRecordId } from '../../../primitives/ids.ts';
import type { StoredItem } from '../custody/stored-row.ts';
import { decideRead, isCovered, type ReadFacts } from './read-decision.ts';

const north = parseAccountId('01'.repeat(32));
const south = parseAccountId('02'.repeat(32));
const ana = parseAccountId('a1'.repeat(32));
const ben = parseAccountId('b1'.repeat(32));
const doctor = parseAccountId('d1'.repeat(32));
const record = parseRecordId('11'.repeat(16));
const other = parseRecordId('22'.repeat(16));
const now = 1_800_000_000_000;
const minute = 60_000;

const body: GrantBody = {
  account: ana,
  grantee: doctor,
  readClasses: ['lab'],
  recordIds: [],
  fromMs: 0,
  writeClasses: [],
  purposes: ['TREAT'],
};
const consent = {
  account: ana,
  notBeforeMs: now - minute,
  notAfterMs: now + minute,
  revokedHeight: 0,
};
const request = {
  organisation: north,
  reader: doctor,
  purpose: 'TREAT',
  issuedMs: now,
  what: { kind: 'since', height: 0, limit: 10, cursor: '' },
} as const;
const facts: ReadFacts = { request, consent, body, custodian: north, nowMs: now };
const asks = (...recordIds: (typeof record)[]) => ({
  request: { ...request, what: { kind: 'records', recordIds } as const },
});

/** May the doctor look? One row per case; a row says what is different from a good one. */
const table: readonly [string, Partial<ReadFacts>, string | undefined][] = [
  ['a live grant, its grantee, its purpose', {}, undefined],
  ['by record, all records granted', asks(record), undefined],
  [
    'by record, this record granted',
    { ...asks(record), body: { ...body, recordIds: [record] } },
    undefined,
  ],
  [
    'by record, one of two granted',
    { ...asks(record, other), body: { ...body, recordIds: [record] } },
    undefined,
  ],
  [
    'by record, only another granted',
    { ...asks(other), body: { ...body, recordIds: [record] } },
    'RECORD_NOT_GRANTED',
  ],
  ['signed five minutes ago', { request: { ...request, issuedMs: now - 5 * minute } }, undefined],
  [
    'signed longer ago',
    { request: { ...request, issuedMs: now - 5 * minute - 1 } },
    'REQUEST_STALE',
  ],
  [
    'signed in the future',
    { request: { ...request, issuedMs: now + 5 * minute + 1 } },
    'REQUEST_STALE',
  ],
  ['no such grant', { consent: undefined }, 'CONSENT_UNKNOWN'],
  ['a body that is not the one on the ledger', { body: undefined }, 'GRANT_BODY_WRONG'],
  ['a body about another patient', { body: { ...body, account: ben } }, 'GRANT_BODY_WRONG'],
  ['somebody else’s grant', { body: { ...body, grantee: ben } }, 'NOT_SHARED'],
  ['a patient of another hospital', { custodian: south }, 'NOT_FOUND'],
  ['a patient of no hospital', { custodian: undefined }, 'NOT_FOUND'],
  ['revoked', { consent: { ...consent, revokedHeight: 7 } }, 'CONSENT_ENDED'],
  ['ends at this moment', { consent: { ...consent, notAfterMs: now } }, 'CONSENT_ENDED'],
  ['begins at this moment', { consent: { ...consent, notBeforeMs: now } }, undefined],
  ['begins later', { consent: { ...consent, notBeforeMs: now + 1 } }, 'CONSENT_NOT_LIVE'],
  ['another purpose', { request: { ...request, purpose: 'HPAYMT' } }, 'PURPOSE_NOT_GRANTED'],
  ['no purpose granted', { body: { ...body, purposes: [] } }, 'PURPOSE_NOT_GRANTED'],
  ['nothing to read granted', { body: { ...body, readClasses: [] } }, 'CLASS_NOT_GRANTED'],
];
for (const [name, change, expected] of table) {
  test(`reading, ${name}: ${expected ?? 'ask the ledger'}`, () => {
    assert.equal(decideRead({ ...facts, ...change }), expected);
  });
}

const item: StoredItem = { recordId: record, recordClass: 'lab', timeMs: now };
const covered: readonly [string, Partial<StoredItem>, Partial<GrantBody>, boolean][] = [
  ['of a granted class', {}, {}, true],
  ['of another class', { recordClass: 'note' }, {}, false],
  ['erased', { recordClass: undefined }, {}, false],
  ['named by the grant', {}, { recordIds: [other, record] }, true],
  ['not named by the grant', {}, { recordIds: [other] }, false],
  ['anchored when the grant’s history begins', {}, { fromMs: now }, true],
  ['anchored before the grant’s history begins', {}, { fromMs: now + 1 }, false],
];
for (const [name, itemChange, bodyChange, expected] of covered) {
  test(`an item ${name} is ${expected ? '' : 'not '}covered`, () => {
    assert.equal(isCovered({ ...item, ...itemChange }, { ...body, ...bodyChange }), expected);
  });
}
