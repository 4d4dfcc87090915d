import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accountIdOf, consentIdOf, recordIdOf } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import {
  decodeWalletContent,
  emptyWallet,
  encodeWalletContent,
  type WalletContent,
} from './content.ts';
import { withoutEnded } from './ended.ts';
import { firstGenerations } from './generations.ts';
import { mergeWallets } from './merge.ts';

const filled = (length: number, n: number) => new Uint8Array(length).fill(n);
const consents = [0, 1, 2].map((n) => consentIdOf(filled(16, n)));

/** A wallet that holds some of three letters, ended or not, with a key of each kind. */
const wallets: fc.Arbitrary<WalletContent> = fc
  .array(fc.constantFrom('none', 'held', 'ended'), { minLength: 3, maxLength: 3 })
  .map((states) => {
    const held = consents.filter((_, n) => states[n] !== 'none');
    const one = filled(32, 1);
    return withoutEnded({
      ...emptyWallet('Dr A'),
      letters: held.map((consent) => ({
        ...{ consent, account: accountIdOf(one), grantee: accountIdOf(filled(32, 2)) },
        ...{ ownerName: 'Ana', letter: filled(500, 3), receivedMs: 7, ...firstGenerations },
        ended: states[consents.indexOf(consent)] === 'ended',
      })),
      segments: held.map((consent) => ({ consent, class: 'lab', epoch: 1, secret: one })),
      openings: held.map((consent) => ({
        consent,
        record: recordIdOf(filled(16, 4)),
        secret: one,
      })),
      openedSets: held.map((consent) => ({ consent, keySetBlob: blobIdOf(one) })),
    });
  });
const encoded = (content: WalletContent) => encodeWalletContent(mergeWallets(content, content));

test('what one device forgot no other brings back, whichever met which first', () => {
  fc.assert(
    fc.property(wallets, wallets, wallets, (a, b, c) => {
      const left = mergeWallets(mergeWallets(a, b), c);
      const right = mergeWallets(a, mergeWallets(c, b));
      assert.deepEqual(encoded(left), encoded(right));
      assert.deepEqual(decodeWalletContent(encodeWalletContent(left)), left);
      for (const consent of consents) {
        const letters = [a, b, c].flatMap((it) => it.letters.filter((l) => l.consent === consent));
        const merged = left.letters.find((it) => it.consent === consent);
        const isEnded = letters.some((it) => it.ended);
        assert.equal(merged?.ended, letters.length === 0 ? undefined : isEnded);
        const keys = [left.segments, left.openings, left.openedSets].map(
          (all) => all.filter((it) => it.consent === consent).length,
        );
        const has = letters.length > 0 && !isEnded ? 1 : 0;
        assert.deepEqual(keys, [has, has, has]);
      }
    }),
    { numRuns: 60 },
  );
});

test('a letter that has ended takes less than 150 bytes', () => {
  const held = consents.slice(0, 1).map((consent) => ({
    ...{ consent, account: accountIdOf(filled(32, 1)), grantee: accountIdOf(filled(32, 2)) },
    ...{ ownerName: 'Ana', letter: filled(20_000, 3), receivedMs: Date.now(), ended: true },
    ...firstGenerations,
  }));
  const content = withoutEnded({ ...emptyWallet('Dr A'), letters: held });
  const none = encodeWalletContent(emptyWallet('Dr A')).length;
  assert.ok(encodeWalletContent(content).length - none < 150);
});
