import {
  type Answer,
  accountOf,
  bytesOf,
  consortiumOf,
  identityOf,
  type Sent,
  validatorOf,
  World,
} from '../../../../test/world.ts';
import { type GenesisLog, spineLogs } from '../../../ledger/genesis.ts';
import type { LedgerView } from '../../../ledger/table.ts';
import { accountIdOf } from '../../../primitives/ids.ts';
import { type GovPropose, proposalId } from '../ledger/acts/gov-propose.ts';
import type { GovVote } from '../ledger/acts/gov-vote.ts';
import type { Change } from '../ledger/changes.ts';
import { proposals } from '../ledger/tables/proposals.ts';

/** Four hospitals, each with a validator: three decide. */
export const four = ['anna', 'bern', 'chur', 'davos'] as const;

/** What the logs of these chains take. Frozen with the golden chain and the vectors: acts of later wings stand in their own. */
const taken = { user: [1, 2, 3, 4, 5, 6, 10, 11, 12, 20, 30, 70, 71], doc: [21, 31] } as const;
export const votingLogs: readonly GenesisLog[] = spineLogs.map((log) => ({
  ...log,
  acts: taken[log.name],
}));

export const worldOf = (...names: readonly string[]): World =>
  new World(votingLogs, consortiumOf(...names));

export const proposeAct = (change: Change, number = 1): GovPropose => ({
  kind: 'GovPropose',
  number,
  change,
});
export const idOf = (proposer: string, change: Change, number = 1): string =>
  proposalId({ number, change }, { chainId: 'salus-test-1', sender: accountOf(proposer) });
export const voteAct = (proposal: string, yes = true): GovVote => ({
  kind: 'GovVote',
  proposal,
  yes,
});

/** The changes of these tests, by what they are about. */
export const changes = {
  validatorIn: (
    name: string,
    key = `${name} validator`,
  ): Extract<Change, { kind: 'validator-in' }> => ({
    kind: 'validator-in',
    organisation: accountOf(name),
    publicKey: bytesOf(key),
  }),
  validatorOut: (name: string): Change => ({
    kind: 'validator-out',
    publicKey: validatorOf(name).publicKey,
  }),
  memberIn: (name: string): Extract<Change, { kind: 'member-in' }> => ({
    kind: 'member-in',
    identity: identityOf(name),
    name,
    url: `https://${name}.example`,
    rights: ['enrol', 'serve', 'batch'],
  }),
  memberOut: (name: string): Change => ({ kind: 'member-out', organisation: accountOf(name) }),
  memberChange: (
    name: string,
    to: Partial<Extract<Change, { kind: 'member-change' }>> = {},
  ): Change => ({
    kind: 'member-change',
    organisation: accountOf(name),
    name,
    url: `https://${name}.example`,
    rights: ['enrol'],
    ...to,
  }),
  memberKeys: (name: string, by = `${name} again`): Change => ({
    kind: 'member-keys',
    organisation: accountOf(name),
    identity: identityOf(by),
  }),
  profile: (acts: readonly number[], log: 'user' | 'doc' = 'user'): Change => ({
    kind: 'profile',
    log,
    acts,
    version: 1,
  }),
} as const;

/** One proposes, the others vote yes, each in a block of its own; what the last of them was answered. */
export function decide(
  world: World,
  change: Change,
  [proposer = '', ...others]: readonly string[],
  number = 1,
): Answer {
  let { answer } = world.send({ from: proposer, acts: [proposeAct(change, number)] });
  for (const from of others) {
    if (answer !== 'accepted') return answer;
    answer = world.send({ from, acts: [voteAct(idOf(proposer, change, number))] }).answer;
  }
  return answer;
}

/** Decided, or the setting of a test does not hold. */
export function mustDecide(world: World, change: Change, by: readonly string[], number = 1): void {
  const answer = decide(world, change, by, number);
  if (
    answer !== 'accepted' ||
    outcomeOf(world.view, idOf(by[0] ?? '', change, number)) !== 'accepted'
  ) {
    throw new Error(`not decided: ${answer}`);
  }
}

export const outcomeOf = (view: LedgerView, id: string): string | undefined =>
  view.get(proposals, id)?.outcome;

/** Two empty blocks: what was decided is in force in the next. */
export function pass(world: World, blocks = 1): World {
  for (let i = 0; i < blocks; i++) world.block([]);
  return world;
}

export const nobody = accountIdOf(new Uint8Array(32).fill(9));
export const by = (from: string, act: GovPropose | GovVote, rest: Partial<Sent> = {}): Sent => ({
  from,
  acts: [act],
  ...rest,
});
