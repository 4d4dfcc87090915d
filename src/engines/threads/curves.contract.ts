import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { pointFromScalarSeed, proofOfPoint } from '../../crypto/group.ts';
import { labels } from '../../crypto/labels.ts';
import { signingKeyFromSeed, signLabelled } from '../../crypto/signature.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import type { Curves } from './curves.ts';

const key = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const bytes = new Uint8Array(300).fill(1);
const signature = await signLabelled(key, labels.txSign, bytes);
const vote = await key.sign(bytes);
const seed = new Uint8Array(64).fill(9);
const point = await pointFromScalarSeed(seed);
const proof = await proofOfPoint(seed, bytes);
const changed = (of: Uint8Array, at: number) => of.map((byte, i) => (i === at ? byte ^ 1 : byte));
const order = [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde];
const smallOrder = new Uint8Array(32);
/** Of the key of small order: R is one too, S is zero. ZIP-215 accepts it for every message. */
const smallSignature = concatBytes(smallOrder, new Uint8Array(32));
const tooLong = new Uint8Array(70_000).fill(1);

type Case = readonly [
  name: string,
  key: Uint8Array,
  bytes: Uint8Array,
  proof: Uint8Array,
  expected: boolean,
];

const signatures: readonly Case[] = [
  ['a good one', key.publicKey, bytes, signature, true],
  ['other bytes', key.publicKey, changed(bytes, 9), signature, false],
  ['a changed R', key.publicKey, bytes, changed(signature, 0), false],
  ['a changed S', key.publicKey, bytes, changed(signature, 40), false],
  ['another key', changed(key.publicKey, 3), bytes, signature, false],
  ['a key of small order', smallOrder, bytes, smallSignature, false],
  ['a key that is too short', key.publicKey.subarray(1), bytes, signature, false],
  ['a signature that is too long', key.publicKey, bytes, new Uint8Array(65), false],
  [
    'S not below the order',
    key.publicKey,
    bytes,
    signature.map((b, i) => (i < 32 ? b : (order[i - 32] ?? 255))),
    false,
  ],
];

const votes: readonly Case[] = [
  ['a good one', key.publicKey, bytes, vote, true],
  ['other bytes', key.publicKey, changed(bytes, 9), vote, false],
  ['one that only ZIP-215 accepts', smallOrder, bytes, smallSignature, true],
  ['a key that is too short', key.publicKey.subarray(1), bytes, vote, false],
  ['a signature that is too long', key.publicKey, bytes, new Uint8Array(65), false],
  ['over a long message', key.publicKey, tooLong, await key.sign(tooLong), true],
];

const pointProofs: readonly Case[] = [
  ['a good one', point, bytes, proof, true],
  ['another context', point, changed(bytes, 9), proof, false],
  ['a changed commitment', point, bytes, changed(proof, 0), false],
  ['a changed response', point, bytes, changed(proof, 40), false],
  ['another point', await pointFromScalarSeed(new Uint8Array(64).fill(8)), bytes, proof, false],
  ['the identity', new Uint8Array(32), bytes, proof, false],
  ['no point', new Uint8Array(32).fill(255), bytes, proof, false],
  ['a proof that is too short', point, bytes, proof.subarray(1), false],
];

/** What every adapter answers, asked alone, and among many others at once. */
export function describeCurves(
  name: string,
  curves: Curves,
  close: () => Promise<void> = async () => {},
): void {
  const ask = {
    signature: ([, key, bytes, proof]: Case) =>
      curves.verifyLabelled(key, labels.txSign, bytes, proof),
    vote: ([, key, bytes, proof]: Case) => curves.verifyVote(key, bytes, proof),
    'point proof': ([, key, bytes, proof]: Case) => curves.verifyPointProof(key, bytes, proof),
  };
  const tables = { signature: signatures, vote: votes, 'point proof': pointProofs };
  describe(`curves: ${name}`, () => {
    after(close);
    for (const kind of ['signature', 'vote', 'point proof'] as const) {
      for (const one of tables[kind]) {
        test(`${kind}, ${one[0]}: ${one[4]}`, async () => {
          assert.equal(await ask[kind](one), one[4]);
        });
      }
    }

    test('a signature under another label', async () => {
      const asked = curves.verifyLabelled(key.publicKey, labels.readSign, bytes, signature);
      assert.equal(await asked, false);
    });

    test('each of many at once gets its own answer', async () => {
      const all = Object.entries(tables).flatMap(([kind, cases]) =>
        cases.map((one) => ({ kind, one })),
      );
      const many = Array.from({ length: 10 }, () => all).flat();
      const answers = await Promise.all(
        many.map(({ kind, one }) => ask[kind as keyof typeof ask](one)),
      );
      assert.deepEqual(
        answers,
        many.map(({ one }) => one[4]),
      );
    });
  });
}
