import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AccountId, accountIdOf } from '../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../primitives/shape.ts';
import { emptyWallet, type WalletAccount, type WalletContent } from './content.ts';
import {
  adopted,
  begun,
  emptyLocal,
  freezeAsked,
  freezeDone,
  localShape,
  type NextKeys,
  type WalletLocal,
  withNext,
} from './local.ts';

const accountOf = (n: number): AccountId => accountIdOf(new Uint8Array(32).fill(n));
const rootId = (n: number): string => n.toString(16).padStart(16, '0');
const first = { id: rootId(1), secret: new Uint8Array(32).fill(1), createdMs: 1 };
const own = (n: number): WalletAccount => ({
  ...{ account: accountOf(n), organisation: accountOf(100 + n), organisationName: 'North' },
  ...{ role: 'patient', chainId: 'test', gatewayUrl: 'http://127.0.0.1:1', enrolled: true },
  ...{ generations: [{ rootId: first.id, index: 0 }], card: new Uint8Array(0) },
});
const content: WalletContent = {
  ...{ ...emptyWallet('Ana'), roots: [first], accounts: [own(1), own(2)] },
};
const seedOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
/** Keys number `n`, on their way for this account. */
const keys = (n: number, account: number): NextKeys => ({
  account: accountOf(account),
  root: { id: rootId(n), secret: seedOf(n), createdMs: n },
  seed: seedOf(n),
});
const local: WalletLocal = { ...emptyLocal, seeds: [seedOf(200)], deviceRoot: [first.id] };
const rotations = fc
  .array(fc.constantFrom(1, 2), { minLength: 1, maxLength: 12 })
  .map((accounts) => accounts.map((account, n) => keys(n + 2, account)));
const begunAll = (all: readonly NextKeys[]): WalletLocal => all.reduce(begun, local);

test('Keys on their way are found in no content that is kept, and in one for finding keys', () => {
  const held = begun(local, keys(2, 1));
  const seen = withNext(content, held);
  assert.deepEqual(
    seen.accounts.map(({ generations }) => generations.map((it) => it.rootId)),
    [[first.id, rootId(2)], [first.id]],
  );
  assert.deepEqual(
    seen.roots.map(({ id }) => id),
    [first.id, rootId(2)],
  );
  assert.deepEqual(content.roots, [first]);
  assert.equal(withNext(content, local), content);
});

test('Rotations on their way are kept as far as the file reads them, the newest last', () => {
  const all = Array.from({ length: 40 }, (_, n) => keys(n + 2, 1));
  const held = begunAll(all);
  assert.deepEqual(held.next, all.slice(-32));
  assert.deepEqual(decodeAs(localShape, encodeAs(localShape, held), 'local'), held);
});

test('Keys that stand are taken in once: their root is the wallet’s and the list’s, their pair the first', () => {
  fc.assert(
    fc.property(rotations, fc.nat(), (all, at) => {
      const taken = all[at % all.length] ?? keys(2, 1);
      const before = { content, local: begunAll(all) };
      const after = adopted(before, taken);
      assert.deepEqual(after.local.deviceRoot, [taken.root.id]);
      assert.deepEqual(after.local.seeds, [taken.seed, ...local.seeds]);
      assert.deepEqual(after.content, withNext(content, { ...local, next: [taken] }));
      assert.equal(adopted(after, taken).content, after.content);
      assert.equal(adopted(after, taken).local, after.local);
    }),
  );
});

test('What was begun for the account goes with it, for another account it stays', () => {
  fc.assert(
    fc.property(rotations, fc.nat(), (all, at) => {
      const taken = all[at % all.length] ?? keys(2, 1);
      const { next } = adopted({ content, local: begunAll(all) }, taken).local;
      assert.deepEqual(
        next,
        all.filter((it) => it.account !== taken.account),
      );
    }),
  );
});

test('Keys that this device has not begun, or has lost to others, are not taken in', () => {
  const before = { content, local: begun(begun(local, keys(2, 1)), keys(3, 1)) };
  assert.deepEqual(adopted(before, keys(4, 1)), before);
  const after = adopted(before, keys(2, 1));
  assert.deepEqual(adopted(after, keys(3, 1)), after);
});

test('However often keys change, at most 31 former pairs stay, the newest first', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), (times) => {
      let held = { content, local };
      for (let n = 2; n < 2 + times; n++) {
        held = adopted({ ...held, local: begun(held.local, keys(n, 1)) }, keys(n, 1));
      }
      const all = Array.from({ length: times }, (_, n) => seedOf(1 + times - n));
      assert.deepEqual(held.local.seeds, [...all, ...local.seeds].slice(0, 32));
      assert.equal(held.content.accounts[0]?.generations.length, 1 + times);
      assert.deepEqual(held.content.accounts[1], own(2));
      assert.deepEqual(decodeAs(localShape, encodeAs(localShape, held.local), 'local'), held.local);
    }),
  );
});

test('A freeze that was asked for is kept once, until it is done or the account has new keys', () => {
  const asked = freezeAsked(freezeAsked(begun(local, keys(2, 1)), accountOf(1)), accountOf(2));
  assert.deepEqual(freezeAsked(asked, accountOf(1)), asked);
  assert.deepEqual(freezeDone(asked, accountOf(1)).freezing, [accountOf(2)]);
  const after = adopted({ content, local: asked }, keys(2, 1));
  assert.deepEqual(after.local.freezing, [accountOf(2)]);
});
