import { decodeHeader } from '../../ledger/chain/header.ts';
import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Application } from '../application.ts';
import type { BlockStore } from '../blocks/block-store.ts';
import { resultsHash } from '../blocks/roots.ts';
import type { LedgerIdentity, StoredBlock } from '../blocks/stored-block.ts';
import { genesisTip, type Tip } from './make-block.ts';
import { defectOf, isSigned, type ReadBlock, readBlock, tipAfter } from './read-block.ts';

/**
 * Brings application and block store together at start, by CometBFT's rules: the store is the truth, the
 * application may lag and never lead. Source: docs/protocol/blocks.md, rule B-6.
 */

const corrupt = (what: string, height: number) =>
  new CodedError('LEDGER_CORRUPT', { what, height });

/** Replays what the store has and the application lacks. Throws LEDGER_CORRUPT. */
export async function replay(application: Application, store: BlockStore): Promise<void> {
  const last = store.lastHeight();
  const { height, appHash } = application.info();
  if (height > last) throw corrupt('application-ahead', height);
  const expected = expectedAppHash(store, height);
  if (expected !== undefined && !equalBytes(expected, appHash)) throw corrupt('state', height);
  for (let next = height + 1; next <= last; next++) {
    const stored = store.block(next);
    if (stored === undefined) throw corrupt('missing', next);
    const output = await application.finalizeBlock({
      height: next,
      timeMs: stored.timeMs,
      txs: stored.txs,
    });
    if (!equalBytes(output.appHash, stored.appHash)) throw corrupt('state', next);
    if (!equalBytes(resultsHash(output.results), resultsHash(stored.results))) {
      throw corrupt('result', next);
    }
    application.commit();
  }
}

/** What the store says the application's hash is after `height`; undefined: it cannot know. */
function expectedAppHash(store: BlockStore, height: number): Uint8Array | undefined {
  if (height > 0) return store.block(height)?.appHash;
  const first = store.block(1);
  if (first === undefined) return undefined;
  try {
    return decodeHeader(first.header).appHash;
  } catch (cause) {
    throw new CodedError('LEDGER_CORRUPT', { what: 'header', height: 1 }, cause);
  }
}

/**
 * Checks the newest blocks' chain and signatures, and returns the tip to build on. Throws LEDGER_CORRUPT
 * with the first height that does not hold.
 */
export async function checkNewest(
  identity: LedgerIdentity,
  store: BlockStore,
  application: Application,
  options: { readonly blocks: number; readonly verifyVote: VerifyVote },
): Promise<Tip> {
  const last = store.lastHeight();
  const from = Math.max(0, last - options.blocks);
  // The first header's own word for the genesis state; replay from nothing compares it with the truth.
  const genesisHash = expectedAppHash(store, 0) ?? application.info().appHash;
  let tip = genesisTip(identity.genesisMs, genesisHash);
  if (from > 0) tip = tipAfter(readBlock(blockAt(store, from)));
  for (let height = from + 1; height <= last; height++) {
    const block = readBlock(blockAt(store, height));
    tip = await inspect(identity, tip, block, options.verifyVote);
  }
  return tip;
}

/** `defectOf` and the signature. Throws LEDGER_CORRUPT. */
async function inspect(
  identity: LedgerIdentity,
  tip: Tip,
  block: ReadBlock,
  verifyVote: VerifyVote,
): Promise<Tip> {
  const { height } = block.stored;
  const defect = defectOf(identity, tip, block);
  if (defect !== undefined) throw corrupt(defect, height);
  if (!(await isSigned(identity, block, verifyVote))) throw corrupt('signature', height);
  return tipAfter(block);
}

function blockAt(store: BlockStore, height: number): StoredBlock {
  const stored = store.block(height);
  if (stored === undefined) throw corrupt('missing', height);
  return stored;
}
