import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verifyVote } from '../../../test/fakes/verify-vote.ts';
import { hexToBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Commit } from './commit.ts';
import { type BlockId, type Header, headerHash, noBlockId } from './header.ts';
import { type SignedHeaderParts, type TrustedHeader, verifyNext } from './light-client.ts';
import { type Timestamp, zeroTime } from './timestamp.ts';
import type { Validator } from './validators.ts';
import { voteSignBytes } from './vote.ts';

const vectors = (name: string) =>
  JSON.parse(
    readFileSync(
      new URL(`../../../test/vectors/published/cometbft/${name}.json`, import.meta.url),
      'utf8',
    ),
  ).cases;

const hex = (text: string | null): Uint8Array =>
  hexToBytes((text ?? '').toLowerCase()) ?? assert.fail('not hex');
const time = (text: string): Timestamp => ({ seconds: Date.parse(text) / 1000, nanos: 0 });

test("a header hashes to CometBFT's published value", () => {
  const [v] = vectors('header-hash');
  const header: Header = {
    version: { block: v.block, app: v.app },
    chainId: v.chainId,
    height: v.height,
    time: time(v.time),
    lastBlockId: {
      hash: hex(v.lastBlockId.hash),
      parts: { total: v.lastBlockId.total, hash: hex(v.lastBlockId.partsHash) },
    },
    lastCommitHash: hex(v.lastCommitHash),
    dataHash: hex(v.dataHash),
    validatorsHash: hex(v.validatorsHash),
    nextValidatorsHash: hex(v.nextValidatorsHash),
    consensusHash: hex(v.consensusHash),
    appHash: hex(v.appHash),
    lastResultsHash: hex(v.lastResultsHash),
    evidenceHash: hex(v.evidenceHash),
    proposerAddress: hex(v.proposerAddress),
  };
  assert.equal(headerHash(header), v.hash);
  assert.notEqual(headerHash({ ...header, height: 4 }), v.hash);
});

test("votes have CometBFT's published sign bytes", () => {
  const cases = vectors('vote-sign-bytes');
  assert.equal(cases.length, 5);
  for (const { chainId, type, height, round, bytes } of cases) {
    const made = voteSignBytes({
      type,
      height,
      round,
      blockId: undefined,
      time: zeroTime,
      chainId,
    });
    assert.deepEqual(made, hex(bytes));
  }
});

// The shapes of Tendermint's JSON, as far as these vectors use them.
interface JsonBlockId {
  hash: string;
  part_set_header: { total: number; hash: string };
}
interface JsonSet {
  validators: { pub_key: { value: string }; voting_power: string }[];
}

const blockId = (id: JsonBlockId | null): BlockId =>
  id === null
    ? noBlockId
    : {
        hash: hex(id.hash),
        parts: { total: id.part_set_header.total, hash: hex(id.part_set_header.hash) },
      };

const set = (json: JsonSet): Validator[] =>
  json.validators.map(({ pub_key, voting_power }) => ({
    publicKey: new Uint8Array(Buffer.from(pub_key.value, 'base64')),
    power: Number(voting_power),
  }));

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON of a vector file
function signedHeader(json: any): { header: Header; commit: Commit } {
  const { header: h, commit: c } = json;
  return {
    header: {
      version: { block: Number(h.version.block), app: Number(h.version.app) },
      chainId: h.chain_id,
      height: Number(h.height),
      time: time(h.time),
      lastBlockId: blockId(h.last_block_id),
      lastCommitHash: hex(h.last_commit_hash),
      dataHash: hex(h.data_hash),
      validatorsHash: hex(h.validators_hash),
      nextValidatorsHash: hex(h.next_validators_hash),
      consensusHash: hex(h.consensus_hash),
      appHash: hex(h.app_hash),
      lastResultsHash: hex(h.last_results_hash),
      evidenceHash: hex(h.evidence_hash),
      proposerAddress: hex(h.proposer_address),
    },
    commit: {
      height: Number(c.height),
      round: c.round,
      blockId: blockId(c.block_id),
      signatures: c.signatures.map(
        (s: {
          block_id_flag: number;
          validator_address: string;
          timestamp: string;
          signature: string;
        }) => ({
          flag: s.block_id_flag,
          address: hex(s.validator_address),
          time: time(s.timestamp),
          signature: new Uint8Array(Buffer.from(s.signature ?? '', 'base64')),
        }),
      ),
    },
  };
}

for (const { description, initial, input } of vectors('light-verifier')) {
  test(`the light client judges as Tendermint's model does: ${description}`, async () => {
    let trusted: TrustedHeader = {
      header: signedHeader(initial.signed_header).header,
      nextValidators: set(initial.next_validator_set),
    };
    for (const { block, now, verdict } of input) {
      const next: SignedHeaderParts = {
        ...signedHeader(block.signed_header),
        validators: set(block.validator_set),
      };
      const clock = {
        nowMs: Date.parse(now),
        trustingPeriodMs: Number(initial.trusting_period) / 1_000_000,
        maxDriftMs: 1000,
      };
      const reached = await verifyNext(trusted, next, clock, verifyVote).then(
        () => 'SUCCESS',
        (error: unknown) => {
          if (isCoded(error, 'HEADER_NEEDS_STEPS')) return 'NOT_ENOUGH_TRUST';
          assert.ok(isCoded(error, 'HEADER_INVALID') || isCoded(error, 'HEADER_EXPIRED'));
          return 'INVALID';
        },
      );
      assert.equal(reached, verdict);
      if (reached === 'SUCCESS') {
        trusted = { header: next.header, nextValidators: set(block.next_validator_set) };
      }
    }
  });
}
