import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf, txIdOf } from '../../primitives/ids.ts';
import {
  decodeWalletContent,
  emptyWallet,
  encodeWalletContent,
  type WalletContent,
} from './content.ts';
import { mergeWallets } from './merge.ts';

const filled = (length: number) => (n: number) => new Uint8Array(length).fill(n);
const [b16, b32] = [filled(16), filled(32)];
const none = new Uint8Array(0);
const small = fc.nat(3);

const grants = fc.uniqueArray(
  fc.record({
    n: small,
    kem: small,
    confirmed: fc.boolean(),
    ended: fc.boolean(),
    takenBackMs: fc.nat(2),
    owesKeys: fc.nat(2),
    ownerGeneration: fc.nat(2),
    granteeGeneration: fc.nat(2),
  }),
  { selector: (it) => it.n, maxLength: 4 },
);
const wallets: fc.Arbitrary<WalletContent> = fc
  .record({
    name: fc.constantFrom('Ana', 'Ana Lima'),
    roots: fc.uniqueArray(small),
    grants,
    settled: fc.uniqueArray(small),
    pending: fc.uniqueArray(small),
    imports: fc.uniqueArray(fc.tuple(small, fc.boolean()), { selector: ([n]) => n }),
    trust: fc.uniqueArray(small, { maxLength: 1 }),
    generations: fc.integer({ min: 1, max: 3 }),
    enrolled: fc.boolean(),
    printed: fc.uniqueArray(small),
    codes: fc.uniqueArray(small),
    devices: fc.uniqueArray(fc.tuple(small, small, small), { selector: ([n]) => n }),
  })
  .map((it) => ({
    ...emptyWallet(it.name),
    roots: it.roots.map((n) => ({ id: `0${n}`.repeat(8), secret: b32(n), createdMs: n })),
    accounts: [
      {
        account: accountIdOf(b32(1)),
        organisation: accountIdOf(b32(2)),
        organisationName: 'North',
        role: 'patient' as const,
        chainId: 'test',
        gatewayUrl: 'http://127.0.0.1:1/north',
        enrolled: it.enrolled,
        generations: Array.from({ length: it.generations }, (_, index) => ({
          rootId: '01'.repeat(8),
          index,
        })),
        card: it.enrolled ? b32(3) : none,
      },
    ],
    printed: it.printed.map((n) => ({ check: b32(n), madeMs: n })),
    codes: it.codes.map((n) => ({
      ...{ account: accountIdOf(b32(1)), recoveryKey: b32(n), kem: filled(1_216)(n) },
    })),
    devices: it.devices.map(([n, seenMs, mac]) => ({
      ...{ key: filled(1_216)(n), name: `device ${n}`, addedMs: n, rootId: '01'.repeat(8) },
      ...{ mac: b32(mac), seenMs },
    })),
    grants: it.grants.map((grant) => ({
      account: accountIdOf(b32(1)),
      consent: consentIdOf(b16(grant.n)),
      grantee: accountIdOf(b32(9)),
      granteeName: 'Dr A',
      granteeOrganisation: accountIdOf(b32(2)),
      granteeKemHash: b32(grant.kem),
      body: b16(grant.n),
      salt: b32(grant.n),
      tagKey: b32(grant.n),
      // Of one generation there is one seed: it is derived.
      writeSeed: b32(8 * grant.ownerGeneration + grant.granteeGeneration),
      notBeforeMs: 0,
      notAfterMs: 10,
      confirmed: grant.confirmed,
      ended: grant.ended,
      takenBackMs: grant.takenBackMs,
      owesKeys: grant.owesKeys,
      ownerGeneration: grant.ownerGeneration,
      granteeGeneration: grant.granteeGeneration,
    })),
    settled: it.settled.map((n) => ({ tx: txIdOf(b32(n)), atMs: n })),
    pending: it.pending.map((n) => ({
      tx: txIdOf(b32(n)),
      account: accountIdOf(b32(1)),
      kind: 'grant' as const,
      bytes: b16(n),
      createdMs: n,
      consents: [],
      imports: [],
      enveloped: [],
      outgoing: [],
    })),
    imports: it.imports.map(([n, anchored]) => ({
      account: accountIdOf(b32(1)),
      skeleton: recordIdOf(b16(n)),
      fileName: 'bundle.json',
      sha256: b32(n),
      bytes: n,
      items: n,
      importedMs: n,
      anchored,
      index: anchored ? b32(n) : none,
    })),
    erased: it.roots.map((n) => recordIdOf(b16(n))),
    trust: it.trust.map((height) => ({
      chainId: 'test',
      rootJson: '{}',
      height,
      headerHash: b32(height),
      timeMs: height,
      gateways: [],
    })),
  }));

