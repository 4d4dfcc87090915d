import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CometEngine } from '../../engines/cometbft/comet-engine.ts';
import { findCometBft, rpcUrlOf } from '../../engines/cometbft/node.ts';
import { lockLedger } from '../../engines/embedded/lock.ts';
import { genesisHash, parseGenesis } from '../../ledger/genesis.ts';
import { executeGenesis } from '../../ledger/ledger.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RunningLedger } from '../ledger.ts';
import { serversOf } from '../process.ts';
import { type ProcessState, Supervisor, thisMachine } from '../supervisor.ts';
import { requireSameGenesis } from './node-home.ts';
import { blocksIn, nodeHomeIn, programFolders, validatorsIn } from './places.ts';

const entry = fileURLToPath(new URL('./process.ts', import.meta.url));

/** CometBFT would make another, which no other member lets in. Throws HOME_INVALID. */
function requireNodeKey(nodeHome: string): void {
  const file = join('config', 'node_key.json');
  if (!existsSync(join(nodeHome, file))) throw new CodedError('HOME_INVALID', { file });
}

export interface CometLedger extends RunningLedger {
  readonly processes: () => readonly ProcessState[];
}

/**
 * Starts this hospital's node and its application, and opens the ledger that they and the others' nodes agree on. Throws
 * COMETBFT_MISSING, HOME_INVALID, GENESIS_WRONG, LEDGER_LOCKED, NODE_SILENT, LEDGER_STALLED (too few of the others are there), LEDGER_CORRUPT.
 */
export async function openCometLedger(
  of: {
    readonly home: string;
    readonly genesisBytes: Uint8Array;
    readonly onFault: (error: unknown) => void;
  },
  running: AsyncDisposableStack,
): Promise<CometLedger> {
  const { home, genesisBytes, onFault } = of;
  const servers = serversOf(home);
  // Two on one home would share a node: the second would seem to serve.
  const lock = lockLedger(join(servers, 'ledger'));
  running.defer(() => lock.release());
  // Said at once, and not in a log: the supervisor would only go on trying.
  findCometBft(programFolders());
  requireNodeKey(nodeHomeIn(servers));
  requireSameGenesis(nodeHomeIn(servers), genesisBytes);
  const supervised = { name: 'ledger', entry, order: { home } };
  const supervisor = new Supervisor([supervised], thisMachine);
  running.defer(() => supervisor.stop());
  await supervisor.start();
  const genesis = parseGenesis(genesisBytes);
  const engine = await CometEngine.open({
    rpcUrl: rpcUrlOf(nodeHomeIn(servers)),
    blocksPath: blocksIn(servers),
    validatorsPath: validatorsIn(servers),
    chainId: genesis.chainId,
    genesisHash: genesisHash(genesisBytes),
    genesisMs: genesis.timeMs,
    validators: genesis.validators,
    genesisAppHash: executeGenesis(genesis).appHash,
    onFault,
  });
  running.defer(() => engine.close());
  return { engine, processes: () => supervisor.states() };
}
