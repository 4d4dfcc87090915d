import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallFile, readSmallText } from '../../../cli/files.ts';
import { named } from '../../../cli/harmless.ts';
import { homeFolder } from '../../../cli/home.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { propose } from './deciding.ts';
import { openDesk, speaking, type TrustFlags, type VoteFlags, withTrust } from './desk.ts';

/** `consortium join`, `admit`, `dismiss`, `leave`: the files and votes of a hospital that comes or goes. */
export function addJoining(consortium: Command, context: CommandContext): void {
  consortium
    .command('join')
    .description('make this home ready for a ledger whose members vote this hospital in')
    .requiredOption('--part <file>', 'what propose-genesis wrote for this home')
    .requiredOption('--genesis <file>', 'servers/genesis.cbor of a member')
    .requiredOption('--network <file>', 'servers/network.json of a member')
    .requiredOption('--swarm-key <file>', 'the secret of the network of stores')
    .addHelpText('after', joinHelp)
    .action((flags: JoinFlags) => joinLedger(context, flags));
  consortium
    .command('admit <part>')
    .description('let the machine of a new member in: peers, stores, certificates of this home')
    .action((part: string) => admit(context, part));
  withTrust(consortium.command('dismiss <member>'))
    .description('take the machine of a member that left out of peers, stores, certificates')
    .action((member: string, flags: TrustFlags) => dismiss(context, member, flags));
  withTrust(consortium.command('leave'))
    .description('propose that this hospital leaves: first its validator, then the member')
    .option('--by <hospital>', 'which hospital of this home leaves')
    .option('--yes', 'do not ask')
    .action((flags: VoteFlags) => leave(context, flags));
}

const joinHelp = `
1. The new hospital:  salus consortium propose-genesis --chain THE-LEDGER --name ... --out elm.part.json
2. Each member:       salus consortium admit elm.part.json, then salus up once more, one machine after another
   One of them:       salus consortium propose member-in --part elm.part.json; the others vote
3. The new hospital:  salus consortium join ..., salus up --engine cometbft; it takes the state from the others, then the blocks
4. When it is at the tip, one proposes validator-in --member elm --key KEY (the part has it); the others vote.
Compare both hashes that join shows, of the genesis and of the machines, with a member by telephone.`;

interface JoinFlags {
  readonly part: string;
  readonly genesis: string;
  readonly network: string;
  readonly swarmKey: string;
}

async function joinLedger(context: CommandContext, flags: JoinFlags): Promise<void> {
  const { machinesHash, parsePart } = await import('../server/part.ts');
  const { joinConsortium } = await import('../server/joining.ts');
  const { writeMemberFiles } = await import('../server/consortium-homes.ts');
  const { parseNetwork } = await import('../../../server/member/network.ts');
  const { surroundings } = context;
  const home = homeFolder(context.flags.home);
  const part = await parsePart(readSmallText(flags.part));
  const invited = {
    part,
    genesisBytes: readSmallFile(flags.genesis),
    network: parseNetwork(readSmallText(flags.network)),
    swarmKey: readSmallFile(flags.swarmKey),
  };
  const now = surroundings.now?.() ?? Date.now();
  const { genesisHash, members } = await joinConsortium(home, invited, now);
  const command = surroundings.command ?? ['salus'];
  const files = writeMemberFiles({ home, own: part, count: members.length, command });
  const names = members.map(({ name }) => name);
  const machines = machinesHash(members);
  const facts = { home, name: part.name, genesisHash, machines, members: names, ...files };
  context.output.result(facts, () =>
    [
      `${home} is ready for ${named(part.chain)}, genesis ${genesisHash}: salus up --home ${home} --engine cometbft`,
      `Its list of machines is ${machines}.`,
      'Compare both hashes with a member by telephone, who sees that of the machines when it admits this one. Then it is voted in.',
    ].join('\n'),
  );
}

async function admit(context: CommandContext, file: string): Promise<void> {
  const { machinesHash, parsePart } = await import('../server/part.ts');
  const { admitMember } = await import('../server/joining.ts');
  const part = await parsePart(readSmallText(file));
  const members = admitMember(homeFolder(context.flags.home), part);
  const names = members.map(({ name }) => name);
  const machines = machinesHash(members);
  context.output.result({ name: part.name, members: names, machines, restart: true }, () =>
    [
      `${named(part.title)} is known here, at ${part.host}; its store is called at once. The list of machines is ${machines}.`,
      'Its node and gateway are let in from the next start of salus up on: one machine after another.',
    ].join('\n'),
  );
}

async function dismiss(context: CommandContext, member: string, flags: TrustFlags): Promise<void> {
  const { dismissMember, machineOf } = await import('../server/joining.ts');
  const home = homeFolder(context.flags.home);
  const gone = machineOf(home, member);
  const desk = await openDesk(context, flags);
  if (await desk.isListed(gone.organisation)) {
    throw new CodedError('MEMBER_STAYS', { name: gone.name });
  }
  const names = dismissMember(home, gone).map(({ name }) => name);
  context.output.result({ name: gone.name, members: names, restart: true }, () =>
    [
      `${named(gone.title)} is known here no more; its store is called no more.`,
      'Its node and gateway are kept out from the next start of salus up on: one machine after another.',
    ].join('\n'),
  );
}

async function leave(context: CommandContext, flags: VoteFlags): Promise<void> {
  const { by, standing } = await speaking(context, flags);
  const validates = standing.validators.some(({ organisation }) => organisation === by.account);
  for (const line of toMove(validates)) context.output.note(line);
  await propose(context, validates ? 'validator-out' : 'member-out', {
    ...flags,
    member: by.account,
  });
}

const toMove = (validates: boolean): readonly string[] => [
  'Before: patients of this hospital move to another one (salus person move), or keep their records there by grants; make a last backup.',
  'Its sealed bytes must be at others: salus storage status shows none below the copies it should have. Keep the machine running until then.',
  validates
    ? 'Now its machine stops to order blocks; three stay at least. When that is decided, run this once more: then the member leaves.'
    : 'Now the member leaves; then each of the others takes its machine out: salus consortium dismiss.',
];
