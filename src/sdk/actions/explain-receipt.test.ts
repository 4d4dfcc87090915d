import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainId, makeBody, makePerson, signTx } from '../../../test/builders.ts';
import { encodeErased } from '../../api/erase.ts';
import { encodeLeafContent } from '../../api/item.ts';
import { encodeSigned } from '../../api/signed.ts';
import type { Claim } from '../../ledger/chain/claim.ts';
import { headerHashOf, txIdOf } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import { explainReceipt } from './explain-receipt.ts';

type Act = Parameters<typeof makeBody>[3][number];

const hash = new Uint8Array(32).fill(7);
const hospital = await makePerson('hospital', 'organisation');

const item = encodeLeafContent({
  headerHash: hash,
  blobId: blobIdOf(hash),
  recordClass: 'lab',
  paddedSize: 4096,
});
const tombstone = encodeSigned({
  bytes: encodeErased({
    ...{ chainId, account: hospital.account, leaf: hash, holder: hospital.account },
    ...{ holderKey: hash, erasedMs: 5 },
  }),
  signature: new Uint8Array(64),
});

const anchor: Act = { kind: 'DataAnchor', consent: '', epoch: 1, root: hash, count: 1 };
const batch = (kind: 'erased' | 'refusal'): Act => ({
  ...{ kind: 'BatchAnchor', batch: kind, root: hash, count: 1, firstMs: 1, lastMs: 2 },
});

/** A claim has its salt apart; a batch's leaf carries it inside, as its first 32 bytes. */
const leafOf = (salt: Uint8Array, content: Uint8Array): Claim => ({
  ...{ kind: 'leaf', act: 0, salt, content, index: 3, path: [] },
});
const itemClaim = leafOf(hash, item);
const tombstoneClaim = leafOf(tombstone.subarray(0, 32), tombstone.subarray(32));

for (const [name, act, claim, expected] of [
  ['an item of an anchor', anchor, itemClaim, 'item'],
  ['a tombstone of a batch of tombstones', batch('erased'), tombstoneClaim, 'erased'],
  ['a tombstone that an anchor of items holds', anchor, tombstoneClaim, 'row'],
  ['an item that a batch of tombstones holds', batch('erased'), itemClaim, 'row'],
  ['an item that a batch of refusals holds', batch('refusal'), itemClaim, 'row'],
  ['bytes that are no item', anchor, leafOf(hash, hash), 'row'],
] as const) {
  test(`A claim is told by the act that anchors it: ${name}: ${expected}`, async () => {
    const tx = await signTx(makeBody(hospital.account, 1, 1_000, [act]), hospital.key);
    const explained = explainReceipt({
      ...{ chain: chainId, height: 2, timeMs: 1, txId: txIdOf(hash), tx, code: 0 },
      ...{ data: new Uint8Array(0), headerHash: headerHashOf(hash), vouchedBy: 'operator' },
      ...{ validatorsSigned: 1, validatorsTotal: 1, witnesses: 0, claim },
    });
    assert.equal(explained.claim?.kind, expected);
  });
}
