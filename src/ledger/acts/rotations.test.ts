import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anaKey,
  anchorUnder,
  freeze,
  fromAna,
  fromHospital,
  grantOf,
  looksAt,
  newCode,
  newWriteKey,
  recovers,
  recoveryChange,
  recoveryKey,
  recoveryStop,
  revoke,
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
  codeKemHash,
  day,
  identityOf,
  keySetAct,
  type Sent,
  type World,
} from '../../../test/world.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { idBytes } from '../../primitives/ids.ts';
import { foundingLogs } from '../protocol.ts';
import { maxRotations, recoveryCounterLead, recoveryHash } from '../recovery.ts';
import { encodeRow } from '../table.ts';
import { accounts, maxEndedRanges } from '../tables/accounts.ts';
import { keys, maxIdentities } from '../tables/keys.ts';
import { recoveries } from '../tables/recoveries.ts';

const ana = accountOf('ana');
const keyOf = (name: string) => identityOf(name).signKey;
const accountRow = (world: World) => {
  const row = world.view.get(accounts, ana);
  assert.ok(row !== undefined);
  return row;
};
const keysRow = (world: World) => {
  const row = world.view.get(keys, ana);
  assert.ok(row !== undefined);
  return row;
};
/** By the key `by`, to the keys of `name`, a day and more after the last block. */
const rotateTo = (world: World, name: string, by: string, change = {}) =>
  world.send(fromAna(rotate(name, change), { keys: [keyOf(by)] }), world.timeMs + day);

table('RotateKey', [
  ['by the key in use', fromAna(rotate('ana two')), 'accepted'],
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
    'by the key in use to another printed code',
    fromAna(rotate('x', { identity: identityOf('x', bytesOf('thief')) })),
    'RECOVERY_NEEDED',
  ],
  [
    'by the key in use to none',
    fromAna(rotate('x', { identity: identityOf('x') })),
    'RECOVERY_NEEDED',
  ],
  [
    'by the key in use, ending grants',
    fromAna(rotate('ana two', { endGrantsFrom: 1 })),
    'RECOVERY_NEEDED',
  ],
  [
    'by the key in use, showing the recovery key beside it',
    fromAna(rotate('ana two', { recoveryKey })),
    'KEY_NOT_CURRENT',
  ],
  [
    'signed by both',
    fromAna(rotate('ana two', { recoveryKey }), { keys: [anaKey, recoveryKey] }),
    'KEY_NOT_CURRENT',
  ],
  ['of a frozen account', fromAna(rotate('ana two')), 'RECOVERY_NEEDED', undefined, freeze('ana')],
  ['by the recovery key alone', recovers('ana two', 1), 'accepted'],
  [
    'by the recovery key alone, of a frozen account',
    recovers('ana two', 1),
    'accepted',
    undefined,
    freeze('ana'),
  ],
  [
    'by the recovery key alone, to another printed code',
    recovers('x', 1, { identity: identityOf('x', bytesOf('new code')) }),
    'accepted',
  ],
  ['by the recovery key, with a number of before', recovers('ana two', 0), 'RECOVERY_COUNTER'],
  ['with the highest number', recovers('ana two', recoveryCounterLead), 'accepted'],
  ['with a higher one', recovers('ana two', recoveryCounterLead + 1), 'RECOVERY_COUNTER'],
  [
    'by the recovery key, without the other key of the code',
    recovers('ana two', 1, { codeKemHash: new Uint8Array(0) }),
    'KEY_NOT_CURRENT',
  ],
  [
    'by the recovery key, with a key put in its place',
    recovers('ana two', 1, { codeKemHash: bytesOf('of the thief') }),
    'KEY_NOT_CURRENT',
  ],
  [
    'by a recovery key of somebody else',
    { ...recovers('x', 1, { recoveryKey: bytesOf('thief') }), keys: [bytesOf('thief')] },
    'KEY_NOT_CURRENT',
  ],
  [
    'by the recovery key, with another act beside it',
    { ...recovers('x', 1), acts: [rotate('ana two', { recoveryKey }), grantOf('more')] },
    'KEY_NOT_CURRENT',
  ],
  ['by the recovery key, not signed', { ...recovers('x', 1), isSigned: false }, 'SIGNATURE_WRONG'],
]);

