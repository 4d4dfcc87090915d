import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  approvalOf,
  freeze,
  fromHospital,
  grantOf,
  profileOf,
  setting,
  table,
  unknownAct,
} from '../../../test/setting.ts';
import { bytesOf, enrolAct, identityOf, type World } from '../../../test/world.ts';
import { labels } from '../../crypto/labels.ts';
import { isCoded } from '../../primitives/errors.ts';
import { encodeTx } from '../codec.ts';
import { readIncomingTx } from '../incoming.ts';
import { requirementsOf } from '../requirements-of.ts';
import { profileRowId, profiles } from '../tables/profiles.ts';
import { profileSignedBytes } from './log-profile.ts';

const spine = [1, 2, 3, 4, 10, 11, 20, 30];

table('LogProfile', [
  ['signed by all who enrol', fromHospital(profileOf()), 'accepted'],
  [
    'of Docchain',
    fromHospital(profileOf({ profile: 'doc', acts: [21, 31, unknownAct] })),
    'accepted',
  ],
  ['an organisation without the right', { from: 'archive', acts: [profileOf()] }, 'SENDER_WRONG'],
  ['a patient', { from: 'ana', acts: [profileOf()] }, 'ROLE_WRONG'],
  ['from this height', fromHospital(profileOf({ fromHeight: 5 })), 'PROFILE_HEIGHT'],
  ['from far ahead', fromHospital(profileOf({ fromHeight: 100_006 })), 'PROFILE_HEIGHT'],
  [
    'an act less',
    fromHospital(profileOf({ acts: [...spine.slice(1), unknownAct] })),
    'PROFILE_SHRINKS',
  ],
  [
    'out of order',
    fromHospital(profileOf({ acts: [...spine, unknownAct + 1, unknownAct] })),
    'PROFILE_SHRINKS',
  ],
  [
    'an act twice',
    fromHospital(profileOf({ acts: [...spine, unknownAct, unknownAct] })),
    'PROFILE_SHRINKS',
  ],
  [
    'a new printed code, and nothing that stops it',
    fromHospital(profileOf({ acts: [1, 2, 3, 4, 5, ...spine.slice(4)] })),
    'PROFILE_SHRINKS',
  ],
  [
    'a new printed code, and what stops it',
    fromHospital(profileOf({ acts: [1, 2, 3, 4, 5, 6, ...spine.slice(4)] })),
    'accepted',
  ],
  ['an older version', fromHospital(profileOf({ version: 0 })), 'PROFILE_SHRINKS'],
  [
    'a signature that does not hold',
    fromHospital(profileOf(), { identityHolds: false }),
    'SIGNATURE_WRONG',
  ],
  ['nobody’s signature', fromHospital(profileOf({ approvals: [] })), 'PROFILE_APPROVAL'],
  [
    'one too many',
    fromHospital(profileOf({ approvals: [approvalOf('hospital'), approvalOf('archive')] })),
    'PROFILE_APPROVAL',
  ],
  [
    'the same one twice',
    fromHospital(profileOf({ approvals: [approvalOf('hospital'), approvalOf('hospital')] })),
    'PROFILE_APPROVAL',
  ],
  [
    'by another key',
    fromHospital(profileOf({ approvals: [approvalOf('hospital', bytesOf('thief'))] })),
    'PROFILE_APPROVAL',
  ],
  [
    'while another has not begun',
    fromHospital(profileOf()),
    'PROFILE_PENDING',
    undefined,
    (world) => world.mustSend(fromHospital(profileOf())),
  ],
  ['on Docchain', fromHospital(profileOf(), { log: 'doc' }), 'LOG_WRONG'],
  [
    'of a frozen hospital',
    fromHospital(profileOf()),
    'ACCOUNT_FROZEN',
    undefined,
    freeze('hospital'),
  ],
]);

/** The setting is at height 4. `profileOf` begins at 20. */
function playTo(world: World, height: number): World {
  while (world.height < height) world.block([]);
  return world;
}

test('a log takes what it took until the height, and more from it on', () => {
  // 72 is an act that this build knows, so that the ledger goes on.
  const acts = [...spine, 72];
  const world = setting().mustSend(fromHospital(profileOf({ acts })));
  const [before, next] = world.view.get(profiles, profileRowId('user')) ?? [];
  assert.deepEqual([before?.acts, next?.acts, next?.fromHeight], [spine, acts, 20]);
  playTo(world, 21).mustSend({ from: 'ana', acts: [grantOf('after')] });
  // The next change goes on from it: an act that was added stays.
  const fewer = profileOf({ acts: spine, fromHeight: 40 });
  assert.equal(world.send(fromHospital(fewer)).answer, 'PROFILE_SHRINKS');
});

test('Docchain takes an act of the other log when all say so, and not a block before', () => {
  const doc = profileOf({ profile: 'doc', acts: [1, 21, 31], fromHeight: 8 });
  const world = setting().mustSend(fromHospital(doc));
  const enrolled = (name: string) =>
    world.send(fromHospital(enrolAct(name, 'nurse'), { log: 'doc' })).answer;
  assert.equal(enrolled('early'), 'LOG_WRONG');
  playTo(world, 7);
  assert.equal(enrolled('in time'), 'accepted');
});

test('a node that does not know an act stops at the height, and not before: LEDGER_NEWER', () => {
  const world = setting().mustSend(fromHospital(profileOf()));
  playTo(world, 19);
  assert.throws(
    () => world.block([]),
    (error) => isCoded(error, 'LEDGER_NEWER') && error.details.act === unknownAct,
  );
});

test('rules of a version that this build does not know stop it too: LEDGER_NEWER', () => {
  const world = setting().mustSend(fromHospital(profileOf({ acts: spine, version: 2 })));
  playTo(world, 19);
  assert.throws(
    () => world.block([]),
    (error) => isCoded(error, 'LEDGER_NEWER') && error.details.version === 2,
  );
});

test('each approval is required as a signature over chain, log, acts, version and height', () => {
  const act = profileOf({ approvals: [approvalOf('hospital'), approvalOf('archive')] });
  const world = setting();
  const tx = world.tx(fromHospital(act));
  const required = requirementsOf(tx).acts.get(0) ?? [];
  const bytes = profileSignedBytes(act, world.genesis.chainId);
  assert.deepEqual(
    required,
    ['hospital', 'archive'].map((name) => ({
      kind: 'signature',
      publicKey: identityOf(name).signKey,
      label: labels.profileSign,
      bytes,
      signature: new Uint8Array(64),
    })),
  );
  for (const change of [{ acts: spine }, { version: 2 }, { fromHeight: 21 }] as const) {
    assert.notDeepEqual(profileSignedBytes({ ...act, ...change }, 'salus-test-1'), bytes);
  }
  assert.notDeepEqual(profileSignedBytes(act, 'salus-test-2'), bytes);
  assert.ok('tx' in readIncomingTx(encodeTx(tx), 65_536));
});