test('Content reads back as it was written', () => {
  fc.assert(
    fc.property(wallets, (wallet) => {
      assert.deepEqual(decodeWalletContent(encodeWalletContent(wallet)), wallet);
    }),
  );
});

test('Bytes that are not content are refused, whichever bit is wrong', () => {
  const whole = encodeWalletContent(emptyWallet('Ana'));
  for (const wrong of [none, whole.slice(1), whole.slice(0, -1), filled(40)(0x82)]) {
    assert.throws(
      () => decodeWalletContent(wrong),
      (error) => isCoded(error, 'WALLET_INVALID'),
    );
  }
});

test('Merging gives the same from either side, again and again, in any order', () => {
  fc.assert(
    fc.property(wallets, wallets, wallets, (a, b, c) => {
      const ab = mergeWallets(a, b);
      assert.deepEqual(mergeWallets(b, a), ab);
      assert.deepEqual(mergeWallets(ab, b), ab);
      assert.deepEqual(mergeWallets(mergeWallets(a, b), c), mergeWallets(a, mergeWallets(b, c)));
    }),
  );
});

test('Ended stays ended, confirmed stays confirmed, answered stays answered, and no root is lost', () => {
  fc.assert(
    fc.property(wallets, wallets, (a, b) => {
      const merged = mergeWallets(a, b);
      for (const side of [a, b]) {
        for (const grant of side.grants) {
          const found = merged.grants.find((it) => it.consent === grant.consent);
          assert.ok(found && found.ended >= grant.ended && found.confirmed >= grant.confirmed);
        }
        for (const { tx } of side.settled) assert.ok(!merged.pending.some((it) => it.tx === tx));
        for (const root of side.roots) assert.ok(merged.roots.some((it) => it.id === root.id));
        for (const { key, seenMs } of side.devices) {
          assert.ok(merged.devices.some((it) => equalBytes(it.key, key) && it.seenMs >= seenMs));
        }
      }
    }),
  );
});

test('Of two letters of a grant that of the newer keys stays, whichever came first', () => {
  const consent = consentIdOf(b16(1));
  const letterOf = (ownerGeneration: number, granteeGeneration: number, receivedMs: number) => ({
    ...{ consent, account: accountIdOf(b32(1)), grantee: accountIdOf(b32(2)), ownerName: 'Ana' },
    ...{ letter: b32(receivedMs), receivedMs, ended: false, ownerGeneration, granteeGeneration },
  });
  const holding = ([owner, grantee, receivedMs]: readonly [
    number,
    number,
    number,
  ]): WalletContent => ({
    ...emptyWallet('Dr A'),
    letters: [letterOf(owner, grantee, receivedMs)],
  });
  for (const [a, b, newer] of [
    [[0, 0, 1], [1, 0, 2], 2],
    [[1, 0, 1], [0, 0, 2], 1],
    [[0, 1, 1], [0, 0, 2], 1],
    [[1, 0, 1], [0, 9, 2], 1],
    [[1, 1, 1], [1, 1, 2], 1],
  ] as const) {
    for (const merged of [
      mergeWallets(holding(a), holding(b)),
      mergeWallets(holding(b), holding(a)),
    ]) {
      assert.deepEqual(merged.letters[0]?.letter, b32(newer));
    }
  }
});