test('RotateKey: old keys stay in the directory with the heights they counted at', () => {
  const world = setting();
  world.mustSend(fromAna(rotate('ana two')));
  const { height } = world;
  assert.deepEqual(
    keysRow(world).identities.map(({ identity, fromHeight, untilHeight }) => [
      identity.signKey,
      fromHeight,
      untilHeight,
    ]),
    [
      [anaKey, 1, height],
      [keyOf('ana two'), height, 0],
    ],
  );
  assert.equal(world.send(fromAna(grantOf('new'), { nonce: 20 })).answer, 'KEY_NOT_CURRENT');
  const byNewKey = { keys: [keyOf('ana two')], nonce: 1 };
  assert.equal(world.send(fromAna(grantOf('new'), byNewKey)).answer, 'accepted');
});

test('By the key in use keys are changed once a day, and 32 times until the printed code comes', () => {
  const world = setting();
  assert.equal(rotateTo(world, 'thief 1', 'ana').answer, 'accepted');
  const soon = fromAna(rotate('thief 2'), { keys: [keyOf('thief 1')] });
  assert.equal(world.send(soon, accountRow(world).keySinceMs + day - 1).answer, 'RECOVERY_NEEDED');
  for (let n = 2; n <= maxRotations; n++) {
    assert.equal(rotateTo(world, `thief ${n}`, `thief ${n - 1}`).answer, 'accepted', String(n));
  }
  const last = `thief ${maxRotations}`;
  assert.equal(rotateTo(world, 'thief x', last).answer, 'RECOVERY_NEEDED');
  // Nothing of that stands in the way of the owner, nor how full the directory is.
  assert.equal(world.send(recovers('ana two', 1)).answer, 'accepted');
  assert.equal(
    world.send(fromAna(revoke('reading'), { keys: [keyOf(last)] })).answer,
    'KEY_NOT_CURRENT',
  );
  // And it begins anew: a change of one's own on the same day.
  const own = fromAna(rotate('ana three'), { keys: [keyOf('ana two')] });
  assert.equal(world.send(own).answer, 'accepted');
});

test('Who has no printed code changes keys once a day for ever: nobody could give him more', () => {
  const world = setting();
  const eve = (name: string): Sent => ({
    from: 'eve',
    acts: [rotate(name, { identity: identityOf(name) })],
    keys: [world.view.get(accounts, accountOf('eve'))?.signKey ?? keyOf('eve')],
  });
  for (let n = 0; n <= maxRotations; n++) {
    assert.equal(world.send(eve(`eve ${n}`), world.timeMs + day).answer, 'accepted', String(n));
  }
  assert.equal(world.send(eve('eve again')).answer, 'RECOVERY_NEEDED');
});

test('A recovery rotation counts by itself: no number of the key in use, no change in between, no replay', () => {
  const world = setting();
  rotateTo(world, 'thief', 'ana');
  const first = world.verified(recovers('ana two', 1));
  const repeated = world.verified(recovers('ana three', 1));
  assert.deepEqual(
    world.block([first, first, repeated]).map(({ code }) => code),
    [0, 49, 49],
  );
  assert.equal(accountRow(world).recoveryCounter, 1);
  assert.equal(accountRow(world).window.top, 0);
  assert.deepEqual(accountRow(world).signKey, keyOf('ana two'));
});

test('A rotation ends the epochs: nothing is anchored until the next KeySet, which may be in the same transaction', () => {
  const world = setting();
  assert.equal(world.send(fromAna(anchorUnder(''))).answer, 'accepted');
  world.mustSend(fromAna(rotate('ana two')));
  const byTwo = (...acts: Sent['acts']) => ({ from: 'ana', acts, keys: [keyOf('ana two')] });
  const other = { root: bytesOf('other') };
  assert.deepEqual(accountRow(world).schedule, []);
  assert.equal(world.send(byTwo(anchorUnder('', other))).answer, 'EPOCH_NONE');
  // Nor later, when an epoch that was scheduled would have begun.
  assert.equal(
    world.send(byTwo(anchorUnder('', { epoch: 2 })), world.timeMs + day).answer,
    'EPOCH_NONE',
  );
  world.mustSend(byTwo(rotate('ana three'), keySetAct(3)), world.timeMs + day);
  const byThree = { from: 'ana', keys: [keyOf('ana three')] };
  assert.equal(
    world.send({ ...byThree, acts: [anchorUnder('', { ...other, epoch: 4 })] }).answer,
    'accepted',
  );
});

