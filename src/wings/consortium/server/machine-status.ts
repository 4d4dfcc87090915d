import { type NodeStatus, nodeStatus } from '../../../engines/cometbft/node-status.ts';
import { validatorAddress } from '../../../ledger/chain/validators.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { isComet, nodeHomeIn } from '../../../server/comet/places.ts';
import { daysUntil, machineEndsMs, renewDays } from '../../../server/member/machine.ts';
import { networkIn, ownIn } from '../../../server/member/network.ts';
import { serversOf } from '../../../server/process.ts';
import { storageStatus } from '../../../server/storage/status.ts';
import type { Standing } from './governance.ts';

/** What a machine owes: a vote, copies of blobs, the news of an erasure, a certificate. */
export type Duty =
  | { readonly duty: 'vote'; readonly proposal: string }
  | { readonly duty: 'copies'; readonly blobs: number }
  | { readonly duty: 'erasures'; readonly member: AccountId; readonly count: number }
  | { readonly duty: 'certificate'; readonly days: number };

/** The machine of one member, as its own node and storage node say; unlike `Standing`, nothing of it is proven. */
export interface MachineStatus {
  /** Missing: the node does not run. */
  readonly node: Pick<NodeStatus, 'height' | 'lag' | 'isCatchingUp' | 'mempool'> | undefined;
  readonly peers: readonly { readonly name: string; readonly isConnected: boolean }[];
  /** Whether the vote of each validator, in the order of the set, is in the newest block's commit. */
  readonly voted: readonly boolean[];
  /** Missing: the storage node does not run. */
  readonly replicas: Replicas | undefined;
  readonly duties: readonly Duty[];
}

export interface Replicas {
  readonly blobs: number;
  readonly heldBlobs: number;
  /** Of ours with fewer copies than there should be, when they were counted last. */
  readonly below: number | undefined;
  readonly members: readonly {
    readonly account: AccountId;
    readonly isConnected: boolean;
    readonly pinned: number;
    readonly lost: number;
    readonly erasuresWaiting: number;
  }[];
}

/** Undefined: this home runs no CometBFT, or is of no consortium. Throws HOME_INVALID, NODE_WRONG. */
export async function machineStatus(
  home: string,
  standing: Standing,
  nowMs: number,
): Promise<MachineStatus | undefined> {
  const own = ownIn(home);
  if (own === undefined || !isComet(serversOf(home))) return undefined;
  const status = await nodeStatus(nodeHomeIn(serversOf(home)));
  const others = networkIn(home).filter(({ name }) => name !== own.name);
  const replicas = await replicasOf(home);
  const { voted = [], peers = [] } = status ?? {};
  const ends = machineEndsMs(home) ?? nowMs;
  return {
    node: status === undefined ? undefined : nodeOf(status),
    peers: others.map(({ name, nodeId }) => ({ name, isConnected: peers.includes(nodeId) })),
    voted: standing.validators.map(({ publicKey }) =>
      voted.includes(bytesToHex(validatorAddress(publicKey))),
    ),
    replicas,
    duties: [
      ...votesOwed(standing, own.organisation),
      ...copiesOwed(replicas),
      ...certificateOwed(daysUntil(ends, nowMs)),
    ],
  };
}

const nodeOf = ({ height, lag, isCatchingUp, mempool }: NodeStatus): MachineStatus['node'] => ({
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

function votesOwed({ open, members }: Standing, own: AccountId): readonly Duty[] {
  const votes = members.some(({ account, counts }) => account === own && counts);
  if (!votes) return [];
  return open
    .filter(({ outcome, yes, no }) => outcome === 'open' && ![...yes, ...no].includes(own))
    .map(({ proposal }) => ({ duty: 'vote', proposal }));
}

function copiesOwed(replicas: Replicas | undefined): readonly Duty[] {
  if (replicas === undefined) return [];
  const { below = 0, members } = replicas;
  return [
    ...(below > 0 ? [{ duty: 'copies' as const, blobs: below }] : []),
    ...members
      .filter(({ erasuresWaiting }) => erasuresWaiting > 0)
      .map(({ account, erasuresWaiting: count }) => ({
        ...{ duty: 'erasures' as const, member: account, count },
      })),
  ];
}

const certificateOwed = (days: number): readonly Duty[] =>
  days >= renewDays ? [] : [{ duty: 'certificate', days }];
