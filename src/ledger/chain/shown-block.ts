import { sha256 } from '../../crypto/hash.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  flag,
  list,
  type Of,
  oneOf,
  struct,
  typedTailed,
  uint,
} from '../../primitives/shape.ts';
import { merkleTree } from '../merkle.ts';
import { ledgerObjects, suite } from '../object-types.ts';
import type { LogName } from '../shapes.ts';
import type { Misbehaviour } from '../validator-set.ts';
import { resultLeaf, txLeaf } from './block-leaves.ts';

/** More than any engine puts into a block. */
const maxTxs = 10_000;
/** CometBFT takes 128 KiB of evidence a block, of some hundred bytes each. */
const maxEvidence = 1_000;

const body = struct({ tx: bytes(), code: uint, data: bytes() });

/** One transaction of a block. `body` is empty where the profile of its log holds it back from who asks. */
const place = struct({
  /** The log it stands in; empty: refused before its log was read. */
  log: oneOf(['user', 'doc', '']),
  accepted: flag,
  txId: bytes(32),
  /** Leaf of `last_results_hash`: SHA-256(0x00 ‖ ExecTxResult). */
  resultHash: bytes(32),
  body: list(body, { most: 1 }),
});

/**
 * A block as everybody may see it: enough to hash it up to its header and the next one, and of each log that is open
 * to who asks the transactions themselves.
 * Source: docs/protocol/following.md, rule F-10.
 */
const shownBlock = typedTailed(
  suite,
  ledgerObjects.shownBlock,
  { height: uint, txs: list(place, { most: maxTxs }) },
  {
    tail: {
      /** Validators that signed two blocks of one height, as the block tells it: judged before its transactions. */
      evidence: list(struct({ validatorAddress: bytes(20), height: uint }), { most: maxEvidence }),
    },
    none: { evidence: [] },
  },
);
export type ShownBlock = Of<typeof shownBlock>;
export type ShownTx = ShownBlock['txs'][number];

/** What a block holds, and which log a transaction stands in as far as its bytes say. */
interface BlockToShow {
  readonly height: number;
  readonly txs: readonly Uint8Array[];
  readonly results: readonly { readonly code: number; readonly data: Uint8Array }[];
  readonly misbehaviour?: readonly Misbehaviour[];
}

/** `logOf` of bytes that are no transaction is undefined: nobody's secret, and shown to everybody. */
export function showBlock(
  { height, txs, results, misbehaviour: evidence = [] }: BlockToShow,
  logOf: (tx: Uint8Array) => LogName | undefined,
  isOpen: (log: LogName) => boolean,
): ShownBlock {
  const shown = txs.map((tx, at): ShownTx => {
    const result = results[at] ?? { code: 0, data: new Uint8Array(0) };
    const log = logOf(tx);
    const isShown = log === undefined || isOpen(log);
    return {
      log: log ?? '',
      accepted: result.code === 0,
      txId: sha256(tx),
      resultHash: resultLeaf(result),
      body: isShown ? [{ tx, code: result.code, data: result.data }] : [],
    };
  });
  return { height, txs: shown, evidence };
}

export function encodeShownBlock(block: ShownBlock): Uint8Array {
  return encodeAs(shownBlock, block);
}

/**
 * Also that each body that is shown has the id, the result and the verdict beside it. Throws LEDGER_CORRUPT
 * {height, what: 'data' | 'result'}.
 */
export function decodeShownBlock(encoded: Uint8Array, height: number): ShownBlock {
  const broken = (what: string, cause?: unknown) =>
    new CodedError('LEDGER_CORRUPT', { height, what }, cause);
  let block: ShownBlock;
  try {
    block = decodeAs(shownBlock, encoded, 'block');
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw broken('data', cause);
  }
  if (block.height !== height) throw broken('data');
  for (const { txId, resultHash, accepted, body: shown } of block.txs) {
    for (const { tx, code, data } of shown) {
      if (!equalBytes(sha256(tx), txId)) throw broken('data');
      if (!equalBytes(resultLeaf({ code, data }), resultHash)) throw broken('result');
      if (accepted !== (code === 0)) throw broken('result');
    }
  }
  return block;
}

/** `data_hash` of the block's header. */
export function shownDataHash({ txs }: ShownBlock): Uint8Array {
  return merkleTree(txs.map(({ txId }) => txLeaf(txId))).root;
}

/** `last_results_hash` of the next header. */
export function shownResultsHash({ txs }: ShownBlock): Uint8Array {
  return merkleTree(txs.map(({ resultHash }) => resultHash)).root;
}
