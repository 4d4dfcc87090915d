import { z } from 'zod';
import type { Commit, CommitSig } from '../../../ledger/chain/commit.ts';
import type { BlockId, Header } from '../../../ledger/chain/header.ts';
import type { Timestamp } from '../../../ledger/chain/timestamp.ts';
import type { Validator } from '../../../ledger/chain/validators.ts';
import type { Misbehaviour } from '../../../ledger/validator-set.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { TxResult } from '../../application.ts';
import type { Answered } from './rpc.ts';

/**
 * CometBFT's JSON as our types: bytes of hashes are hexadecimal, of transactions and keys base64, integers of 64 bits text.
 * Source: CometBFT v0.38, rpc/openapi.
 */
const hex = z
  .string()
  .regex(/^([0-9A-Fa-f]{2})*$/)
  .transform((it) => new Uint8Array(Buffer.from(it, 'hex')));
const base64 = z
  .string()
  .nullish()
  .transform((it) => new Uint8Array(Buffer.from(it ?? '', 'base64')));
const integer = z
  .union([z.string().regex(/^-?\d{1,16}$/), z.number()])
  .transform(Number)
  .refine(Number.isSafeInteger);

const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

/** RFC 3339 with nanoseconds, which `Date` would cut off. */
const time = z
  .string()
  .regex(timePattern)
  .transform((it): Timestamp => {
    const [, whole = '', fraction = ''] = timePattern.exec(it) ?? [];
    const seconds = Date.parse(`${whole}Z`) / 1_000;
    return { seconds, nanos: Number(fraction.padEnd(9, '0')) };
  });

const blockId = z
  .object({ hash: hex, parts: z.object({ total: integer, hash: hex }) })
  .transform((it): BlockId => it);

const header = z
  .object({
    version: z.object({ block: integer, app: integer.default(0) }),
    chain_id: z.string(),
    height: integer,
    time,
    last_block_id: blockId,
    last_commit_hash: hex,
    data_hash: hex,
    validators_hash: hex,
    next_validators_hash: hex,
    consensus_hash: hex,
    app_hash: hex,
    last_results_hash: hex,
    evidence_hash: hex,
    proposer_address: hex,
  })
  .transform(
    (it): Header => ({
      version: it.version,
      chainId: it.chain_id,
      height: it.height,
      time: it.time,
      lastBlockId: it.last_block_id,
      lastCommitHash: it.last_commit_hash,
      dataHash: it.data_hash,
      validatorsHash: it.validators_hash,
      nextValidatorsHash: it.next_validators_hash,
      consensusHash: it.consensus_hash,
      appHash: it.app_hash,
      lastResultsHash: it.last_results_hash,
      evidenceHash: it.evidence_hash,
      proposerAddress: it.proposer_address,
    }),
  );

const commitSig = z
  .object({ block_id_flag: integer, validator_address: hex, timestamp: time, signature: base64 })
  .transform(
    (it): CommitSig => ({
      flag: it.block_id_flag,
      address: it.validator_address,
      time: it.timestamp,
      signature: it.signature,
    }),
  );

const commit = z
  .object({ height: integer, round: integer, block_id: blockId, signatures: z.array(commitSig) })
  .transform(
    (it): Commit => ({
      height: it.height,
      round: it.round,
      blockId: it.block_id,
      signatures: it.signatures,
    }),
  );

const signedAnswer = z.object({ signed_header: z.object({ header, commit }) });
/** Two votes of one validator for one height. */
const doubleVote = z
  .object({ value: z.object({ vote_a: z.object({ validator_address: hex, height: integer }) }) })
  .transform(({ value: { vote_a: vote } }) => [
    { validatorAddress: vote.validator_address, height: vote.height },
  ]);
/** A header that was shown to a client and is none of this chain, and who signed it. */
const attackOnClients = z
  .object({
    value: z.object({
      common_height: integer,
      byzantine_validators: z.array(z.object({ address: hex })),
    }),
  })
  .transform(({ value }) =>
    value.byzantine_validators.map(({ address }) => ({
      ...{ validatorAddress: address, height: value.common_height },
    })),
  );
const blockAnswer = z.object({
  block: z.object({
    data: z.object({ txs: z.array(base64).nullish() }),
    evidence: z.object({ evidence: z.array(z.union([doubleVote, attackOnClients])).nullish() }),
  }),
});
const resultsAnswer = z.object({
  txs_results: z.array(z.object({ code: integer.default(0), data: base64 })).nullish(),
  app_hash: base64,
});
const validatorsAnswer = z.object({
  validators: z.array(
    z.object({
      pub_key: z.object({ value: base64 }),
      voting_power: integer,
      proposer_priority: integer.default(0),
    }),
  ),
  total: integer,
});
const infoAnswer = z.object({ response: z.object({ last_block_height: integer.default(0) }) });
const sentAnswer = z.object({ code: integer, hash: hex });
const queryAnswer = z.object({
  response: z.object({
    code: integer.default(0),
    value: base64,
    height: integer.default(0),
    proofOps: z
      .object({ ops: z.array(z.object({ type: z.string(), data: base64 })).nullish() })
      .nullish(),
  }),
});

