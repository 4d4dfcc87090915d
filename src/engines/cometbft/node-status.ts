import { voteForBlock } from '../../ledger/chain/commit.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { rpcUrlOf } from './node.ts';
import { readHighest, readMempool, readPeers, readSigned, readSync } from './rpc/read-answers.ts';
import { CometRpc } from './rpc/rpc.ts';

/** A node as it says of itself now; nothing of it is proven. */
export interface NodeStatus {
  readonly height: number;
  /** Blocks that a connected node has and this one does not. */
  readonly lag: number;
  readonly isCatchingUp: boolean;
  /** Ids of the nodes that are connected. */
  readonly peers: readonly string[];
  /** Transactions that wait for a block. */
  readonly mempool: { readonly txs: number; readonly bytes: number };
  /** Validators' addresses (hex) whose vote made the newest block final. */
  readonly voted: readonly string[];
}

/** Undefined: the node does not run. Throws HOME_INVALID, NODE_WRONG. */
export async function nodeStatus(
  nodeHome: string,
  signal?: AbortSignal,
): Promise<NodeStatus | undefined> {
  const rpc = new CometRpc(rpcUrlOf(nodeHome));
  const ask = (method: string) => rpc.ask(method, {}, signal);
  try {
    const { height, isCatchingUp } = readSync(await ask('status'));
    const highest = readHighest(await ask('dump_consensus_state'));
    const voted = height === 0 ? [] : readSigned(await ask('commit')).commit.signatures;
    return {
      ...{ height, isCatchingUp, lag: Math.max(0, highest - height) },
      peers: readPeers(await ask('net_info')),
      mempool: readMempool(await ask('num_unconfirmed_txs')),
      voted: voted
        .filter(({ flag }) => flag === voteForBlock)
        .map(({ address }) => bytesToHex(address)),
    };
  } catch (error) {
    if (isCoded(error, 'NODE_SILENT')) return undefined;
    throw error;
  }
}
