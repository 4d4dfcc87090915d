import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fromAna,
  fromHospital,
  grantOf,
  looksAt,
  now,
  revoke,
  setting,
  table,
  weakKey,
} from '../../../test/setting.ts';
import { bytesOf, consentOf, day, t0 } from '../../../test/world.ts';
import { consents } from '../tables/consents.ts';
import { nextLook } from './access-log.ts';
import { maxConsentMs } from './consents.ts';

table('ConsentGrant', [
  ['a valid grant', fromAna(grantOf('new')), 'accepted', now],
  ['one that begins later', fromAna(grantOf('new', { notBeforeMs: now + day })), 'accepted', now],
  ['an id in use', fromAna(grantOf('reading')), 'CONSENT_ID_TAKEN', now],
  ['an id of somebody else', { from: 'eve', acts: [grantOf('reading')] }, 'CONSENT_ID_TAKEN', now],
  [
    'an end at the block time',
    fromAna(grantOf('new', { notAfterMs: now })),
    'NOT_AFTER_PASSED',
    now,
  ],
  ['an end just after', fromAna(grantOf('new', { notAfterMs: now + 1 })), 'accepted', now],
  [
    'an end before its beginning',
    fromAna(grantOf('new', { notBeforeMs: now + 9, notAfterMs: now + 9 })),
    'CONSENT_TIMES',
    now,
  ],
  ['ten years', fromAna(grantOf('new', { notAfterMs: now + maxConsentMs })), 'accepted', now],
  [
    'more than ten years',
    fromAna(grantOf('new', { notAfterMs: now + maxConsentMs + 1 })),
    'NOT_AFTER_FAR',
    now,
  ],
  ['a weak write key', fromAna(grantOf('new', { writeKey: weakKey })), 'KEY_WEAK', now],
  ['by a clinician', { from: 'doctor', acts: [grantOf('new')] }, 'ROLE_WRONG', now],
]);

table('ConsentRevoke', [
  ['of an own grant', fromAna(revoke('reading')), 'accepted'],
  ['of one that has not begun', fromAna(revoke('later')), 'accepted'],
  ['of one that expired', fromAna(revoke('short')), 'accepted', t0 + 2 * day],
  ['twice', fromAna(revoke('revoked')), 'CONSENT_ENDED'],
  ["of somebody else's", { from: 'eve', acts: [revoke('reading')] }, 'CONSENT_UNKNOWN'],
  ['of none', fromAna(revoke('nothing')), 'CONSENT_UNKNOWN'],
]);

table('AccessLog', [
  ['one entry', fromHospital(looksAt('reading')), 'accepted'],
  ['an unknown grant is an answer', fromHospital(looksAt('nothing')), 'accepted'],
  ['no entry', fromHospital(looksAt()), 'ACCESS_LOG_SIZE'],
  ['500 entries', fromHospital(looksAt(...manyTimes(500, 'reading'))), 'accepted'],
  ['501 entries', fromHospital(looksAt(...manyTimes(501, 'reading'))), 'ACCESS_LOG_SIZE'],
  ['by a patient', fromAna(looksAt('reading')), 'ROLE_WRONG'],
  [
    'by an organisation without the right',
    { from: 'archive', acts: [looksAt('reading')] },
    'SENDER_WRONG',
  ],
]);

function manyTimes(count: number, name: string): string[] {
  return new Array<string>(count).fill(name);
}

test('AccessLog answers one byte an entry at the block time, and counts and chains the live ones', () => {
  const world = setting();
  const names = ['reading', 'later', 'revoked', 'nothing', 'short', 'reading'];
  const { data } = world.send(fromHospital(looksAt(...names)));
  assert.deepEqual(data, [Uint8Array.of(1, 0, 0, 0, 1, 1)]);
  const reading = world.view.get(consents, consentOf('reading'));
  const entry = bytesOf('look reading');
  assert.equal(reading?.looks, 2);
  assert.deepEqual(reading?.lookChain, nextLook(nextLook(new Uint8Array(32), entry), entry));
  assert.equal(world.view.get(consents, consentOf('later'))?.looks, 0);

  const after = world.send(fromHospital(looksAt('short', 'later')), t0 + 10 * day);
  assert.deepEqual(after.data, [Uint8Array.of(0, 1)]);
});

test('AccessLog and a revocation in one block are ordered by their places in it', () => {
  const world = setting();
  const look = (nonce: number) => world.verified(fromHospital(looksAt('reading'), { nonce }));
  const results = world.block([look(10), world.verified(fromAna(revoke('reading'))), look(11)]);
  assert.deepEqual(
    results.map(({ data }) => data),
    [Uint8Array.of(0x81, 0x41, 1), Uint8Array.of(0x81, 0x40), Uint8Array.of(0x81, 0x41, 0)],
  );
});
