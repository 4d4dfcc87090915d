import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anchorUnder,
  fromAna,
  fromHospital,
  grantOf,
  looksAt,
  revoke,
  setting,
  underGrant,
} from '../../test/setting.ts';
import { accountOf, bytesOf, consentOf, day, keySetAct, t0, World } from '../../test/world.ts';
import { utf8 } from '../primitives/bytes.ts';
import { txIdOf } from '../primitives/ids.ts';
import { refusalNumber } from './refusals.ts';
import { accounts } from './tables/accounts.ts';
import { consents } from './tables/consents.ts';

const topOf = (world: World, name: string) => world.view.get(accounts, accountOf(name))?.window.top;

for (const [name, sent, expected] of [
  ['for another chain', fromAna(revoke('reading'), { chainId: 'other' }), 'CHAIN_WRONG'],
  [
    'valid until just before',
    fromAna(revoke('reading'), { validUntilMs: t0 + day - 1 }),
    'EXPIRED',
  ],
  [
    'valid for more than a day',
    fromAna(revoke('reading'), { validUntilMs: t0 + 2 * day + 1 }),
    'TOO_FAR',
  ],
  ['of a stranger', { from: 'nobody', acts: [revoke('reading')] }, 'SENDER_UNKNOWN'],
  ['by another key', fromAna(revoke('reading'), { keys: [bytesOf('x')] }), 'KEY_NOT_CURRENT'],
  ['with a used number', fromAna(revoke('reading'), { nonce: 1 }), 'NONCE_USED'],
  ['with a far number', fromAna(revoke('reading'), { nonce: 1_028 }), 'NONCE_FAR'],
  ['wrongly signed', fromAna(revoke('reading'), { isSigned: false }), 'SIGNATURE_WRONG'],
] as const) {
  test(`a transaction ${name} changes nothing: ${expected}`, () => {
    const world = setting();
    const before = world.appHash;
    assert.deepEqual(world.send(sent, t0 + day), { answer: expected, data: [] });
    assert.deepEqual(world.appHash, before);
  });
}

test('undecodable bytes in a block are refused and change nothing', () => {
  const world = setting();
  const before = world.appHash;
  const txId = txIdOf(bytesOf('garbage'));
  const [result] = world.block([{ txId, code: 'TX_UNDECODABLE' }]);
  assert.equal(result?.code, refusalNumber('TX_UNDECODABLE'));
  assert.deepEqual(world.appHash, before);
});

test('block time may equal the end of validity, and lie exactly a day before it', () => {
  for (const validUntilMs of [t0 + day, t0 + 2 * day]) {
    const world = setting();
    assert.equal(
      world.send(fromAna(revoke('reading'), { validUntilMs }), t0 + day).answer,
      'accepted',
    );
  }
});

test('a refusal by a rule burns the nonce and changes nothing else', () => {
  const world = setting();
  const rowsBefore = new Map(world.store.rows);
  const top = topOf(world, 'ana') ?? 0;
  assert.equal(world.send(fromAna(revoke('nothing'))).answer, 'CONSENT_UNKNOWN');
  assert.equal(topOf(world, 'ana'), top + 1);
  assert.equal(world.send(fromAna(revoke('reading'), { nonce: top + 1 })).answer, 'NONCE_USED');
  const changed = [...world.store.rows].filter(([key, row]) => rowsBefore.get(key) !== row);
  assert.deepEqual(
    changed.map(([key]) => key),
    [Buffer.from(utf8('accounts/')).toString('hex') + accountOf('ana')],
  );
  assert.equal(world.store.logHead('user').size, 4);
});

test('the acts of a transaction succeed or fail together, and the refusing act is named', () => {
  const world = setting();
  const sent = { from: 'ana', acts: [grantOf('new'), keySetAct(3), revoke('nothing')] };
  assert.deepEqual(world.send(sent), { answer: 'CONSENT_UNKNOWN', data: [2] });
  assert.equal(world.view.get(consents, consentOf('new')), undefined);
  assert.equal(world.view.get(accounts, accountOf('ana'))?.highestEpoch, 3);
});

test('a later act sees what an earlier one did', () => {
  const world = setting();
  const sent = { from: 'ana', acts: [grantOf('new'), keySetAct(3), revoke('new')] };
  assert.equal(world.send(sent).answer, 'accepted');
  assert.equal(world.view.get(consents, consentOf('new'))?.revokedHeight, world.height);
});

test('an accepted transaction answers with one byte string an act', () => {
  const world = setting();
  const { data } = world.send(
    fromHospital(looksAt('reading'), { acts: [looksAt('reading'), looksAt('nothing')] }),
  );
  assert.deepEqual(data, [Uint8Array.of(1), Uint8Array.of(0)]);
});

test('an act in a log that does not take it burns the nonce and names the act', () => {
  const world = setting();
  const top = topOf(world, 'ana') ?? 0;
  assert.deepEqual(world.send(fromAna(revoke('reading'), { log: 'doc' })), {
    answer: 'LOG_WRONG',
    data: [0],
  });
  assert.equal(topOf(world, 'ana'), top + 1);
});

test('a write key has numbers of its own, kept with its grant', () => {
  const world = setting();
  const before = topOf(world, 'ana');
  world.mustSend(fromAna(anchorUnder('writing'), underGrant));
  assert.equal(topOf(world, 'ana'), before);
  assert.equal(world.view.get(consents, consentOf('writing'))?.window.top, 1);
  const again = fromAna(anchorUnder('writing', { root: bytesOf('other') }), underGrant);
  assert.equal(world.send(again).answer, 'NONCE_USED');
});

test('the same transaction twice in one block is executed once', () => {
  const world = setting();
  const tx = world.verified(fromAna(grantOf('new')));
  const codes = world.block([tx, tx]).map(({ code }) => code);
  assert.deepEqual(codes, [0, refusalNumber('NONCE_USED')]);
});

test('an empty block leaves the app hash as it was, whatever its time', () => {
  const world = setting();
  const before = world.appHash;
  world.block([], t0 + 400 * day);
  assert.deepEqual(world.appHash, before);
});

test('two worlds with the same blocks have the same app hash', () => {
  assert.deepEqual(setting().appHash, setting().appHash);
  assert.notDeepEqual(setting().appHash, new World().appHash);
});
