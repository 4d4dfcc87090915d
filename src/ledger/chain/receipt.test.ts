import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import { headerOf, headersChain, type Signer, signedHeader } from '../../../test/signed-headers.ts';
import { labelledHash, sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { concatBytes, utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Commitment } from '../act.ts';
import { leafHash, merkleTree } from '../merkle.ts';
import { resultLeaf, txLeaf } from './block-leaves.ts';
import { commitHash, emptyRoot } from './commit.ts';
import { headerHashBytes } from './header.ts';
import {
  attachClaim,
  attachWitness,
  decodeReceipt,
  encodeReceipt,
  type Receipt,
  verifyReceipt,
  witnessMessage,
} from './receipt.ts';
import { formatTrustRoot, parseTrustRoot, trustRootOf } from './trust-root.ts';
import { sortValidators, validatorsHash } from './validators.ts';

interface LocalSigner extends Signer {
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

function signer(power = 1): LocalSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const jwk = publicKey.export({ format: 'jwk' });
  return {
    sign: (bytes) => sign(null, bytes, privateKey),
    power,
    publicKey: Buffer.from(jwk.x ?? '', 'base64url'),
  };
}

const chain = headersChain;

const salt = new Uint8Array(32).fill(7);
const request = utf8('signed request');
const content = utf8('leaf content');
const entryHash = labelledHash(labels.readEntry, salt, request);
const anchorRoot = leafHash(concatBytes(salt, content));
/** What the acts of the test transaction commit to. */
const targets = (): (Commitment | undefined)[] => [
  { kind: 'entries', hashes: [emptyRoot, entryHash] },
  { kind: 'root', root: anchorRoot, count: 1 },
];

/** A receipt for the second of three transactions in block 5 of a chain that the given set signs. */
async function example(set: readonly Signer[], votes = set.length) {
  const txs = ['a', 'b', 'c'].map(utf8);
  const results = txs.map((tx, i) => ({ code: i === 1 ? 0 : 7, data: tx }));
  const txTree = merkleTree(txs.map((tx) => txLeaf(sha256(tx))));
  const resultTree = merkleTree(results.map(resultLeaf));
  const at = headerOf(5, set, { dataHash: txTree.root });
  const hash = headerHashBytes(at);
  const next = headerOf(6, set, {
    lastBlockId: { hash, parts: { total: 1, hash } },
    lastCommitHash: commitHash((await signedHeader(at, set)).commit),
    lastResultsHash: resultTree.root,
  });
  const proof = await signedHeader(next, set, votes);
  const [, tx] = txs;
  const [, result] = results;
  assert.ok(tx !== undefined && result !== undefined);
  const receipt: Receipt = {
    tx,
    height: 5,
    index: 1,
    count: 3,
    result,
    txPath: txTree.path(1),
    resultPath: resultTree.path(1),
    header: at,
    nextHeader: next,
    nextCommit: proof.commit,
    nextValidators: set,
    witnesses: [],
    changes: [],
    claim: undefined,
  };
  return { receipt, trustRoot: trustRootOf(headerOf(1, set), emptyRoot, []) };
}

const refusal = (reason: string) => (error: unknown) =>
  isCoded(error, 'RECEIPT_INVALID') && error.details.reason === reason;

test('a receipt of a single operator verifies and says that only the operator vouches', async () => {
  const { receipt, trustRoot } = await example([signer()]);
  const verdict = await verifyReceipt(encodeReceipt(receipt), trustRoot, verifyVote, targets);
  assert.equal(verdict.vouchedBy, 'operator');
  assert.equal(verdict.height, 5);
  assert.equal(verdict.timeMs, 1_000_005);
  assert.equal(verdict.code, 0);
});

test('a receipt of four validators needs three votes and counts them', async () => {
  const set = [signer(), signer(), signer(), signer()];
  const three = await example(set, 3);
  const verdict = await verifyReceipt(
    encodeReceipt(three.receipt),
    three.trustRoot,
    verifyVote,
    targets,
  );
  assert.equal(verdict.vouchedBy, '3 of 4 validators');
  const two = await example(set, 2);
  await assert.rejects(
    verifyReceipt(encodeReceipt(two.receipt), two.trustRoot, verifyVote, targets),
    refusal('validators'),
  );
});

test('witnesses of the trust root are counted once each, others not at all', async () => {
  const set = [signer()];
  const [known, unknown] = [signer(), signer()];
  const { receipt } = await example(set);
  const trustRoot = trustRootOf(headerOf(1, set), emptyRoot, [known.publicKey]);
  const message = witnessMessage(chain, 6, headerHashBytes(receipt.nextHeader));
  const by = (who: LocalSigner) => ({
    publicKey: who.publicKey,
    signature: who.sign(message),
  });
  const witnessed = { ...receipt, witnesses: [by(known), by(known), by(unknown)] };
  const verdict = await verifyReceipt(encodeReceipt(witnessed), trustRoot, verifyVote, targets);
  assert.equal(verdict.vouchedBy, 'operator + 1 witness');
  const added = attachWitness(attachWitness(encodeReceipt(receipt), by(unknown)), by(known));
  const expected = { ...receipt, witnesses: [by(unknown), by(known)] };
  assert.deepEqual(attachWitness(added, by(known)), encodeReceipt(expected));
  const forged = { publicKey: known.publicKey, signature: by(unknown).signature };
  await assert.rejects(
    verifyReceipt(
      encodeReceipt({ ...receipt, witnesses: [forged] }),
      trustRoot,
      verifyVote,
      targets,
    ),
    refusal('witness'),
  );
});

test('validator changes lead from the trust root to a later set, and only without a gap', async () => {
  const [a, b, c] = [[signer()], [signer()], [signer(), signer(), signer()]];
  const { receipt } = await example(c);
  const trustRoot = trustRootOf(headerOf(1, a), emptyRoot, []);
  const toB = await signedHeader(headerOf(2, a, { nextValidatorsHash: validatorsHash(b) }), a);
  const toC = await signedHeader(headerOf(4, b, { nextValidatorsHash: validatorsHash(c) }), b);
  const verdict = await verifyReceipt(
    encodeReceipt({ ...receipt, changes: [toB, toC] }),
    trustRoot,
    verifyVote,
    targets,
  );
  assert.equal(verdict.vouchedBy, '3 of 3 validators');
  for (const changes of [[], [toB], [toC], [toC, toB]]) {
    await assert.rejects(
      verifyReceipt(encodeReceipt({ ...receipt, changes }), trustRoot, verifyVote, targets),
      refusal('trust-root'),
    );
  }
});

test('an operator that signs another header at the height of the trust root is caught', async () => {
  const { receipt } = await example([signer()]);
  const trustRoot = trustRootOf({ ...receipt.header, appHash: new Uint8Array(32) }, emptyRoot, []);
  await assert.rejects(
    verifyReceipt(encodeReceipt(receipt), trustRoot, verifyVote, targets),
    refusal('trust-root'),
  );
});

const other = new Uint8Array(32);
for (const [name, reason, change] of [
  ['another transaction', 'tx', (r) => ({ ...r, tx: utf8('x') })],
  ['another place', 'tx', (r) => ({ ...r, index: 0 })],
  ['another count', 'tx', (r) => ({ ...r, count: 9 })],
  ['a path one too short', 'tx', (r) => ({ ...r, txPath: r.txPath.slice(1) })],
  ['another result code', 'result', (r) => ({ ...r, result: { ...r.result, code: 1 } })],
  ['other result data', 'result', (r) => ({ ...r, result: { ...r.result, data: other } })],
  ['another height', 'height', (r) => ({ ...r, height: 6 })],
  ['another header', 'link', (r) => ({ ...r, header: { ...r.header, appHash: other } })],
  [
    'another next header',
    'validators',
    (r) => ({ ...r, nextHeader: { ...r.nextHeader, appHash: other } }),
  ],
  ['another validator', 'validators', (r) => ({ ...r, nextValidators: [signer()] })],
  [
    'another power',
    'validators',
    (r) => ({ ...r, nextValidators: r.nextValidators.map((v) => ({ ...v, power: 2 })) }),
  ],
  [
    'a broken signature',
    'signature',
    (r) => ({
      ...r,
      nextCommit: {
        ...r.nextCommit,
        signatures: r.nextCommit.signatures.map((s) => ({ ...s, signature: new Uint8Array(64) })),
      },
    }),
  ],
  [
    'a vote of an unknown kind',
    'validators',
    (r) => ({
      ...r,
      nextCommit: {
        ...r.nextCommit,
        signatures: r.nextCommit.signatures.map((s) => ({ ...s, flag: 4 })),
      },
    }),
  ],
  ['no votes', 'validators', (r) => ({ ...r, nextCommit: { ...r.nextCommit, signatures: [] } })],
] as const satisfies readonly (readonly [string, string, (r: Receipt) => Receipt])[]) {
  test(`a receipt with ${name} does not hold: ${reason}`, async () => {
    const { receipt, trustRoot } = await example([signer()]);
    await assert.rejects(
      verifyReceipt(encodeReceipt(change(receipt)), trustRoot, verifyVote, targets),
      refusal(reason),
    );
  });
}

test('no changed byte of a receipt passes', async () => {
  const { receipt, trustRoot } = await example([signer()]);
  const bytes = encodeReceipt(receipt);
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(
      verifyReceipt(changed, trustRoot, verifyVote, targets),
      (error) => isCoded(error, 'RECEIPT_INVALID') || isCoded(error, 'TRUST_ROOT_WRONG'),
      `byte ${at}`,
    );
  }
});

