import { join } from 'node:path';
import { verifyVote } from '../crypto/signature.ts';
import type { FaultPoint } from '../engines/embedded/faults.ts';
import { openEmbeddedEngine } from '../engines/embedded/open.ts';
import type { LedgerEngine } from '../engines/engine.ts';
import type { LayerSizes } from '../engines/layer-sizes.ts';
import { openLedgerApplication } from '../engines/ledger-application/open.ts';
import type { SignatureChecks } from '../engines/ledger-application/verify-tx.ts';
import type { Curves } from '../engines/threads/curves.ts';
import { VerifyPool } from '../engines/threads/verify-pool.ts';
import { genesisHash, parseGenesis } from '../ledger/genesis.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { Cosigner } from './follower/cosigner.ts';
import { dropDoubtedState } from './maintenance/scrub/doubted-state.ts';
import type { ProcessState } from './supervisor.ts';

/** The ledger of a home, whichever engine orders it. */
export interface RunningLedger {
  readonly engine: LedgerEngine;
  /** Those that the engine runs beside this one; missing: none. */
  readonly processes?: () => readonly ProcessState[];
  /** Where somebody else orders it: what signs its headers here. */
  readonly witness?: Pick<Cosigner, 'handTo'>;
  /** And where those answer whose address is a path at the operator's. */
  readonly urls?: ReadonlyMap<AccountId, string>;
}

/** What the ledger's application asks, as `curves` answers it. */
export const checksBy = (curves: Curves): SignatureChecks => ({
  signature: ({ publicKey, label, bytes, signature }) =>
    curves.verifyLabelled(publicKey, label, bytes, signature),
  pointProof: ({ point, context, proof }) => curves.verifyPointProof(point, context, proof),
});

/** Of a pool that verifies: the largest block is executed in the time in which a thread answers so many batches. */
export const batchesAhead = 32;

/** Of one pool for all ledgers of this process. */
export const signatureChecks: SignatureChecks = checksBy(new VerifyPool());

/** Throws LEDGER_LOCKED, LEDGER_CORRUPT, LEDGER_NEWER, CLOCK_AHEAD, HOME_INVALID. */
export async function openLedger(options: {
  readonly folder: string;
  readonly genesisBytes: Uint8Array;
  readonly acceptClock: boolean;
  readonly onFault: (error: unknown) => void;
  readonly faultPoint?: FaultPoint;
  readonly gathered?: LayerSizes;
}): Promise<RunningLedger> {
  const { folder, genesisBytes, acceptClock, onFault, faultPoint, gathered = {} } = options;
  const genesis = parseGenesis(genesisBytes);
  dropDoubtedState(folder);
  const engine = await openEmbeddedEngine({
    directory: folder,
    genesis: {
      chainId: genesis.chainId,
      genesisHash: genesisHash(genesisBytes),
      timeMs: genesis.timeMs,
      validators: genesis.validators,
    },
    openApplication: () =>
      openLedgerApplication({
        path: join(folder, 'state.db'),
        genesis: genesisBytes,
        verify: signatureChecks,
        gathered,
      }),
    verifyVote,
    acceptClock,
    onFault,
    gathered,
    ...(faultPoint !== undefined && { faultPoint }),
  });
  return { engine };
}
