import { type NodeStatus, nodeStatus } from '../../../engines/cometbft/node-status.ts';
import { type HandoverFile, handoverIn } from '../../../server/comet/handover.ts';
import { isComet, nodeHomeIn } from '../../../server/comet/places.ts';
import { daysUntil, machineEndsMs, renewDays } from '../../../server/member/machine.ts';
import { networkIn, ownIn } from '../../../server/member/network.ts';
import { serversOf } from '../../../server/process.ts';
import { storageStatus } from '../../../server/storage/status.ts';
import type { MachineFacts, Replicas } from '../api/machine.ts';

/** What its own node and storage node say. Undefined: this home runs no CometBFT, or is of no consortium. Throws HOME_INVALID, NODE_WRONG. */
export async function machineFactsOf(
  home: string,
  nowMs: number,
): Promise<MachineFacts | undefined> {
  const own = ownIn(home);
  if (own === undefined || !isComet(serversOf(home))) return undefined;
  const status = await nodeStatus(nodeHomeIn(serversOf(home)));
  const others = networkIn(home).filter(({ name }) => name !== own.name);
  const { voted = [], peers = [] } = status ?? {};
  const handover = handoverIn(serversOf(home));
  const days = daysUntil(machineEndsMs(home) ?? nowMs, nowMs);
  return {
    organisation: own.organisation,
    ...(status !== undefined && { node: nodeOf(status) }),
    peers: others.map(({ organisation: account, name, nodeId }) => ({
      ...{ account, name, isConnected: peers.includes(nodeId) },
    })),
    voters: [...voted],
    replicas: await replicasOf(home),
    ...(handover !== undefined && { handedTo: handedToOf(handover) }),
    ...(days < renewDays && { certificateDays: days }),
  };
}

const handedToOf = ({ height, validators }: HandoverFile): MachineFacts['handedTo'] => ({
  afterHeight: height,
  validators: validators.map((it) => ({ ...it })),
});

const nodeOf = ({ height, lag, isCatchingUp, mempool }: NodeStatus): MachineFacts['node'] => ({
  ...{ height, lag, isCatchingUp, mempool },
});

async function replicasOf(home: string): Promise<Replicas | undefined> {
  const [own] = await storageStatus(home);
  if (own?.status === undefined) return undefined;
  const { own: kept, held, swept, members } = own.status;
  return {
    blobs: kept.blobs,
    heldBlobs: held.blobs,
    below: swept?.below,
    members: members.map(({ account, isConnected, pinned, lost, erasuresWaiting }) => ({
      ...{ account, isConnected, pinned, lost, erasuresWaiting },
    })),
  };
}
