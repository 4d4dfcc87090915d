import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anchorUnder,
  freeze,
  fromAna,
  fromHospital,
  grantOf,
  now,
  revokeOf,
  setting,
  table,
  underGrant,
  weakKey,
} from '../../../test/setting.ts';
import {
  accountOf,
  consentOf,
  day,
  enrolAct,
  identityOf,
  keySetAct,
  minute,
  type Sent,
  someBlob,
  t0,
} from '../../../test/world.ts';
import { accounts } from '../tables/accounts.ts';
import { keySetRowId, keysets } from '../tables/keysets.ts';
import type { KeySet } from './key-set.ts';

table('Enrol', [
  ['a new patient', fromHospital(enrolAct('bob', 'patient')), 'accepted'],
  ['a new device', fromHospital(enrolAct('watch', 'device')), 'accepted'],
  ['somebody enrolled before', fromHospital(enrolAct('ana', 'patient')), 'ACCOUNT_EXISTS'],
  ['an organisation', fromHospital(enrolAct('other', 'organisation')), 'ROLE_WRONG'],
  ['by a patient', fromAna(enrolAct('bob', 'patient')), 'ROLE_WRONG'],
  [
    'by an organisation without the right',
    { from: 'archive', acts: [enrolAct('bob', 'patient')] },
    'SENDER_WRONG',
  ],
  [
    'an identity that is not signed for this place',
    fromHospital(enrolAct('bob', 'patient'), { identityHolds: false }),
    'IDENTITY_WRONG',
  ],
  [
    'a key of small order',
    fromHospital({
      ...enrolAct('bob', 'patient'),
      identity: { ...identityOf('bob'), signKey: weakKey },
    }),
    'KEY_WEAK',
  ],
]);

table('RevokeKey', [
  ['by the account', fromAna(revokeOf('ana')), 'accepted'],
  ['by its organisation', fromHospital(revokeOf('ana')), 'accepted'],
  ['by another organisation', { from: 'archive', acts: [revokeOf('ana')] }, 'SENDER_WRONG'],
  ['by another patient', { from: 'eve', acts: [revokeOf('ana')] }, 'SENDER_WRONG'],
  ['an account nobody knows', fromHospital(revokeOf('nobody')), 'ACCOUNT_UNKNOWN'],
  ['frozen already', fromHospital(revokeOf('ana')), 'ACCOUNT_FROZEN', undefined, freeze('ana')],
]);

table('A frozen account', [
  [
    'takes a grant back',
    fromAna({ kind: 'ConsentRevoke', consent: consentOf('reading') }),
    'accepted',
    undefined,
    freeze('ana'),
  ],
  ['grants', fromAna(grantOf('new')), 'ACCOUNT_FROZEN', undefined, freeze('ana')],
  ['publishes keys', fromAna(keySetAct(3)), 'ACCOUNT_FROZEN', undefined, freeze('ana')],
  ['anchors', fromAna(anchorUnder('')), 'ACCOUNT_FROZEN', undefined, freeze('ana')],
  [
    'is written to under a grant',
    fromAna(anchorUnder('writing'), underGrant),
    'accepted',
    undefined,
    freeze('ana'),
  ],
  [
    'as an organisation enrols nobody',
    fromHospital(enrolAct('bob', 'patient')),
    'ACCOUNT_FROZEN',
    undefined,
    freeze('hospital'),
  ],
]);

const scheduled = (...pairs: readonly (readonly [number, number])[]): Partial<KeySet> => ({
  schedule: pairs.map(([epoch, validFromMs]) => ({ epoch, validFromMs })),
});
const keySetWith = (change: Partial<KeySet>): Sent => fromAna({ ...keySetAct(3), ...change });
table('KeySet', [
  ['the next numbers', fromAna(keySetAct(3, [0, now + 1, now + 2])), 'accepted', now],
  ['sixteen epochs', fromAna(keySetAct(3, [0, ...fifteenTimes()])), 'accepted', now],
  ['none', keySetWith({ schedule: [] }), 'KEYSET_SCHEDULE', now],
  ['seventeen', fromAna(keySetAct(3, [0, 1, ...fifteenTimes()])), 'KEYSET_SCHEDULE', now],
  ['built on an older state', fromAna(keySetAct(2)), 'KEYSET_STALE', now],
  ['built on a state to come', fromAna(keySetAct(4)), 'KEYSET_STALE', now],
  ['a gap before the first', keySetWith(scheduled([5, 0])), 'KEYSET_SCHEDULE', now],
  ['a gap inside', keySetWith(scheduled([4, 0], [6, now + 1])), 'KEYSET_SCHEDULE', now],
  ['a number twice', keySetWith(scheduled([4, 0], [4, now + 1])), 'KEYSET_SCHEDULE', now],
  ['the first at block time', keySetWith(scheduled([4, now])), 'KEYSET_SCHEDULE', now],
  ['the first just after', keySetWith(scheduled([4, now + 1])), 'accepted', now],
  ['the second from this block', keySetWith(scheduled([4, 0], [5, 0])), 'KEYSET_SCHEDULE', now],
  ['the second at block time', keySetWith(scheduled([4, 0], [5, now])), 'KEYSET_SCHEDULE', now],
  ['equal times', keySetWith(scheduled([4, now + 5], [5, now + 5])), 'KEYSET_SCHEDULE', now],
  ['by a clinician', { from: 'doctor', acts: [keySetAct(0)] }, 'ROLE_WRONG', now],
]);

function fifteenTimes(): number[] {
  return Array.from({ length: 15 }, (_, i) => now + 1 + i);
}

test('KeySet: epochs that have not begun are replaced, the running one stays, numbers are not used again', () => {
  const world = setting();
  world.mustSend(fromAna(keySetAct(3, [t0 + 5 * day])), t0 + day + minute);
  const account = world.view.get(accounts, accountOf('ana'));
  assert.deepEqual(account?.schedule, [
    { epoch: 2, validFromMs: t0 + day, keySet: 0 },
    { epoch: 4, validFromMs: t0 + 5 * day, keySet: 3 },
  ]);
  assert.equal(account?.highestEpoch, 4);
  const stored = world.view.get(keysets, keySetRowId(accountOf('ana'), 3));
  assert.equal(stored?.previous, 0);
  assert.equal(stored?.envelopeSetBlob, someBlob);
});
