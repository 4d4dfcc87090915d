import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountIdOf, consentIdOf, recordIdOf } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import { emptyWallet, encodeWalletContent, type WalletContent } from '../wallet/content.ts';
import { firstGenerations } from '../wallet/generations.ts';
import { bytesOfLetter, hasRoom, heldKeyBytes, receivedLimits } from './received-room.ts';

const filled = (length: number, n: number) => new Uint8Array(length).fill(n);
const [ana, eve, doctor] = [1, 2, 3].map((n) => accountIdOf(filled(32, n)));
assert.ok(ana && eve && doctor);
const consent = consentIdOf(filled(16, 9));
const secret = filled(32, 1);
const letter = {
  ...{ consent, account: ana, grantee: doctor, ownerName: 'Ä'.repeat(200) },
  ...{ letter: filled(20_000, 3), receivedMs: Number.MAX_SAFE_INTEGER, ended: false },
  ...firstGenerations,
};

test('what a letter or a key is counted as is no less than what it takes in a wallet', () => {
  const empty = emptyWallet('');
  const bytesOf = (change: Partial<WalletContent>) =>
    encodeWalletContent({ ...empty, ...change }).length - encodeWalletContent(empty).length;
  assert.ok(bytesOf({ letters: [letter] }) <= bytesOfLetter(letter));
  const epoch = Number.MAX_SAFE_INTEGER;
  for (const change of [
    { segments: [{ consent, class: 'medication', epoch, secret }] },
    { openings: [{ consent, record: recordIdOf(filled(16, 1)), secret }] },
    { openedSets: [{ consent, keySetBlob: blobIdOf(secret) }] },
  ]) {
    assert.ok(bytesOf(change) <= heldKeyBytes, JSON.stringify(Object.keys(change)));
  }
});

/** A wallet that holds so many keys of one patient's grant. */
const holding = (keys: number): WalletContent => ({
  ...emptyWallet('Dr A'),
  letters: [letter],
  segments: Array.from({ length: keys }, (_, epoch) => ({ consent, class: 'lab', epoch, secret })),
});

for (const [what, keys, patient, bytes, expected] of [
  ['a little of one who has little', 0, ana, 1_000, true],
  ['all of one’s share', 0, eve, receivedLimits.bytesOfOne, true],
  ['more than one’s share', 0, eve, receivedLimits.bytesOfOne + 1, false],
  ['a little of one whose share is used up', 1_400, ana, 4_000, false],
  ['a little of another', 1_400, eve, 4_000, true],
  ['a little when all have used up theirs', 27_000, eve, 4_000, false],
] as const) {
  test(`room in a wallet for ${what}: ${expected}`, () => {
    assert.equal(hasRoom(holding(keys), patient, bytes), expected);
  });
}