test('a receipt is bound to its own chain', async () => {
  const { receipt, trustRoot } = await example([signer()]);
  await assert.rejects(
    verifyReceipt(encodeReceipt(receipt), { ...trustRoot, chain: 'test-2' }, verifyVote, targets),
    (error) => isCoded(error, 'TRUST_ROOT_WRONG'),
  );
});

for (const [name, claim, holds] of [
  [
    'the entry that was logged',
    { kind: 'entry', act: 0, entry: 1, salt, signedRequest: request },
    true,
  ],
  ['another request', { kind: 'entry', act: 0, entry: 1, salt, signedRequest: content }, false],
  ['another entry', { kind: 'entry', act: 0, entry: 0, salt, signedRequest: request }, false],
  [
    'an entry of an act without entries',
    { kind: 'entry', act: 1, entry: 0, salt, signedRequest: request },
    false,
  ],
  ['the anchored leaf', { kind: 'leaf', act: 1, salt, content, index: 0, path: [] }, true],
  ['another leaf', { kind: 'leaf', act: 1, salt, content: request, index: 0, path: [] }, false],
  ['an act that is not there', { kind: 'leaf', act: 2, salt, content, index: 0, path: [] }, false],
] as const) {
  test(`a claim that opens ${name} ${holds ? 'holds' : 'does not hold'}`, async () => {
    const { receipt, trustRoot } = await example([signer()]);
    const claimed = attachClaim(encodeReceipt(receipt), claim);
    const verdict = verifyReceipt(claimed, trustRoot, verifyVote, targets);
    if (holds) assert.deepEqual((await verdict).claim, { ...claim });
    else await assert.rejects(verdict, refusal('claim'));
  });
}

test('a receipt is read back as it was written', async () => {
  const { receipt } = await example(sortValidators([signer(2), signer(1)]) as Signer[]);
  assert.deepEqual(encodeReceipt(decodeReceipt(encodeReceipt(receipt))), encodeReceipt(receipt));
});

test('a trust root is read back as it was written, and nothing unknown beside it', async () => {
  const { trustRoot } = await example([signer()]);
  assert.deepEqual(parseTrustRoot(formatTrustRoot(trustRoot)), trustRoot);
  for (const change of [
    { height: 0 },
    { chain: '' },
    { headerHash: 'AA' },
    { witnesses: ['00'] },
    { witnesses: [trustRoot.headerHash, trustRoot.headerHash] },
    { extra: 1 },
  ]) {
    assert.throws(
      () => parseTrustRoot(JSON.stringify({ ...trustRoot, ...change })),
      (error) => isCoded(error, 'TRUST_ROOT_WRONG'),
    );
  }
  assert.throws(
    () => parseTrustRoot('{'),
    (error) => isCoded(error, 'TRUST_ROOT_WRONG'),
  );
});
