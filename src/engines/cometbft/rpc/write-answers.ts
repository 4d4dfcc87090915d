import type { Commit } from '../../../ledger/chain/commit.ts';
import type { BlockId, Header } from '../../../ledger/chain/header.ts';
import type { Timestamp } from '../../../ledger/chain/timestamp.ts';
import { type Validator, validatorAddress } from '../../../ledger/chain/validators.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';

/**
 * Our types as CometBFT's JSON, for its own light client: the other side of read-answers.ts.
 * Source: CometBFT v0.38, rpc/openapi.
 */
const hex = (bytes: Uint8Array): string => bytesToHex(bytes).toUpperCase();
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** RFC 3339 with nanoseconds. */
function timeText({ seconds, nanos }: Timestamp): string {
  const whole = new Date(seconds * 1_000).toISOString().slice(0, -5);
  return `${whole}${nanos === 0 ? '' : `.${String(nanos).padStart(9, '0')}`}Z`;
}

const blockIdJson = ({ hash, parts }: BlockId) => ({
  ...{ hash: hex(hash), parts: { total: parts.total, hash: hex(parts.hash) } },
});

const headerJson = (it: Header) => ({
  version: { block: String(it.version.block), app: String(it.version.app) },
  chain_id: it.chainId,
  height: String(it.height),
  time: timeText(it.time),
  last_block_id: blockIdJson(it.lastBlockId),
  last_commit_hash: hex(it.lastCommitHash),
  data_hash: hex(it.dataHash),
  validators_hash: hex(it.validatorsHash),
  next_validators_hash: hex(it.nextValidatorsHash),
  consensus_hash: hex(it.consensusHash),
  app_hash: hex(it.appHash),
  last_results_hash: hex(it.lastResultsHash),
  evidence_hash: hex(it.evidenceHash),
  proposer_address: hex(it.proposerAddress),
});

const commitJson = (it: Commit) => ({
  height: String(it.height),
  round: it.round,
  block_id: blockIdJson(it.blockId),
  signatures: it.signatures.map(({ flag, address, time, signature }) => ({
    block_id_flag: flag,
    validator_address: hex(address),
    timestamp: timeText(time),
    signature: signature.length === 0 ? null : base64(signature),
  })),
});

/** The answer to `commit`. */
export const writeSigned = (header: Header, commit: Commit) => ({
  signed_header: { header: headerJson(header), commit: commitJson(commit) },
  canonical: true,
});

/** The answer to `validators`, one page of the set and whose turn it is. */
export function writeValidators(
  height: number,
  set: readonly (Validator & { readonly turn: number })[],
  { page, perPage }: { readonly page: number; readonly perPage: number },
) {
  const shown = set.slice((page - 1) * perPage, page * perPage);
  return {
    block_height: String(height),
    validators: shown.map(({ publicKey, power, turn }) => ({
      address: hex(validatorAddress(publicKey)),
      pub_key: { type: 'tendermint/PubKeyEd25519', value: base64(publicKey) },
      voting_power: String(power),
      proposer_priority: String(turn),
    })),
    count: String(shown.length),
    total: String(set.length),
  };
}
