import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Application } from '../application.ts';
import type { BlockStore } from '../blocks/block-store.ts';
import type { LedgerIdentity, StoredBlock } from '../blocks/stored-block.ts';
import { isSigned, type ReadBlock, readBlock } from './read-block.ts';

/**
 * How far the checks that need no state run ahead of the execution: so many transactions, bytes and blocks wait
 * at once, whatever the size of the ledger. No more than the threads need: what waits outlives the collector's
 * young generation, and is copied by it twice. `least` blocks wait however large: one is executed, others are checked.
 */
const window = { txs: 512, bytes: 1024 * 1024, blocks: 256, least: 3 };

/** A block, and the checks of it that were begun when it was read. */
export interface AheadBlock {
  /** Throws what reading the block threw: LEDGER_CORRUPT (what: header, data, result, missing). */
  readonly block: () => ReadBlock;
  readonly isSigned: Promise<boolean>;
  /** The transactions' own signatures and proofs. */
  readonly prepared: Promise<void>;
}

interface Waiting extends AheadBlock {
  readonly bytes: number;
  readonly txs: number;
}

interface Parts {
  readonly identity: LedgerIdentity;
  readonly store: BlockStore;
  readonly application: Application;
  readonly verifyVote: VerifyVote;
}

/**
 * Every block up to `last` in order, while those after it are already being read and checked. What breaks in a
 * later block shows when its turn comes, so that the first one that is broken is the one that is named.
 */
export function* blocksAhead(parts: Parts, last: number): Generator<AheadBlock> {
  const rows = parts.store.blocks();
  const waiting: Waiting[] = [];
  const size = { txs: 0, bytes: 0 };
  let next = 1;
  try {
    for (;;) {
      while (next <= last && (waiting.length < window.least || hasRoom(waiting.length, size))) {
        const begun = begin(parts, () => readNext(rows, next));
        size.txs += begun.txs;
        size.bytes += begun.bytes;
        waiting.push(begun);
        next += 1;
      }
      const first = waiting.shift();
      if (first === undefined) return;
      size.txs -= first.txs;
      size.bytes -= first.bytes;
      yield first;
    }
  } finally {
    rows.return(undefined);
  }
}

const hasRoom = (
  blocks: number,
  { txs, bytes }: { readonly txs: number; readonly bytes: number },
) => blocks < window.blocks && txs < window.txs && bytes < window.bytes;

function readNext(rows: ReturnType<BlockStore['blocks']>, height: number): StoredBlock {
  const { value } = rows.next();
  if (value?.height !== height) throw new CodedError('LEDGER_CORRUPT', { what: 'missing', height });
  return value.read();
}

function begin({ identity, application, verifyVote }: Parts, read: () => StoredBlock): Waiting {
  try {
    const block = readBlock(read());
    const { txs } = block.stored;
    const signed = isSigned(identity, block, verifyVote);
    // Whoever comes to this block hears of it; nobody may, when one before it is broken.
    signed.catch(() => {});
    const prepared = application.prepare?.(txs) ?? Promise.resolve();
    const bytes = txs.reduce((sum, tx) => sum + tx.length, 0);
    return { block: () => block, isSigned: signed, prepared, bytes, txs: txs.length };
  } catch (error) {
    const block = () => {
      throw error;
    };
    return {
      block,
      isSigned: Promise.resolve(false),
      prepared: Promise.resolve(),
      bytes: 0,
      txs: 0,
    };
  }
}
