import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockStore } from '../engines/blocks/block-store.ts';
import { copyBlocks } from '../engines/blocks/copy-blocks.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';

export interface LedgerBlock {
  readonly height: number;
  readonly headerHex: string;
  readonly txs: number;
  /** Of the header and its transactions. */
  readonly bytes: number;
}

/** The newest blocks of the ledger in a home, in order of height; reads a copy. Throws HOME_INVALID, STORE_BUSY. */
export function newestBlocks(home: string, count: number): readonly LedgerBlock[] {
  const folder = join(home, 'servers', 'ledger');
  if (!existsSync(join(folder, 'blocks.db'))) {
    throw new CodedError('HOME_INVALID', { file: 'blocks.db' });
  }
  const temporary = mkdtempSync(join(tmpdir(), 'salus-blocks-'));
  try {
    copyBlocks(folder, temporary);
    const store = new BlockStore(join(temporary, 'blocks.db'), { check: false });
    try {
      return blocksOf(store, count);
    } finally {
      store.close();
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function blocksOf(store: BlockStore, count: number): readonly LedgerBlock[] {
  const last = store.lastHeight();
  const blocks: LedgerBlock[] = [];
  for (let height = Math.max(1, last - count + 1); height <= last; height++) {
    const block = store.block(height);
    if (block === undefined) throw new CodedError('LEDGER_CORRUPT', { what: 'missing', height });
    const { header, txs } = block;
    const bytes = txs.reduce((sum, tx) => sum + tx.length, header.length);
    blocks.push({ height, headerHex: bytesToHex(header), txs: txs.length, bytes });
  }
  return blocks;
}
