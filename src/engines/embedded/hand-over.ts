import { join } from 'node:path';
import { handsOver } from '../../ledger/chain/hand-over.ts';
import { decodeHeader, headerHashBytes } from '../../ledger/chain/header.ts';
import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import { type Validator, validatorsHash } from '../../ledger/chain/validators.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Application } from '../application.ts';
import { BlockStore } from '../blocks/block-store.ts';
import type { LedgerIdentity } from '../blocks/stored-block.ts';
import { checkNewest, replay } from './handshake.ts';
import { lockLedger } from './lock.ts';
import { makeBlock } from './make-block.ts';
import type { VoteSigner } from './vote-signer.ts';

export interface HandOverOptions {
  readonly directory: string;
  readonly genesis: Omit<LedgerIdentity, 'genesisMs'> & { readonly timeMs: number };
  readonly openApplication: () => Application | Promise<Application>;
  readonly signer: VoteSigner;
  readonly verifyVote: VerifyVote;
  /** Who orders the blocks after the last one. */
  readonly next: readonly Validator[];
  readonly nowMs: number;
}

export interface HandedOver {
  /** Of the last block, which is empty. */
  readonly height: number;
  readonly timeMs: number;
  readonly headerHash: Uint8Array;
  readonly appHash: Uint8Array;
}

/**
 * Ends a ledger of one operator with an empty block whose header names the next set: nothing is added after it, and whoever
 * believed the operator's signatures knows by this one whom to believe from then on. Done again for the same set it changes
 * nothing. Throws LEDGER_LOCKED (it is served), LEDGER_CORRUPT, ENGINE_WRONG (handed over to others already).
 * Source: docs/protocol/cometbft.md, rule CB-20.
 */
export async function handOverLedger(options: HandOverOptions): Promise<HandedOver> {
  const { directory, genesis, signer, verifyVote, next, nowMs } = options;
  const lock = lockLedger(directory);
  const store = new BlockStore(join(directory, 'blocks.db'));
  try {
    const done = handedOver(store);
    if (done !== undefined) {
      if (equalBytes(done.nextHash, validatorsHash(next))) return done;
      throw new CodedError('ENGINE_WRONG', { engine: 'cometbft' });
    }
    const { chainId, genesisHash, timeMs: genesisMs, validators } = genesis;
    const identity = { chainId, genesisHash, genesisMs, validators };
    const application = await options.openApplication();
    try {
      const tip = await checkNewest(identity, store, application, { blocks: 100, verifyVote });
      await replay(application, store);
      const timeMs = Math.max(nowMs, tip.timeMs + 1);
      const block = { timeMs, txs: [], txIds: [], results: [], appHash: tip.appHash };
      const last = { ...block, nextValidatorsHash: validatorsHash(next) };
      const { stored } = makeBlock(identity, tip, last, signer);
      const { height } = stored;
      await application.finalizeBlock({ height, timeMs, txs: [] });
      store.append(stored, []);
      await store.flush();
      application.commit();
      const headerHash = headerHashBytes(decodeHeader(stored.header));
      return { height, timeMs, headerHash, appHash: tip.appHash };
    } finally {
      application.close();
    }
  } finally {
    store.close();
    lock.release();
  }
}

/** The last block, where it hands the ledger over; undefined: it goes on. */
export function handedOver(
  store: BlockStore,
): (HandedOver & { readonly nextHash: Uint8Array }) | undefined {
  const stored = store.block(store.lastHeight());
  if (stored === undefined) return undefined;
  const header = decodeHeader(stored.header);
  if (!handsOver(header)) return undefined;
  const { height, timeMs, appHash } = stored;
  const headerHash = headerHashBytes(header);
  return { height, timeMs, appHash, headerHash, nextHash: header.nextValidatorsHash };
}
