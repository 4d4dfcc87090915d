import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyVote } from '../../../crypto/signature.ts';
import { BlockStore } from '../../../engines/blocks/block-store.ts';
import { copyBlocks } from '../../../engines/blocks/copy-blocks.ts';
import type { LedgerIdentity } from '../../../engines/blocks/stored-block.ts';
import {
  defectOf,
  isSigned,
  type ReadBlock,
  readBlock,
  tipAfter,
} from '../../../engines/embedded/read-block.ts';
import { decodeHeader, headerHash } from '../../../ledger/chain/header.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { serversOf } from '../../process.ts';

/** The end of a ledger. */
export interface LedgerEnd {
  readonly height: number;
  readonly headerHash: string;
}

export interface TakenBlocks {
  readonly end: LedgerEnd;
  /** How many were taken over. */
  readonly blocks: number;
  /** Every block of the other copy held, to its last one. */
  readonly isWhole: boolean;
}

const noFault = (): void => {};

/** The end of the ledger in a home that nobody serves. Throws LEDGER_CORRUPT: there is none. */
export function endOfLedger(home: string): LedgerEnd {
  const path = join(serversOf(home), 'ledger', 'blocks.db');
  if (!existsSync(path)) throw new CodedError('LEDGER_CORRUPT', { what: 'missing', height: 0 });
  const store = new BlockStore(path, { check: false });
  try {
    return endOf(store);
  } finally {
    store.close();
  }
}

function endOf(store: BlockStore): LedgerEnd {
  const height = store.lastHeight();
  const last = store.block(height);
  return { height, headerHash: last === undefined ? '' : headerHash(decodeHeader(last.header)) };
}

/**
 * Takes over the blocks of another home or backup of the same ledger that follow the last one here: each must be signed
 * and follow the one before it. From the first that does not hold on nothing is taken. That they can be executed is shown by
 * the verification that follows.
 *
 * Throws HOME_INVALID (no blocks there), BACKUP_INVALID (another ledger), LEDGER_FORKED (another block of the same
 * height), LEDGER_CORRUPT, STORE_BUSY. Source: docs/operations/backup.md, rule K-11.
 */
export async function takeLaterBlocks(from: string, home: string): Promise<TakenBlocks> {
  const folder = join(serversOf(from), 'ledger');
  if (!existsSync(join(folder, 'blocks.db'))) {
    throw new CodedError('HOME_INVALID', { file: 'blocks.db' });
  }
  const temporary = mkdtempSync(join(tmpdir(), 'salus-later-'));
  try {
    copyBlocks(folder, temporary);
    const theirs = new BlockStore(join(temporary, 'blocks.db'));
    const ours = new BlockStore(join(serversOf(home), 'ledger', 'blocks.db'), { check: false });
    try {
      return await append(theirs, ours);
    } finally {
      ours.close();
      theirs.close();
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function append(theirs: BlockStore, ours: BlockStore): Promise<TakenBlocks> {
  const identity = requireSameLedger(theirs, ours);
  const begin = ours.lastHeight();
  const end = theirs.lastHeight();
  const newest = ours.block(begin);
  if (newest === undefined || theirs.block(Math.min(begin, end)) === undefined) {
    return { end: endOf(ours), blocks: 0, isWhole: false };
  }
  requireSameBlock(theirs, ours, Math.min(begin, end));
  let tip = tipAfter(readBlock(newest));
  let isWhole = end >= begin;
  for (let height = begin + 1; height <= end; height++) {
    const next = soundBlock(theirs, height);
    const holds =
      next !== undefined &&
      defectOf(identity, tip, next) === undefined &&
      (await isSigned(identity, next, verifyVote));
    if (!holds) {
      isWhole = false;
      break;
    }
    ours.append(next.stored, next.txIds, noFault);
    tip = tipAfter(next);
  }
  await ours.flush();
  return { end: endOf(ours), blocks: ours.lastHeight() - begin, isWhole };
}

function requireSameLedger(theirs: BlockStore, ours: BlockStore): LedgerIdentity {
  const [their, our] = [theirs.identity(), ours.identity()];
  const isSame =
    their !== undefined &&
    our !== undefined &&
    their.chainId === our.chainId &&
    equalBytes(their.genesisHash, our.genesisHash);
  if (!isSame) throw new CodedError('BACKUP_INVALID', { reason: 'another ledger' });
  return our;
}

/** Two signed blocks of one height: whichever is served, people have seen the other. */
function requireSameBlock(theirs: BlockStore, ours: BlockStore, height: number): void {
  const hashOf = (store: BlockStore) => {
    const header = store.block(height)?.header;
    return header === undefined ? '' : headerHash(decodeHeader(header));
  };
  const [known, shown] = [hashOf(ours), hashOf(theirs)];
  if (known !== shown) throw new CodedError('LEDGER_FORKED', { height, known, shown });
}

/** Undefined: it cannot be read. */
function soundBlock(store: BlockStore, height: number): ReadBlock | undefined {
  try {
    const stored = store.block(height);
    return stored === undefined ? undefined : readBlock(stored);
  } catch (error) {
    if (isCoded(error, 'LEDGER_CORRUPT')) return undefined;
    throw error;
  }
}