for (const [by, sent] of [
  ['key in use', fromAna(rotate('ana two'))],
  ['printed code', recovers('ana two', 1)],
] as const) {
  test(`A rotation by the ${by} ends every write key that was given before, until WriteKey gives another`, () => {
    const world = setting(foundingLogs);
    world.mustSend(fromAna(anchorUnder('writing'), underGrant));
    world.mustSend(sent);
    const byTwo = { keys: [keyOf('ana two')] };
    world.mustSend(fromAna(keySetAct(3), byTwo));
    const anchor = anchorUnder('writing', { root: bytesOf('other'), epoch: 4 });
    for (const nonce of [2, 120, 240]) {
      const thief = fromAna(anchor, { ...underGrant, nonce });
      assert.equal(world.send(thief).answer, 'KEY_NOT_CURRENT');
    }
    world.mustSend(fromAna(newWriteKey('writing'), byTwo));
    assert.equal(
      world.send(fromAna(anchor, { ...underGrant, nonce: 2 })).answer,
      'KEY_NOT_CURRENT',
    );
    const fresh = { keys: [bytesOf('another write key')], nonce: 1 };
    assert.equal(world.send(fromAna(anchor, fresh)).answer, 'accepted');
  });
}

table(
  'WriteKey',
  [
    ['for a grant that lives', fromAna(newWriteKey('writing')), 'accepted'],
    ['for one that has not begun', fromAna(newWriteKey('later')), 'accepted'],
    ['for one that was revoked', fromAna(newWriteKey('revoked')), 'CONSENT_ENDED'],
    [
      'for one whose end has come',
      fromAna(newWriteKey('short')),
      'CONSENT_ENDED',
      1_800_000_000_000 + 2 * day,
    ],
    ['for one that only reads', fromAna(newWriteKey('reading')), 'CONSENT_CANNOT_WRITE'],
    ['for none', fromAna(newWriteKey('nothing')), 'CONSENT_UNKNOWN'],
    ["for somebody else's", { from: 'eve', acts: [newWriteKey('writing')] }, 'CONSENT_UNKNOWN'],
    ['with a weak key', fromAna(newWriteKey('writing', weakKey)), 'KEY_WEAK'],
    [
      'with the key that it has',
      fromAna(newWriteKey('writing', bytesOf('write key'))),
      'KEY_TAKEN',
    ],
    [
      'by a frozen account',
      fromAna(newWriteKey('writing')),
      'ACCOUNT_FROZEN',
      undefined,
      freeze('ana'),
    ],
  ],
  foundingLogs,
);

test('A recovery rotation may end all that was granted since a height, and nothing before it', () => {
  const world = setting();
  const { height } = world;
  world.mustSend(fromAna(grantOf('of the thief')));
  world.mustSend(recovers('ana two', 1, { endGrantsFrom: height + 1 }));
  const { data } = world.send(fromHospital(looksAt('reading', 'of the thief')));
  assert.deepEqual(data, [Uint8Array.of(1, 0)]);
  const byTwo = { keys: [keyOf('ana two')] };
  assert.equal(world.send(fromAna(revoke('of the thief'), byTwo)).answer, 'CONSENT_ENDED');
  world.mustSend(fromAna(grantOf('after'), byTwo));
  assert.deepEqual(world.send(fromHospital(looksAt('after'))).data, [Uint8Array.of(1)]);
  assert.deepEqual(accountRow(world).endedGrants, [{ from: height + 1, until: height + 2 }]);
});

test('A height to come ends no grant', () => {
  const world = setting();
  world.mustSend(recovers('ana two', 1, { endGrantsFrom: world.height + 2 }));
  assert.deepEqual(accountRow(world).endedGrants, []);
  assert.deepEqual(world.send(fromHospital(looksAt('reading'))).data, [Uint8Array.of(1)]);
});

test('Ranges of ended grants that meet are one, and of more than 16 the two oldest become one', () => {
  const world = setting();
  for (let n = 1; n <= maxEndedRanges; n++) {
    world.block([]);
    world.mustSend(recovers(`ana ${n}`, n, { endGrantsFrom: world.height + 1 }));
  }
  const before = accountRow(world).endedGrants;
  assert.equal(before.length, maxEndedRanges);
  world.block([]);
  const next = maxEndedRanges + 1;
  world.mustSend(recovers('ana more', next, { endGrantsFrom: world.height + 1 }));
  const after = accountRow(world).endedGrants;
  assert.equal(after.length, maxEndedRanges);
  assert.deepEqual(after[0], { from: before[0]?.from, until: before[1]?.until });
  world.mustSend(recovers('ana all', next + 1, { endGrantsFrom: 2 }));
  assert.deepEqual(accountRow(world).endedGrants, [{ from: 2, until: world.height }]);
});

