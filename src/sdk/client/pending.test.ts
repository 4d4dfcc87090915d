import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf, txIdOf } from '../../primitives/ids.ts';
import { emptyWallet, type PendingTx, type WalletContent } from '../wallet/content.ts';
import { firstGenerations } from '../wallet/generations.ts';
import { type PendingKind, pendingKinds, settled } from './pending.ts';

const filled = (length: number, n: number) => new Uint8Array(length).fill(n);
const account = accountIdOf(filled(32, 1));
const consent = consentIdOf(filled(16, 2));
const skeleton = recordIdOf(filled(16, 3));
const tx = txIdOf(filled(32, 4));
const none = new Uint8Array(0);

const pendingOf = (kind: string): PendingTx => ({
  ...{ tx, account, kind, bytes: filled(3, 1), createdMs: 1 },
  ...{ consents: [consent], imports: [skeleton], outgoing: [] },
  enveloped: [{ consent, kemHash: filled(32, 9) }],
});
const before = (kind: string): WalletContent => ({
  ...emptyWallet('Ana'),
  grants: [
    {
      ...{ account, consent, grantee: account, granteeName: '', granteeOrganisation: account },
      ...{ granteeKemHash: filled(32, 5), body: none, salt: filled(32, 6), tagKey: filled(32, 7) },
      ...{ writeSeed: none, notBeforeMs: 0, notAfterMs: 9, confirmed: false, ended: false },
      ...{ takenBackMs: 0, owesKeys: 0, ...firstGenerations },
    },
  ],
  imports: [
    {
      ...{ account, skeleton, fileName: 'a.txt', sha256: filled(32, 8), bytes: 1, items: 1 },
      ...{ importedMs: 1, anchored: false, index: none },
    },
  ],
  pending: [pendingOf(kind)],
});

/** What the answer changed, in words. */
function changes(kind: string, answer: 'confirmed' | 'refused', kinds = pendingKinds()): string {
  const content = settled(before(kind), pendingOf(kind), { kinds, answer, nowMs: 5 });
  assert.deepEqual([content.pending, content.settled], [[], [{ tx, atMs: 5 }]]);
  const [grant] = content.grants;
  const [held] = content.imports;
  return [
    grant?.confirmed && grant.granteeKemHash[0] === 9 ? 'enveloped' : '',
    grant?.ended ? 'ended' : '',
    held === undefined ? 'import dropped' : held.anchored ? 'anchored' : '',
  ]
    .filter((it) => it !== '')
    .join(', ');
}

for (const [kind, confirmed, refused] of [
  ['grant', 'enveloped', ''],
  ['revoke', 'enveloped, ended', ''],
  ['keys', 'enveloped', ''],
  ['import', 'anchored', 'import dropped'],
  ['write', '', ''],
  ['rotate', 'enveloped', ''],
  ['freeze', '', ''],
  ['of-tomorrow', '', ''],
] as const) {
  test(`A pending ${kind} is settled; confirmed: ${confirmed || 'nothing'}, refused: ${refused || 'nothing else'}`, () => {
    assert.equal(changes(kind, 'confirmed'), confirmed);
    assert.equal(changes(kind, 'refused'), refused);
  });
}

const note: PendingKind = {
  kind: 'note',
  afterCommit: (content) => ({ ...content, imports: [] }),
  afterRefusal: (content) => ({ ...content, grants: [] }),
};

test('A wing says what the answer to its own transactions changes', () => {
  const kinds = pendingKinds([note]);
  assert.equal(changes('note', 'confirmed', kinds), 'import dropped');
  assert.equal(changes('grant', 'confirmed', kinds), 'enveloped');
});

test('Two kinds of one word are a fault of the program: INTERNAL', () => {
  for (const twice of [[note, note], [{ ...note, kind: 'grant' }]]) {
    assert.throws(
      () => pendingKinds(twice),
      (error) => isCoded(error, 'INTERNAL'),
    );
  }
});

test('What is settled a second time is settled once', () => {
  const once = settled(before('keys'), pendingOf('keys'), {
    kinds: pendingKinds(),
    answer: 'confirmed',
    nowMs: 5,
  });
  const twice = settled(once, pendingOf('keys'), {
    kinds: pendingKinds(),
    answer: 'confirmed',
    nowMs: 5,
  });
  assert.deepEqual(twice, once);
});

test('What was answered is forgotten when no transaction of before can be taken any more', () => {
  const day = 86_400_000;
  const other = txIdOf(filled(32, 7));
  const held = { ...before('keys'), settled: [{ tx: other, atMs: day }] };
  const at = (nowMs: number) =>
    settled(held, pendingOf('keys'), { kinds: pendingKinds(), answer: 'confirmed', nowMs });
  assert.deepEqual(
    at(30 * day).settled.map((it) => it.tx),
    [other, tx],
  );
  assert.deepEqual(
    at(32 * day).settled.map((it) => it.tx),
    [tx],
  );
});
