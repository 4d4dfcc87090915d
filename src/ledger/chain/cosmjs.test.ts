import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as abci from 'cosmjs-types/tendermint/abci/types';
import * as types from 'cosmjs-types/tendermint/types/types';
import * as validator from 'cosmjs-types/tendermint/types/validator';
import fc from 'fast-check';
import { isIncluded, leafHash, merkleRoot, merkleTree } from '../merkle.ts';
import { resultLeaf } from './block-leaves.ts';
import { type Commit, decodeCommit, encodeCommit } from './commit.ts';
import { type BlockId, decodeHeader, encodeHeader, type Header } from './header.ts';
import { varint } from './protobuf.ts';
import { encodeTimestamp, type Timestamp } from './timestamp.ts';
import { validatorsHash } from './validators.ts';

// cosmjs-types is generated from the protocol's own .proto files: an oracle that shares no code with ours.
// Its version 0.11.0 writes 64-bit varints between 2^31 and 2^32 wrongly; those have their own test below.
const isSoundThere = (value: number) => value < 2 ** 31 || value >= 2 ** 32;
const bytes = fc.uint8Array({ maxLength: 40 });
const uint = fc.oneof(fc.constant(0), fc.maxSafeNat()).filter(isSoundThere);
const height = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).filter(isSoundThere);
const time: fc.Arbitrary<Timestamp> = fc.record({
  seconds: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }).filter(isSoundThere),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
});
const blockId: fc.Arbitrary<BlockId> = fc.record({
  hash: bytes,
  parts: fc.record({ total: fc.integer({ min: 0, max: 2 ** 31 }), hash: bytes }),
});
const theirTime = ({ seconds, nanos }: Timestamp) => ({ seconds: BigInt(seconds), nanos });
const theirId = ({ hash, parts }: BlockId) => ({ hash, partSetHeader: parts });

test('headers are encoded and decoded as the protocol files say', () => {
  const headers: fc.Arbitrary<Header> = fc.record({
    version: fc.record({ block: uint, app: uint }),
    chainId: fc.string({ maxLength: 50 }),
    height,
    time,
    lastBlockId: blockId,
    lastCommitHash: bytes,
    dataHash: bytes,
    validatorsHash: bytes,
    nextValidatorsHash: bytes,
    consensusHash: bytes,
    appHash: bytes,
    lastResultsHash: bytes,
    evidenceHash: bytes,
    proposerAddress: bytes,
  });
  fc.assert(
    fc.property(headers, (header) => {
      const ours = encodeHeader(header);
      const theirs = types.Header.encode({
        ...header,
        version: { block: BigInt(header.version.block), app: BigInt(header.version.app) },
        height: BigInt(header.height),
        time: theirTime(header.time),
        lastBlockId: theirId(header.lastBlockId),
      }).finish();
      assert.deepEqual(ours, new Uint8Array(theirs));
      assert.deepEqual(encodeHeader(decodeHeader(ours)), ours);
      assert.equal(decodeHeader(ours).height, header.height);
    }),
  );
});

test('commits are encoded and decoded as the protocol files say', () => {
  const commits: fc.Arbitrary<Commit> = fc.record({
    height,
    round: fc.nat(),
    blockId,
    signatures: fc.array(
      fc.record({
        flag: fc.integer({ min: 1, max: 3 }),
        address: bytes,
        time,
        signature: bytes,
      }),
      { maxLength: 5 },
    ),
  });
  fc.assert(
    fc.property(commits, (commit) => {
      const ours = encodeCommit(commit);
      const theirs = types.Commit.encode({
        height: BigInt(commit.height),
        round: commit.round,
        blockId: theirId(commit.blockId),
        signatures: commit.signatures.map((vote) => ({
          blockIdFlag: vote.flag,
          validatorAddress: vote.address,
          timestamp: theirTime(vote.time),
          signature: vote.signature,
        })),
      }).finish();
      assert.deepEqual(ours, new Uint8Array(theirs));
      assert.deepEqual(encodeCommit(decodeCommit(ours)), ours);
      assert.equal(decodeCommit(ours).signatures.length, commit.signatures.length);
    }),
  );
});

test('validators and results are hashed over the encodings of the protocol files', () => {
  const validators = fc.array(
    fc.record({ publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }), power: uint }),
    { maxLength: 9 },
  );
  fc.assert(
    fc.property(validators, (set) => {
      const leaves = set.map(({ publicKey, power }) =>
        leafHash(
          validator.SimpleValidator.encode({
            pubKey: { ed25519: publicKey },
            votingPower: BigInt(power),
          }).finish(),
        ),
      );
      assert.deepEqual(validatorsHash(set), merkleRoot(leaves));
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), bytes, (code, data) => {
      const theirs = abci.ExecTxResult.encode(
        abci.ExecTxResult.fromPartial({ code, data }),
      ).finish();
      assert.deepEqual(resultLeaf({ code, data }), leafHash(theirs));
    }),
  );
});

test('a time is encoded as google.protobuf.Timestamp', () => {
  fc.assert(
    fc.property(time, (at) => {
      const theirs = types.Vote.encode(
        types.Vote.fromPartial({ timestamp: theirTime(at) }),
      ).finish();
      // Field 5 of Vote holds the timestamp; our bytes stand at its end or somewhere within.
      assert.ok(Buffer.from(theirs).includes(Buffer.from(encodeTimestamp(at))));
    }),
  );
});

test('the tree of a block has the root and the paths of RFC 6962 at every size', () => {
  for (let count = 0; count <= 70; count++) {
    const leaves = Array.from({ length: count }, (_, i) => leafHash(Uint8Array.of(i)));
    const tree = merkleTree(leaves);
    assert.deepEqual(tree.root, merkleRoot(leaves));
    for (const [index, leaf] of leaves.entries()) {
      assert.ok(isIncluded(leaf, index, count, tree.path(index), tree.root));
    }
  }
});

test('a number between 2^31 and 2^32 is five bytes of seven bits', () => {
  assert.deepEqual(varint(2 ** 31), Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x08));
  assert.deepEqual(varint(2 ** 32 - 1), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f));
});
