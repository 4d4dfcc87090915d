import type { Command } from 'commander';
import { saysYes } from '../../../cli/asking.ts';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { named } from '../../../cli/harmless.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { Change } from '../ledger/changes.ts';
import type { GovernanceDesk } from '../server/governance.ts';
import { openDesk, type VoteFlags, withTrust } from './desk.ts';
import { changeOf, type ProposeFlags } from './proposed-change.ts';

/** `consortium propose`, `vote`: what members decide together. */
export function addDeciding(consortium: Command, context: CommandContext): void {
  addProposing(consortium, context);
  withTrust(consortium.command('vote <proposal> <yes|no>'))
    .description('vote on a proposal: its id, or six or more digits of it')
    .option('--by <hospital>', 'which hospital of this home votes')
    .option('--yes', 'do not ask')
    .action((id: string, answer: string, flags: VoteFlags) => vote(context, { id, answer, flags }));
}

const kinds = [
  'validator-in',
  'validator-out',
  'member-in',
  'member-out',
  'member-change',
  'member-keys',
  'profile',
] as const satisfies readonly Change['kind'][];

function addProposing(consortium: Command, context: CommandContext): void {
  withTrust(consortium.command('propose <kind>'))
    .description(`propose a change: ${kinds.join(', ')}`)
    .option('--member <name>', 'its name, address, short name or account')
    .option('--key <key>', 'of a validator: base64url or hex')
    .option('--part <file>', 'of a new member: its public part')
    .option('--identity <file>', 'of member-keys: what new-keys wrote')
    .option('--name <name>', 'of member-change')
    .option('--url <url>', 'of member-change')
    .option('--rights <rights...>', 'of member-in and member-change: enrol, serve, batch')
    .option('--take <acts>', 'of profile: numbers, 40,41, beside what the log takes', actNumbers)
    .option('--log <log>', 'of profile: user or doc', 'user')
    .option('--rules <version>', 'of profile: the version of the rules')
    .option('--by <hospital>', 'which hospital of this home proposes')
    .option('--yes', 'do not ask')
    .addHelpText('after', proposeHelp)
    .action((kind: string, flags: ProposeFlags) => propose(context, kind, flags));
}

const proposeHelp = `
Proposing is voting yes. More than two thirds of the members decide; a proposal lapses after 14 days.

Examples:
  salus consortium propose member-in --part elm.part.json
  salus consortium propose validator-in --member elm --key KEY
  salus consortium propose member-change --member bern --rights serve batch`;

const actNumbers = (text: string): readonly number[] => {
  const numbers = text.split(',').map(Number);
  const isAct = (it: number) => Number.isInteger(it) && it > 0 && it < 256;
  if (!numbers.every(isAct)) throw new CodedError('USAGE', { problem: '--take 40,41' });
  return numbers;
};

/** Proposes one kind of change, as flags say. Throws as `GovernanceDesk`. */
export async function propose(
  context: CommandContext,
  kind: string,
  flags: ProposeFlags,
): Promise<void> {
  const known = kinds.find((it) => it === kind);
  if (known === undefined) throw new CodedError('USAGE', { problem: `one of ${kinds.join(', ')}` });
  const desk = await openDesk(context, flags);
  const standing = await desk.standing();
  const change = await changeOf(known, flags, { standing, context });
  const by = await desk.speaker(homeFolder(context.flags.home), flags.by);
  const { changeFacts } = await import('../ledger/changes.ts');
  const facts = changeFacts(change);
  const said = Object.entries(facts).map(([what, value]) => `${what} ${named(String(value))}`);
  context.output.note(`${by.title} proposes: ${said.join(', ')}`);
  await asked(context, flags, 'Propose it?');
  const now = context.surroundings.now?.() ?? Date.now();
  const sent = await during(context.output, 'Sending', () => desk.propose(change, by, now));
  context.output.result({ ...facts, ...sent, by: by.name, quorum: standing.quorum }, () =>
    sent.outcome === 'accepted'
      ? `Decided at height ${sent.height}: in force from ${sent.height + 2} on.`
      : `Proposed at height ${sent.height}. The others: salus consortium vote ${sent.proposal} yes`,
  );
}

async function asked(context: CommandContext, flags: VoteFlags, question: string): Promise<void> {
  if (flags.yes !== true && (await saysYes(context, question)) === false) {
    throw new CodedError('INTERRUPTED');
  }
}

async function vote(
  context: CommandContext,
  {
    id,
    answer,
    flags,
  }: { readonly id: string; readonly answer: string; readonly flags: VoteFlags },
): Promise<void> {
  if (answer !== 'yes' && answer !== 'no') throw new CodedError('USAGE', { problem: 'yes or no' });
  const desk = await openDesk(context, flags);
  const proposal = await wholeId(desk, id);
  const { changeFacts } = await import('../ledger/changes.ts');
  const facts = changeFacts((await desk.proposal(proposal)).change);
  const by = await desk.speaker(homeFolder(context.flags.home), flags.by);
  const said = Object.entries(facts).map(([what, value]) => `${what} ${named(String(value))}`);
  context.output.note(`${by.title} says ${answer} to: ${said.join(', ')}`);
  await asked(context, flags, 'Send it? A vote cannot be changed.');
  const sent = await during(context.output, 'Sending', () =>
    desk.vote(proposal, answer === 'yes', by),
  );
  context.output.result({ proposal, ...facts, ...sent, by: by.name, vote: answer }, () =>
    sent.outcome === 'accepted'
      ? `Decided at height ${sent.height}: in force from ${sent.height + 2} on.`
      : `Voted at height ${sent.height}; the proposal is ${sent.outcome}.`,
  );
}

/** Throws PROPOSAL_UNKNOWN, AMBIGUOUS. */
async function wholeId(desk: GovernanceDesk, id: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(id)) return id;
  const { open } = await desk.standing();
  const fits = open.filter(({ proposal }) => id.length >= 6 && proposal.startsWith(id));
  const [only, more] = fits;
  if (only === undefined) throw new CodedError('PROPOSAL_UNKNOWN', { proposal: id });
  if (more !== undefined) throw new CodedError('AMBIGUOUS', { proposal: id });
  return only.proposal;
}
