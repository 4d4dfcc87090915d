import { type LogName, logName } from '../../ledger/shapes.ts';
import { bytes, decodeAs, encodeAs, list, struct, uint } from '../../primitives/shape.ts';
import type { HeadsAnswer } from '../application.ts';

/**
 * What the gateway's side of this engine asks the application through the node: paths and bytes of ABCI queries, written and
 * read here by both sides. Source: docs/protocol/cometbft.md, rule CB-6.
 */
export const statePath = (table: string): string => `/state/${table}`;
export const headsPath = '/heads';
export const consistencyPath = '/log/consistency';

/** Undefined: another path. */
export function tableOf(path: string): string | undefined {
  return /^\/state\/([a-z0-9-]{1,64})$/.exec(path)?.[1];
}

/** The type of the proof in a query's answer: the bytes are those of docs/protocol/state.md, ST-6. */
export const stateProofType = 'salus:state';

/** Codes of queries; refusals of transactions have numbers of their own. */
export const queryCodes = { found: 0, absent: 1, heightUnknown: 2, notUnderstood: 3 } as const;

const logHead = struct({ size: uint, root: bytes(32) });
const headsShape = struct({ height: uint, stateRoot: bytes(32), user: logHead, doc: logHead });

export function encodeHeads({ height, stateRoot, logs }: HeadsAnswer): Uint8Array {
  return encodeAs(headsShape, { height, stateRoot, ...logs });
}

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeHeads(encoded: Uint8Array): HeadsAnswer {
  const { height, stateRoot, user, doc } = decodeAs(headsShape, encoded, 'heads');
  return { height, stateRoot, logs: { user, doc } };
}

const consistencyShape = struct({ log: logName, from: uint, to: uint });
const hashesShape = struct({ hashes: list(bytes(32), { most: 128 }) });

export interface ConsistencyQuestion {
  readonly log: LogName;
  readonly from: number;
  readonly to: number;
}

export const encodeConsistency = (question: ConsistencyQuestion): Uint8Array =>
  encodeAs(consistencyShape, question);

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeConsistency = (encoded: Uint8Array): ConsistencyQuestion =>
  decodeAs(consistencyShape, encoded, 'consistency');

export const encodeHashes = (hashes: readonly Uint8Array[]): Uint8Array =>
  encodeAs(hashesShape, { hashes });

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export const decodeHashes = (encoded: Uint8Array): readonly Uint8Array[] =>
  decodeAs(hashesShape, encoded, 'hashes').hashes;
