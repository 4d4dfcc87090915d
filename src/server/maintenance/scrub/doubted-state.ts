import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeState } from '../../../engines/ledger-application/snapshots/arriving-state.ts';
import { flushFolder, writeWhole } from '../../files.ts';

const markIn = (ledgerFolder: string): string => join(ledgerFolder, 'state.doubt');

/** The scrub found that `state.db` is not what the ledger says: the next start makes it again from the blocks. */
export function doubtState(ledgerFolder: string): void {
  writeWhole(markIn(ledgerFolder), new Uint8Array(0));
}

/**
 * Takes a state away that was found to be another one, before anything is opened; true when it did. The blocks are the
 * truth (docs/protocol/blocks.md, B-6): what they give is compared with every header.
 */
export function dropDoubtedState(ledgerFolder: string): boolean {
  if (!existsSync(markIn(ledgerFolder))) return false;
  removeState(join(ledgerFolder, 'state.db'));
  rmSync(markIn(ledgerFolder));
  flushFolder(ledgerFolder);
  return true;
}