const wait = 7 * day;
const begun = (world: World) => world.mustSend(fromAna(recoveryChange()));
const byNewCode = (name: string, nonce: number): Sent => ({
  ...recovers(name, nonce, {
    identity: identityOf(name, bytesOf('new code')),
    recoveryKey: bytesOf('new code'),
  }),
  keys: [bytesOf('new code')],
});

table(
  'RecoveryChange',
  [
    ['by the key in use', fromAna(recoveryChange()), 'accepted'],
    [
      'while another waits',
      fromAna(recoveryChange(bytesOf('x'))),
      'RECOVERY_PENDING',
      undefined,
      begun,
    ],
    [
      'to the code in use',
      fromAna(recoveryChange(recoveryHash(recoveryKey, codeKemHash))),
      'KEY_TAKEN',
    ],
    ['of a frozen account', fromAna(recoveryChange()), 'ACCOUNT_FROZEN', undefined, freeze('ana')],
    [
      'by a key of today',
      fromAna(recoveryChange(), { keys: [keyOf('ana two')] }),
      'RECOVERY_NEEDED',
      undefined,
      (world) => world.mustSend(fromAna(rotate('ana two'))),
    ],
    ['by the recovery key', fromAna(recoveryChange(), { keys: [recoveryKey] }), 'KEY_NOT_CURRENT'],
  ],
  foundingLogs,
);

test('A key is old enough for a new code after seven days, to the millisecond', () => {
  for (const [ms, expected] of [
    [wait - 1, 'RECOVERY_NEEDED'],
    [wait, 'accepted'],
  ] as const) {
    const world = setting(foundingLogs);
    world.mustSend(fromAna(rotate('ana two')));
    const sent = fromAna(recoveryChange(), { keys: [keyOf('ana two')] });
    assert.equal(world.send(sent, accountRow(world).keySinceMs + ms).answer, expected);
  }
});

test('A new code counts after seven days, and from then on the old one does not', () => {
  const world = begun(setting(foundingLogs));
  const beganMs = world.timeMs;
  assert.equal(world.send(byNewCode('x', 1), beganMs + wait - 1).answer, 'KEY_NOT_CURRENT');
  assert.equal(world.send(recovers('x', 1), beganMs + wait).answer, 'KEY_NOT_CURRENT');
  assert.equal(world.send(fromAna(recoveryStop())).answer, 'RECOVERY_UNKNOWN');
  // A rotation by the key in use keeps it.
  const other = identityOf('ana two', bytesOf('new code'));
  assert.equal(world.send(fromAna(rotate('ana two'))).answer, 'RECOVERY_NEEDED');
  world.mustSend(fromAna(rotate('ana two', { identity: other })));
  assert.deepEqual(keysRow(world).pendingRecovery, []);
  assert.equal(world.send(byNewCode('ana three', 1)).answer, 'accepted');
});

test('A code that counts is not lost when the next one begins, is stopped, or the account is frozen', () => {
  const world = begun(setting(foundingLogs));
  world.mustSend(fromAna(recoveryChange(bytesOf('third'))), world.timeMs + wait);
  world.mustSend(fromAna(recoveryStop(undefined, bytesOf('third'))));
  world.mustSend(fromAna(recoveryChange(bytesOf('fourth'))));
  world.mustSend(fromHospital(revokeOf('ana')));
  assert.deepEqual(keysRow(world).pendingRecovery, []);
  assert.deepEqual(keysRow(world).recovery, newCode);
  assert.equal(world.send(byNewCode('ana two', 1), world.timeMs + 2 * wait).answer, 'accepted');
});

test('A recovery rotation by the old code drops what waits', () => {
  const world = begun(setting(foundingLogs));
  world.mustSend(recovers('ana two', 1));
  assert.deepEqual(keysRow(world).pendingRecovery, []);
  assert.equal(world.send(recovers('ana three', 2), world.timeMs + 2 * wait).answer, 'accepted');
});

const stopBy = (key: Uint8Array, hash?: Uint8Array): Sent =>
  fromAna(recoveryStop(hash), { keys: [key] });

table(
  'RecoveryStop',
  [
    ['by the key in use', fromAna(recoveryStop()), 'accepted', undefined, begun],
    ['when nothing waits', fromAna(recoveryStop()), 'RECOVERY_UNKNOWN'],
    [
      'of another than waits',
      fromAna(recoveryStop(undefined, bytesOf('x'))),
      'RECOVERY_UNKNOWN',
      undefined,
      begun,
    ],
    ['by the old code', stopBy(recoveryKey, codeKemHash), 'accepted', undefined, begun],
    ['by half of the old code', stopBy(recoveryKey), 'KEY_NOT_CURRENT', undefined, begun],
    ['by the old code, nothing waiting', stopBy(recoveryKey, codeKemHash), 'KEY_NOT_CURRENT'],
    ['by a stranger', stopBy(bytesOf('x'), codeKemHash), 'KEY_NOT_CURRENT', undefined, begun],
    [
      'with another act beside it',
      fromAna(recoveryStop(), { acts: [recoveryStop(), grantOf('x')], keys: [recoveryKey] }),
      'KEY_NOT_CURRENT',
      undefined,
      begun,
    ],
  ],
  foundingLogs,
);

