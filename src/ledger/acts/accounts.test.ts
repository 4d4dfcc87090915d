import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anaKey,
  anchorUnder,
  freeze,
  fromAna,
  fromHospital,
  grantOf,
  now,
  recoveryKey,
  revokeOf,
  rotate,
  setting,
  table,
  underGrant,
  weakKey,
} from '../../../test/setting.ts';
import {
  accountOf,
  bytesOf,
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
import { keys } from '../tables/keys.ts';
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

table('RotateKey', [
  ['by the account', fromAna(rotate('ana two')), 'accepted'],
  ['to a key the account used before', fromAna(rotate('ana')), 'KEY_TAKEN'],
  [
    'with an identity that does not hold',
    fromAna(rotate('ana two'), { identityHolds: false }),
    'IDENTITY_WRONG',
  ],
  [
    'with a weak key',
    fromAna(rotate('x', { identity: { ...identityOf('x', recoveryKey), signKey: weakKey } })),
    'KEY_WEAK',
  ],
  [
    'to another recovery key, without the old one',
    fromAna(rotate('x', { identity: identityOf('x', bytesOf('thief')) })),
    'SIGNATURE_MISSING',
  ],
  [
    'to another recovery key, with the old one',
    fromAna(rotate('x', { identity: identityOf('x', bytesOf('new code')), recoveryKey }), {
      keys: [anaKey, recoveryKey],
    }),
    'accepted',
  ],
  ['a frozen account', fromAna(rotate('ana two')), 'SIGNATURE_MISSING', undefined, freeze('ana')],
  [
    'a frozen account, showing the recovery key without its signature',
    fromAna(rotate('ana two', { recoveryKey })),
    'SIGNATURE_MISSING',
    undefined,
    freeze('ana'),
  ],
  [
    'a frozen account, signed by the recovery key too',
    fromAna(rotate('ana two', { recoveryKey }), { keys: [anaKey, recoveryKey] }),
    'accepted',
    undefined,
    freeze('ana'),
  ],
  [
    'a frozen account, signed by the recovery key alone',
    fromAna(rotate('ana two', { recoveryKey }), { keys: [recoveryKey] }),
    'accepted',
    undefined,
    freeze('ana'),
  ],
  [
    'signed by a recovery key of somebody else',
    fromAna(rotate('x', { recoveryKey: bytesOf('thief') }), { keys: [anaKey, bytesOf('thief')] }),
    'KEY_NOT_CURRENT',
  ],
  [
    'the recovery key alone, with another act beside it',
    fromAna(rotate('ana two', { recoveryKey }), {
      keys: [recoveryKey],
      acts: [rotate('ana two', { recoveryKey }), grantOf('more')],
    }),
    'KEY_NOT_CURRENT',
  ],
]);

test('RotateKey: old keys stay in the directory with the heights they counted at', () => {
  const world = setting();
  world.mustSend(fromAna(rotate('ana two')));
  const { height } = world;
  const directory = world.view.get(keys, accountOf('ana'));
  assert.deepEqual(
    directory?.identities.map(({ identity, fromHeight, untilHeight }) => [
      identity.signKey,
      fromHeight,
      untilHeight,
    ]),
    [
      [anaKey, 1, height],
      [identityOf('ana two').signKey, height, 0],
    ],
  );
  assert.equal(world.send(fromAna(grantOf('new'), { nonce: 20 })).answer, 'KEY_NOT_CURRENT');
  const byNewKey = { keys: [identityOf('ana two').signKey], nonce: 1 };
  assert.equal(world.send(fromAna(grantOf('new'), byNewKey)).answer, 'accepted');
});

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
