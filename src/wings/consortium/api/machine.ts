import * as z from 'zod/mini';
import { accountIdText, height } from '../../../api/message-parts.ts';
import { validatorAddress } from '../../../ledger/chain/validators.ts';
import type { HandedTo } from '../../../ledger/charter.ts';
import { bytesToHex, hexToBytes } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { Standing } from './standing.ts';

const count = z.int().check(z.nonnegative());
const few = z.maxLength(200);
const name = z.string().check(z.maxLength(64));

const replicas = z.object({
  blobs: count,
  heldBlobs: count,
  /** Of ours with fewer copies than there should be, when they were counted last. Missing: not counted yet. */
  below: z.optional(count),
  members: z
    .array(
      z.object({
        account: accountIdText,
        isConnected: z.boolean(),
        ...{ pinned: count, lost: count, erasuresWaiting: count },
      }),
    )
    .check(few),
});
export type Replicas = z.infer<typeof replicas>;

/** What the machine of one member knows by its own node and storage node. */
export const machineFacts = z.object({
  organisation: accountIdText,
  /** Missing: the node does not run. */
  node: z.optional(
    z.object({
      ...{ height, lag: count },
      isCatchingUp: z.boolean(),
      mempool: z.object({ txs: count, bytes: count }),
    }),
  ),
  peers: z.array(z.object({ account: accountIdText, name, isConnected: z.boolean() })).check(few),
  /** Addresses (hex) of those whose vote is in the newest block's commit. */
  voters: z.array(z.string().check(z.maxLength(40))).check(few),
  /** Missing: the storage node does not run. */
  replicas: z.optional(replicas),
  /** Of a ledger that was handed over: no vote has written that into a row yet. */
  handedTo: z.optional(
    z.object({
      afterHeight: height,
      validators: z
        .array(
          z.object({
            publicKey: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
            power: count,
            organisation: accountIdText,
          }),
        )
        .check(few),
    }),
  ),
  /** Days until its certificate ends, when they are few. */
  certificateDays: z.optional(z.int()),
});
export type MachineFacts = z.infer<typeof machineFacts>;

/** What a machine owes: a vote, copies of blobs, the news of an erasure, a certificate. */
export const duty = z.discriminatedUnion('duty', [
  z.object({ duty: z.literal('vote'), proposal: z.string().check(z.maxLength(64)) }),
  z.object({ duty: z.literal('copies'), blobs: count }),
  z.object({ duty: z.literal('erasures'), member: accountIdText, count }),
  z.object({ duty: z.literal('certificate'), days: z.int() }),
]);
export type Duty = z.infer<typeof duty>;

/** The machine of one member, as its own node and storage node say; unlike `Standing`, nothing of it is proven. */
export const machineStatus = z.object({
  node: machineFacts.shape.node,
  peers: machineFacts.shape.peers,
  /** Whether the vote of each validator, in the order of the set, is in the newest block's commit. */
  voted: z.array(z.boolean()).check(few),
  replicas: machineFacts.shape.replicas,
  duties: z.array(duty).check(few),
});
export type MachineStatus = z.infer<typeof machineStatus>;

/** As the charter takes it. */
export function handedToIn(facts: MachineFacts | undefined): HandedTo | undefined {
  return (
    facts?.handedTo && {
      afterHeight: facts.handedTo.afterHeight,
      validators: facts.handedTo.validators.map(({ publicKey, ...it }) => ({
        ...it,
        publicKey: hexToBytes(publicKey) ?? new Uint8Array(0),
      })),
    }
  );
}

/** What a machine says of itself, beside what the ledger says of its consortium. */
export function machineStatusOf(facts: MachineFacts, standing: Standing): MachineStatus {
  const { organisation, node, peers, voters, replicas, certificateDays } = facts;
  return {
    ...{ node, peers, replicas },
    voted: standing.validators.map(({ publicKey }) =>
      voters.includes(bytesToHex(validatorAddress(publicKey))),
    ),
    duties: [
      ...votesOwed(standing, organisation),
      ...copiesOwed(replicas),
      ...(certificateDays === undefined
        ? []
        : [{ duty: 'certificate' as const, days: certificateDays }]),
    ],
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
