// A hospital's CometBFT node and the ledger's application behind it, as one process of the supervisor: where one of the two
// ends the other has to begin again with it (docs/protocol/cometbft.md, rule CB-2).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { abciApplication } from '../../engines/cometbft/abci/application.ts';
import { AbciServer, type Answer } from '../../engines/cometbft/abci/server.ts';
import { CometNode, findCometBft, peersOf } from '../../engines/cometbft/node.ts';
import { OldBlocks } from '../../engines/cometbft/retain.ts';
import { openLedgerApplication } from '../../engines/ledger-application/open.ts';
import { parseGenesis } from '../../ledger/genesis.ts';
import { isCoded } from '../../primitives/errors.ts';
import { signatureChecks } from '../ledger.ts';
import { type ProcessOrder, type RunningProcess, serversOf } from '../process.ts';
import { handedTo, handoverIn } from './handover.ts';
import { keepingIn } from './keeping.ts';
import { appSocketOf, blocksIn, nodeHomeIn, programFolders, stateIn } from './places.ts';

/** Throws COMETBFT_MISSING, HOME_INVALID, NODE_SILENT, LEDGER_CORRUPT, GENESIS_WRONG. */
export function start(order: ProcessOrder): Promise<RunningProcess> {
  return startValidator(order, (honest) => honest);
}

/** `around`: what the node is answered instead, for tests of what the others do about a validator that lies. */
export async function startValidator(
  { home }: ProcessOrder,
  around: (honest: Answer) => Answer,
): Promise<RunningProcess> {
  const servers = serversOf(home);
  const genesis = new Uint8Array(readFileSync(join(servers, 'genesis.cbor')));
  const { chainId, validators } = parseGenesis(genesis);
  const before = handoverIn(servers);
  const to = before && handedTo(before);
  const nodeHome = nodeHomeIn(servers);
  const running = new AsyncDisposableStack();
  try {
    const program = findCometBft(programFolders());
    const keeping = keepingIn(servers);
    const application = await openLedgerApplication({
      ...{ path: stateIn(servers), genesis, verify: signatureChecks },
      snapshots: { folder: join(servers, 'ledger', 'snapshots'), every: keeping.snapshotEvery },
      handedTo: to,
    });
    running.defer(() => application.close());
    // Whoever takes the older snapshot takes the blocks after it from this node, and is told whose turn it was below it.
    const heights = Math.max(keeping.keepHeights, 4 * keeping.snapshotEvery);
    const retention = { heights, ms: keeping.keepMs };
    const old = new OldBlocks(blocksIn(servers), retention, () => application.writtenHeight());
    running.defer(() => old.close());
    const peers = peersOf(nodeHome);
    const answer = abciApplication({
      ...{ application, chainId, genesis, validators: to?.validators ?? validators, now: Date.now },
      before,
      isPeer: (nodeId) => peers.has(nodeId),
      retainHeight: (height, ms) => (keeping.archive ? 0 : old.retainHeight(height, ms)),
    });
    const appSocket = appSocketOf(servers);
    const server = await AbciServer.listen(appSocket, around(answer), end);
    running.defer(() => server.close());
    const node = await CometNode.start({
      ...{ program, home: nodeHome, appSocket, log: process.stderr },
      onExit: (how) => end(new Error(`cometbft ended: ${how}`)),
    });
    // First the node, which asks the application to the last.
    running.defer(() => node.stop());
    return { close: () => running.disposeAsync() };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** The supervisor begins both again. */
function end(error: unknown): never {
  const code = isCoded(error) ? error.code : 'INTERNAL';
  process.stderr.write(`${JSON.stringify({ code, why: String(error) })}\n`);
  process.exit(1);
}
