import type { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import type { DeepPartial } from 'cosmjs-types/helpers';
import {
  CheckTxType,
  type Request,
  type RequestFinalizeBlock,
  type RequestInitChain,
  type RequestQuery,
  Response,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  type ResponseProcessProposal,
  ResponseProcessProposal_ProposalStatus,
} from 'cosmjs-types/tendermint/abci/types';
import { msOfTimestamp } from '../../../ledger/chain/timestamp.ts';
import type { Validator } from '../../../ledger/chain/validators.ts';
import { bytesToHex, utf8ToText } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { BlockInput, BlockOutput, ConsensusApplication } from '../../application.ts';
import type { StateSnapshots } from '../../ledger-application/open.ts';
import type { KeptSnapshot } from '../../ledger-application/snapshots/files.ts';
import { appStateOf, type LedgerBefore } from '../app-state.ts';
import {
  consistencyPath,
  decodeConsistency,
  encodeHashes,
  encodeHeads,
  headsPath,
  queryCodes,
  stateProofType,
  tableOf,
} from '../queries.ts';
import type { Answer } from './server.ts';

/** In Info and in each header; raised when the rules change at a height (docs/protocol/blocks.md, B-2). */
const appVersion = 1n;

export interface AbciOptions {
  readonly application: ConsensusApplication & StateSnapshots;
  readonly chainId: string;
  /** As it travels: what the node's own genesis has to carry. */
  readonly genesis: Uint8Array;
  readonly validators: readonly Validator[];
  /** Of a ledger that one operator handed over; missing: it begins with its genesis. */
  readonly before?: LedgerBefore | undefined;
  readonly now: () => number;
  /** Whether the node with this id (hex of 20 bytes) may connect; the node asks before it talks to one. */
  readonly isPeer: (nodeId: string) => boolean;
  /** After a block of this height and time: from which on the node keeps its own blocks; 0 or missing: all (CB-16). */
  readonly retainHeight?: (height: number, timeMs: number) => number;
}

/**
 * The ledger's application as ABCI 2.0 has it. Who sends bad bytes gets a code: whatever is thrown here is a fault of this
 * machine, and ends the node. Source: docs/protocol/cometbft.md, rules CB-3 to CB-7; CometBFT v0.38, spec/abci.
 */
export function abciApplication(options: AbciOptions): Answer {
  const { application } = options;
  /** The newest block time that was executed: what waits is judged by the next. */
  let timeMs = 0;
  const nextMs = () => Math.max(options.now(), timeMs + 1);

  return async (request) => {
    if (request.echo !== undefined) return respond({ echo: { message: request.echo.message } });
    if (request.flush !== undefined) return respond({ flush: {} });
    if (request.info !== undefined) return respond({ info: info(options) });
    if (request.initChain !== undefined) {
      requireGenesis(request.initChain, options);
      return respond({ initChain: { validators: [], appHash: application.info().appHash } });
    }
    if (request.checkTx !== undefined) {
      const { tx, type } = request.checkTx;
      const code =
        type === CheckTxType.RECHECK
          ? application.recheckTx(tx, nextMs())
          : await application.checkTx(tx, nextMs());
      return respond({ checkTx: { code } });
    }
    if (request.prepareProposal !== undefined) {
      const { txs, time } = request.prepareProposal;
      return respond({ prepareProposal: { txs: [...application.proposable(txs, msOf(time))] } });
    }
    if (request.processProposal !== undefined) {
      const isProposable = application.isProposable(request.processProposal.txs);
      return respond({ processProposal: verdictOf(isProposable) });
    }
    if (request.finalizeBlock !== undefined) {
      const block = blockOf(request.finalizeBlock);
      const output = await application.finalizeBlock(block);
      timeMs = block.timeMs;
      return respond({ finalizeBlock: finalized(output) });
    }
    if (request.commit !== undefined) {
      application.commit();
      const { retainHeight = () => 0 } = options;
      const retained = retainHeight(application.info().height, timeMs);
      return respond({ commit: { retainHeight: BigInt(retained) } });
    }
    if (request.query !== undefined) return respond({ query: query(request.query, options) });
    if (request.extendVote !== undefined) return respond({ extendVote: {} });
    if (request.verifyVoteExtension !== undefined) {
      // Vote extensions are off: one that says something is not a correct validator's.
      const isEmpty = request.verifyVoteExtension.voteExtension.length === 0;
      return respond({ verifyVoteExtension: { status: isEmpty ? 1 : 2 } });
    }
    return snapshot(request, application);
  };
}

const respond = (given: DeepPartial<Response>): Response =>
  Response.fromPartial<DeepPartial<Response>>(given);

/** What came before is nothing to the node: it begins by InitChain. */
function info({ application, before }: AbciOptions) {
  const { height: own, appHash } = application.info();
  const height = own === before?.height ? 0 : own;
  const lastBlock = { lastBlockHeight: BigInt(height), lastBlockAppHash: appHash };
  return { data: 'salus', version: '1', appVersion, ...lastBlock };
}

/** Throws GENESIS_WRONG: the node was given another beginning than this ledger's. */
function requireGenesis(
  { chainId, appStateBytes, validators, initialHeight }: RequestInitChain,
  options: AbciOptions,
): void {
  const wrong = (what: string) => new CodedError('GENESIS_WRONG', { what });
  if (chainId !== options.chainId) throw wrong('chain_id');
  const { before } = options;
  const last = before?.height ?? 0;
  if (initialHeight !== BigInt(last + 1)) throw wrong('initial_height');
  if (utf8ToText(appStateBytes).replace(/\s/g, '') !== appStateOf(options.genesis, before)) {
    throw wrong('app_state');
  }
  const given = validators.map(({ pubKey, power }) =>
    keyAndPower(pubKey?.ed25519 ?? new Uint8Array(0), Number(power)),
  );
  const named = options.validators.map(({ publicKey, power }) => keyAndPower(publicKey, power));
  if (given.sort().join() !== named.sort().join()) throw wrong('validators');
  const { height, appHash } = options.application.info();
  if (height !== last) throw wrong('height');
  if (before !== undefined && bytesToHex(appHash) !== before.appHash) throw wrong('app_hash');
}

const keyAndPower = (publicKey: Uint8Array, power: number): string =>
  `${bytesToHex(publicKey)} ${power}`;

const msOf = ({ seconds, nanos }: Timestamp): number =>
  msOfTimestamp({ seconds: Number(seconds), nanos });

function verdictOf(isProposable: boolean): ResponseProcessProposal {
  const { ACCEPT, REJECT } = ResponseProcessProposal_ProposalStatus;
  return { status: isProposable ? ACCEPT : REJECT };
}

function blockOf({ height, time, txs, misbehavior }: RequestFinalizeBlock): BlockInput {
  const misbehaviour = misbehavior.map((it) => ({
    validatorAddress: it.validator.address,
    height: Number(it.height),
  }));
  return { height: Number(height), timeMs: msOf(time), txs, misbehaviour };
}

function finalized({ results, appHash, validatorUpdates }: BlockOutput) {
  return {
    txResults: results.map(({ code, data }) => ({ code, data })),
    validatorUpdates: validatorUpdates.map(({ publicKey, power }) => ({
      pubKey: { ed25519: publicKey },
      power: BigInt(power),
    })),
    appHash,
  };
}

function query(asked: RequestQuery, options: AbciOptions) {
  const { path, data, prove } = asked;
  const { application } = options;
  const filter = /^\/p2p\/filter\/(id|addr)\/(.+)$/.exec(path);
  if (filter !== null) {
    const [, kind, who = ''] = filter;
    return { code: kind === 'addr' || options.isPeer(who) ? 0 : 1 };
  }
  const table = tableOf(path);
  if (table !== undefined) {
    const { height, value, proof } = application.query(table, data, prove);
    const ops = proof === undefined ? [] : [{ type: stateProofType, key: data, data: proof }];
    return {
      code: value === undefined ? queryCodes.absent : queryCodes.found,
      key: data,
      value: value ?? new Uint8Array(0),
      height: BigInt(height),
      proofOps: { ops },
    };
  }
  if (path === headsPath) {
    const heads = application.heads();
    return { code: 0, height: BigInt(heads.height), value: encodeHeads(heads) };
  }
  return path === consistencyPath
    ? consistency(application, data)
    : { code: queryCodes.notUnderstood };
}

function consistency(application: ConsensusApplication, data: Uint8Array) {
  try {
    const { log, from, to } = decodeConsistency(data);
    return { code: 0, value: encodeHashes(application.logConsistency(log, from, to)) };
  } catch (error) {
    if (isCoded(error, 'HEIGHT_UNKNOWN')) return { code: queryCodes.heightUnknown };
    if (isCoded(error)) return { code: queryCodes.notUnderstood };
    throw error;
  }
}

const offerResults = {
  accept: ResponseOfferSnapshot_Result.ACCEPT,
  reject: ResponseOfferSnapshot_Result.REJECT,
  'reject-format': ResponseOfferSnapshot_Result.REJECT_FORMAT,
  'reject-sender': ResponseOfferSnapshot_Result.REJECT_SENDER,
} as const;
const chunkResults = {
  accept: ResponseApplySnapshotChunk_Result.ACCEPT,
  retry: ResponseApplySnapshotChunk_Result.RETRY,
  reject: ResponseApplySnapshotChunk_Result.REJECT_SNAPSHOT,
  abort: ResponseApplySnapshotChunk_Result.ABORT,
} as const;

/** Snapshots of the state, given and taken: CB-12 and CB-13. */
function snapshot(request: Request, application: StateSnapshots): Response {
  if (request.listSnapshots !== undefined) {
    return respond({ listSnapshots: { snapshots: application.snapshots().map(listed) } });
  }
  if (request.loadSnapshotChunk !== undefined) {
    const { height, format, chunk: index } = request.loadSnapshotChunk;
    const chunk = application.snapshotChunk(Number(height), format, index);
    return respond({ loadSnapshotChunk: { chunk: chunk ?? new Uint8Array(0) } });
  }
  if (request.offerSnapshot !== undefined) {
    const { snapshot: offered, appHash } = request.offerSnapshot;
    const verdict =
      offered === undefined
        ? 'reject'
        : application.offerSnapshot({ ...offered, height: Number(offered.height), appHash });
    return respond({ offerSnapshot: { result: offerResults[verdict] } });
  }
  if (request.applySnapshotChunk !== undefined) {
    const { index, chunk, sender } = request.applySnapshotChunk;
    const { result, rejectSenders } = application.applyChunk(index, chunk, sender);
    // CometBFT's own RETRY hands in the same bytes again: they are to be fetched anew.
    const refetchChunks = result === 'retry' ? [index] : [];
    const answer = {
      result: chunkResults[result],
      refetchChunks,
      rejectSenders: [...rejectSenders],
    };
    return respond({ applySnapshotChunk: answer });
  }
  throw new CodedError('ABCI_INVALID', { what: 'kind' });
}

function listed({ metadata, encodedMetadata, hash }: KeptSnapshot) {
  const { height, format, chunks } = metadata;
  return { height: BigInt(height), format, chunks: chunks.length, hash, metadata: encodedMetadata };
}
