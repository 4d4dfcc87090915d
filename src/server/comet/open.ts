import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyVote } from '../../crypto/signature.ts';
import { CometEngine } from '../../engines/cometbft/comet-engine.ts';
import { findCometBft, rpcUrlOf } from '../../engines/cometbft/node.ts';
import { lockLedger } from '../../engines/embedded/lock.ts';
import { genesisHash, parseGenesis } from '../../ledger/genesis.ts';
import { executeGenesis } from '../../ledger/ledger.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Hospital } from '../home-members.ts';
import type { RunningLedger } from '../ledger.ts';
import type { PeerConnections } from '../member/peer-fetch.ts';
import { serversOf } from '../process.ts';
import { type ProcessState, Supervisor, thisMachine } from '../supervisor.ts';
import { handoverIn } from './handover.ts';
import { beginJoining } from './join-by-snapshot.ts';
import { requireSameGenesis } from './node-home.ts';
import { otherMembers } from './other-members.ts';
import { blocksIn, nodeHomeIn, programFolders, validatorsIn } from './places.ts';

/** To fetch the state of a large ledger, over a slow line. */
const joiningMs = 15 * 60_000;

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
    readonly hospitals: readonly Hospital[];
    /** Undefined: this home is of no consortium of several machines. */
    readonly connections: PeerConnections | undefined;
    readonly onFault: (error: unknown) => void;
  },
  running: AsyncDisposableStack,
): Promise<CometLedger> {
  const { home, genesisBytes, hospitals, connections, onFault } = of;
  const servers = serversOf(home);
  // Two on one home would share a node: the second would seem to serve.
  const lock = lockLedger(join(servers, 'ledger'));
  running.defer(() => lock.release());
  // Said at once, and not in a log: the supervisor would only go on trying.
  findCometBft(programFolders());
  requireNodeKey(nodeHomeIn(servers));
  requireSameGenesis(nodeHomeIn(servers), genesisBytes, handoverIn(servers));
  const genesis = parseGenesis(genesisBytes);
  const { chainId } = genesis;
  const others =
    connections === undefined ? [] : otherMembers({ home, chainId, hospitals, connections });
  const joining = await beginJoining(home, genesisBytes, others);
  running.defer(async () => joining?.end());
  const supervised = { name: 'ledger', entry, order: { home } };
  const supervisor = new Supervisor([supervised], thisMachine);
  running.defer(() => supervisor.stop());
  await supervisor.start();
  const engine = await CometEngine.open({
    rpcUrl: rpcUrlOf(nodeHomeIn(servers)),
    blocksPath: blocksIn(servers),
    validatorsPath: validatorsIn(servers),
    chainId,
    genesisHash: genesisHash(genesisBytes),
    genesisMs: genesis.timeMs,
    validators: genesis.validators,
    genesisAppHash: executeGenesis(genesis).appHash,
    sources: others.map(({ kept }) => kept),
    ...{ verifyVote, onFault },
    ...(joining !== undefined && { firstBlockMs: joiningMs }),
  });
  await joining?.end();
  running.defer(() => engine.close());
  return { engine, processes: () => supervisor.states() };
}