test('A key that was in use in the 30 days before may stop a new code, once, and do nothing else', () => {
  for (const [days, expected] of [
    [30, 'accepted'],
    [31, 'KEY_NOT_CURRENT'],
  ] as const) {
    const world = setting(foundingLogs);
    world.mustSend(fromAna(rotate('thief')));
    const endedMs = world.timeMs;
    const byThief = { keys: [keyOf('thief')] };
    world.mustSend(fromAna(recoveryChange(), byThief), endedMs + days * day);
    const { top } = accountRow(world).window;
    assert.equal(world.send(fromAna(grantOf('x'), { nonce: 1 })).answer, 'KEY_NOT_CURRENT');
    assert.equal(world.send({ ...stopBy(anaKey), nonce: 7 }).answer, expected);
    assert.equal(world.send({ ...stopBy(anaKey), nonce: 7 }).answer, 'KEY_NOT_CURRENT');
    assert.equal(accountRow(world).window.top, top);
  }
});

test('Rotated out every day for as long as a code can wait for it, a former key still stops one', () => {
  const world = setting(foundingLogs);
  for (let n = 0; n < 23; n++) {
    world.mustSend(
      fromAna(rotate(`thief ${n}`), { keys: [n === 0 ? anaKey : keyOf(`thief ${n - 1}`)] }),
      world.timeMs + day,
    );
  }
  world.mustSend(fromAna(recoveryChange(), { keys: [keyOf('thief 22')] }), world.timeMs + wait);
  for (let n = 23; n < 29; n++) {
    world.mustSend(
      fromAna(rotate(`thief ${n}`), { keys: [keyOf(`thief ${n - 1}`)] }),
      world.timeMs + day,
    );
  }
  // A key that came after it began was never asked.
  assert.equal(world.send(stopBy(keyOf('thief 23'))).answer, 'KEY_NOT_CURRENT');
  assert.equal(world.send(stopBy(anaKey)).answer, 'accepted');
});

test('A printed code finds its account: the first that names a hash keeps it, and nobody is refused', () => {
  const world = setting(foundingLogs);
  const named = (recovery: Uint8Array) =>
    world.view.get(recoveries, Buffer.from(recovery).toString('hex'))?.account;
  assert.equal(named(recoveryHash(recoveryKey, codeKemHash)), ana);
  world.mustSend({ from: 'eve', acts: [recoveryChange(newCode)] });
  world.mustSend(fromAna(recoveryChange(newCode)));
  assert.equal(named(newCode), accountOf('eve'));
  assert.equal(named(new Uint8Array(32)), undefined);
  world.mustSend(recovers('x', 1, { identity: identityOf('x', bytesOf('rotated')) }));
  assert.equal(named(recoveryHash(bytesOf('rotated'), codeKemHash)), ana);
});

test('A ledger that was founded before keeps no codes, so that it is replayed as it was', () => {
  const world = setting();
  assert.deepEqual(
    [...world.store.rows.keys()].filter((key) => key.startsWith('7265636f76657269')),
    [],
  );
});

test('However often keys are changed, the rows stay as small as an answer holds', () => {
  const world = setting(foundingLogs);
  for (let n = 1; n <= 100; n++)
    world.mustSend(recovers(`ana ${n}`, n, { endGrantsFrom: world.height }));
  const row = keysRow(world);
  assert.equal(row.identities.length, maxIdentities);
  assert.equal(row.folded.count, 101 - maxIdentities);
  assert.ok(encodeRow(keys, row).length < 32 * 1024);
  assert.ok(encodeRow(accounts, accountRow(world)).length < 1_024);
});

test('An account that never changed its keys is written as it was before there was a way back', () => {
  const row = setting().view.get(accounts, accountOf('doctor'));
  assert.ok(row !== undefined);
  const fields = [row.role, idBytes(row.organisation), false, row.enrolledHeight, row.signKey];
  const none = new Uint8Array(0);
  assert.deepEqual(encodeRow(accounts, row), encodeCbor([...fields, [0, none], 0, 0, []]));
});