const syncAnswer = z.object({
  sync_info: z.object({
    latest_block_height: integer,
    earliest_block_height: integer.default(1),
    catching_up: z.boolean(),
  }),
});
const peersAnswer = z.object({
  peers: z.array(z.object({ node_info: z.object({ id: z.string() }) })),
});
const mempoolAnswer = z.object({ total: integer, total_bytes: integer });
const consensusAnswer = z.object({
  peers: z
    .array(z.object({ peer_state: z.object({ round_state: z.object({ height: integer }) }) }))
    .nullish(),
});

/** Throws NODE_WRONG: the node answers in another way than its version should. */
function read<T>(shape: z.ZodType<T>, answered: Answered, what: string): T {
  const result = shape.safeParse(answered);
  if (result.success) return result.data;
  throw new CodedError('NODE_WRONG', { what }, result.error);
}

export function readSigned(answered: Answered): {
  readonly header: Header;
  readonly commit: Commit;
} {
  return read(signedAnswer, answered, 'commit').signed_header;
}

export function readBlock(answered: Answered): {
  readonly txs: readonly Uint8Array[];
  readonly misbehaviour: readonly Misbehaviour[];
} {
  const { data, evidence } = read(blockAnswer, answered, 'block').block;
  return { txs: data.txs ?? [], misbehaviour: (evidence.evidence ?? []).flat() };
}

export function readResults(answered: Answered): {
  readonly results: readonly TxResult[];
  readonly appHash: Uint8Array;
} {
  const { txs_results, app_hash } = read(resultsAnswer, answered, 'block_results');
  return { results: txs_results ?? [], appHash: app_hash };
}

/** Who proposes when, beside the set: what CometBFT calls the priorities of its proposers, in the order of the set. */
export const readTurns = (answered: Answered): readonly number[] =>
  read(validatorsAnswer, answered, 'validators').validators.map((it) => it.proposer_priority);

/** In the order of the set, which is that of the votes. */
export function readValidators(answered: Answered): {
  readonly validators: readonly Validator[];
  readonly total: number;
} {
  const { validators, total } = read(validatorsAnswer, answered, 'validators');
  const all = validators.map(({ pub_key, voting_power }) => ({
    publicKey: pub_key.value,
    power: voting_power,
  }));
  return { validators: all, total };
}

/** The height that the application has committed. */
export const readCommitted = (answered: Answered): number =>
  read(infoAnswer, answered, 'abci_info').response.last_block_height;

export const readSent = (
  answered: Answered,
): { readonly code: number; readonly hash: Uint8Array } =>
  read(sentAnswer, answered, 'broadcast_tx_sync');

export function readQuery(answered: Answered): {
  readonly code: number;
  readonly value: Uint8Array;
  readonly height: number;
  readonly proof: Uint8Array | undefined;
} {
  const { code, value, height, proofOps } = read(queryAnswer, answered, 'abci_query').response;
  return { code, value, height, proof: proofOps?.ops?.[0]?.data };
}

export function readSync(answered: Answered): {
  readonly height: number;
  /** The oldest block that the node has; 0: none yet. */
  readonly earliest: number;
  readonly isCatchingUp: boolean;
} {
  const { latest_block_height, earliest_block_height, catching_up } = read(
    syncAnswer,
    answered,
    'status',
  ).sync_info;
  return {
    height: latest_block_height,
    earliest: earliest_block_height,
    isCatchingUp: catching_up,
  };
}

/** The ids of the nodes that are connected. */
export const readPeers = (answered: Answered): readonly string[] =>
  read(peersAnswer, answered, 'net_info').peers.map(({ node_info }) => node_info.id);

/** What waits for a block. */
export function readMempool(answered: Answered): { readonly txs: number; readonly bytes: number } {
  const { total, total_bytes } = read(mempoolAnswer, answered, 'num_unconfirmed_txs');
  return { txs: total, bytes: total_bytes };
}

/** The newest height that a connected node has; 0 without one. It works on the next. */
export const readHighest = (answered: Answered): number =>
  Math.max(
    0,
    ...(read(consensusAnswer, answered, 'dump_consensus_state').peers ?? []).map(
      ({ peer_state }) => peer_state.round_state.height - 1,
    ),
  );
