import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { table, when } from '../../../cli/format.ts';
import { named } from '../../../cli/harmless.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { Duty, MachineStatus } from '../api/machine.ts';
import type { ShownProposal, Standing } from '../api/standing.ts';
import { openDesk, type TrustFlags, withTrust } from './desk.ts';

/** `consortium status`: what members see of each other. */
export function addStatus(consortium: Command, context: CommandContext): void {
  withTrust(consortium.command('status'))
    .description('members, validators, open proposals and cases, as the ledger has them')
    .action((flags: TrustFlags) => status(context, flags));
}

async function status(context: CommandContext, flags: TrustFlags): Promise<void> {
  const { machineFactsOf } = await import('../server/machine-facts.ts');
  const { machineStatusOf } = await import('../api/machine.ts');
  const home = homeFolder(context.flags.home);
  const now = context.surroundings.now?.() ?? Date.now();
  const { standing, machine } = await during(context.output, 'Asking', async () => {
    const standing = await (await openDesk(context, flags)).standing();
    const facts = await machineFactsOf(home, now);
    return { standing, machine: facts && machineStatusOf(facts, standing) };
  });
  const { voted, ...shown } = machine ?? { voted: [] };
  const facts = {
    ...standing,
    validators: standing.validators.map((it, at) => ({
      ...it,
      publicKey: bytesToBase64url(it.publicKey),
      ...(machine !== undefined && { voted: voted[at] ?? false }),
    })),
    ...(machine !== undefined && { machine: shown }),
    open: standing.open.map(({ facts, ...proposal }) => ({ ...proposal, ...facts })),
    cases: standing.cases.map((it) => ({ ...it, publicKey: bytesToBase64url(it.publicKey) })),
  };
  context.output.result(facts, () =>
    [statusText(standing), ...(machine === undefined ? [] : ['', machineText(machine)])].join('\n'),
  );
}

function statusText(standing: Standing): string {
  const { chain, height, timeMs, members, validators, open, cases, quorum } = standing;
  const titles = new Map<string, string>(members.map(({ account, name }) => [account, name]));
  const rows = members.map((it) => [
    named(it.name),
    it.url,
    it.rights.join(' '),
    [
      it.validates ? 'orders blocks' : '',
      it.counts ? '' : 'does not vote',
      it.frozen ? 'frozen' : '',
    ]
      .filter((word) => word !== '')
      .join(', '),
  ]);
  return [
    `${chain} at height ${height}, ${when(timeMs)}; ${validators.length} order blocks; ${quorum} of ${members.filter((it) => it.counts).length} decide.`,
    '',
    table([['member', 'address', 'rights', ''], ...rows]),
    ...(open.length === 0
      ? ['', 'Nothing is proposed.']
      : ['', ...open.map((it) => proposalText(it, titles))]),
    ...cases.map(
      (it) =>
        `Case: ${titles.get(it.organisation) ?? bytesToBase64url(it.publicKey)} signed two blocks of height ${it.height}${it.removed ? '; its power was taken' : ''}.`,
    ),
  ].join('\n');
}

function machineText({ node, peers, voted, replicas, duties }: MachineStatus): string {
  const away = peers.filter(({ isConnected }) => !isConnected).map(({ name }) => name);
  const votes = voted.filter((it) => it).length;
  return [
    node === undefined
      ? 'This machine: its node does not run.'
      : `This machine: height ${node.height}, ${node.lag} behind; ${votes} of ${voted.length} voted for the newest block; ${node.mempool.txs} transactions wait.`,
    `Peers: ${peers.length - away.length} of ${peers.length}${away.length === 0 ? '' : `; missing: ${away.join(', ')}`}.`,
    replicas === undefined
      ? 'Its storage node does not run.'
      : `Blobs: ${replicas.blobs} of its own, ${replicas.below ?? 'not counted yet how many'} with fewer copies than there should be; ${replicas.heldBlobs} of others.`,
    ...duties.map(dutyText),
  ].join('\n');
}

function dutyText(duty: Duty): string {
  switch (duty.duty) {
    case 'vote':
      return `To do: vote on ${duty.proposal.slice(0, 12)}.`;
    case 'copies':
      return `To do: ${duty.blobs} blobs need another copy.`;
    case 'erasures':
      return `To do: tell ${duty.member.slice(0, 12)} of ${duty.count} erasures.`;
    case 'certificate':
      return `Keys to renew: this machine's certificate holds for ${duty.days} days.`;
  }
}

function proposalText(
  { proposal, by, outcome, untilMs, yes, no, facts }: ShownProposal,
  titles: ReadonlyMap<string, string>,
): string {
  const names = (of: readonly AccountId[]) =>
    of.map((it) => named(titles.get(it) ?? it.slice(0, 12))).join(', ');
  const said = Object.entries(facts)
    .map(([what, value]) => `${what} ${named(titles.get(String(value)) ?? String(value))}`)
    .join(', ');
  return [
    `Proposal ${proposal.slice(0, 12)} by ${names([by])}, ${outcome} until ${when(untilMs)}: ${said}`,
    `  yes: ${names(yes) || 'nobody'}; no: ${names(no) || 'nobody'}`,
  ].join('\n');
}
