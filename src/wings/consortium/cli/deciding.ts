import { join } from 'node:path';
import type { Command } from 'commander';
import { saysYes } from '../../../cli/asking.ts';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallFile, readSmallText } from '../../../cli/files.ts';
import { table, when } from '../../../cli/format.ts';
import { named } from '../../../cli/harmless.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { writeOut } from '../../../cli/write-out.ts';
import { base64urlToBytes, bytesToBase64url, hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { localHospitals } from '../../../server/desk.ts';
import type { Duty, MachineStatus } from '../api/machine.ts';
import type { ShownProposal, Standing } from '../api/standing.ts';
import type { Change } from '../ledger/changes.ts';
import type { GovernanceDesk } from '../server/governance.ts';

/** `consortium status`, `propose`, `vote`: what members see of each other, and decide together. */
export function addDeciding(consortium: Command, context: CommandContext): void {
  withTrust(consortium.command('status'))
    .description('members, validators, open proposals and cases, as the ledger has them')
    .action((flags: TrustFlags) => status(context, flags));
  addProposing(consortium, context);
  withTrust(consortium.command('vote <proposal> <yes|no>'))
    .description('vote on a proposal: its id, or six or more digits of it')
    .option('--by <hospital>', 'which hospital of this home votes')
    .option('--yes', 'do not ask')
    .action((id: string, answer: string, flags: VoteFlags) => vote(context, { id, answer, flags }));
}

/** `consortium new-keys`: what a member does whose key was stolen, before the others vote. */
export function addNewKeys(consortium: Command, context: CommandContext): void {
  withTrust(consortium.command('new-keys'))
    .description('another key for a member whose key was stolen or lost, for member-keys')
    .requiredOption('--member <name>', 'its name, address, short name or account')
    .requiredOption('--out <file>', 'the public half, for the others to vote on')
    .requiredOption('--key-out <file>', 'the secret: keep it as organisation.key is kept')
    .action((flags: NewKeysFlags) => newKeys(context, flags));
}

/** `consortium take-keys`: what the member itself does once the others voted its new key in. */
export function addTakeKeys(consortium: Command, context: CommandContext): void {
  withTrust(consortium.command('take-keys'))
    .description('this hospital speaks by the key of new-keys that the others voted in')
    .requiredOption('--key <file>', 'the secret that new-keys wrote')
    .option('--member <name>', 'which hospital of this home')
    .action((flags: TakeKeysFlags) => takeKeys(context, flags));
}

interface TakeKeysFlags extends TrustFlags {
  readonly key: string;
  readonly member?: string;
}

async function takeKeys(context: CommandContext, flags: TakeKeysFlags): Promise<void> {
  const { takeVotedKey } = await import('../server/new-keys.ts');
  const secret = readSmallFile(flags.key);
  const home = homeFolder(context.flags.home);
  const desk = await openDesk(context, flags);
  const { name, title, account } = await takeVotedKey(home, {
    ...{ desk, secret, named: flags.member },
  });
  context.output.result({ name, organisation: account, restart: true }, () =>
    [
      `${named(title)} speaks by its new key from the next start of salus up on.`,
      'Its old key lies in organisation.key no more; backups made before hold it, and it is good for nothing.',
    ].join('\n'),
  );
}

interface NewKeysFlags extends TrustFlags {
  readonly member: string;
  readonly out: string;
  readonly keyOut: string;
}

async function newKeys(context: CommandContext, flags: NewKeysFlags): Promise<void> {
  const standing = await (await openDesk(context, flags)).standing();
  const { account, name } = memberOf(flags, standing);
  const { makeNewKeys } = await import('../server/new-keys.ts');
  const { secret, file } = await makeNewKeys(standing.chain, account);
  const keyFile = await writeOut(flags.keyOut, secret, context);
  const out = await writeOut(flags.out, file, context);
  context.output.result({ organisation: account, file: out, keyFile }, () =>
    [
      `Another key of ${named(name)}: ${keyFile}, a secret; its public half is ${out}.`,
      `The others: salus consortium propose member-keys --identity ${out}`,
    ].join('\n'),
  );
}

export interface TrustFlags {
  readonly trust?: string;
}
export interface VoteFlags extends TrustFlags {
  readonly by?: string;
  readonly yes?: boolean;
}

export const withTrust = (command: Command): Command =>
  command.option('--trust <file>', "the trust root to believe; default: the home's trust.json");

export async function openDesk(
  context: CommandContext,
  { trust }: TrustFlags,
): Promise<GovernanceDesk> {
  const { flags, signal } = context;
  const home = homeFolder(flags.home);
  const url = flags.gateway ?? localHospitals(home)[0]?.url;
  if (url === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const { GovernanceDesk } = await import('../server/governance.ts');
  return GovernanceDesk.open(url, readSmallText(trust ?? join(home, 'trust.json')), signal, home);
}

/** What stands, and the hospital of this home that speaks. Throws MEMBER_WRONG, and as `GovernanceDesk`. */
export async function speaking(context: CommandContext, flags: VoteFlags) {
  const desk = await openDesk(context, flags);
  const by = await desk.speaker(homeFolder(context.flags.home), flags.by);
  return { by, standing: await desk.standing() };
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

export interface ProposeFlags extends VoteFlags {
  readonly member?: string;
  readonly key?: string;
  readonly part?: string;
  readonly identity?: string;
  readonly name?: string;
  readonly url?: string;
  readonly rights?: readonly string[];
  readonly take?: readonly number[];
  readonly log?: string;
  readonly rules?: string;
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

interface Around {
  readonly standing: Standing;
  readonly context: CommandContext;
}

async function changeOf(
  kind: Change['kind'],
  flags: ProposeFlags,
  around: Around,
): Promise<Change> {
  const { standing } = around;
  switch (kind) {
    case 'validator-in':
      return { kind, organisation: memberOf(flags, standing).account, publicKey: keyOf(flags) };
    case 'validator-out':
      return {
        kind,
        publicKey: flags.key === undefined ? ofMember(flags, standing) : keyOf(flags),
      };
    case 'member-in':
      return memberIn(flags, standing);
    case 'member-out':
      return { kind, organisation: memberOf(flags, standing).account };
    case 'member-change': {
      const member = memberOf(flags, standing);
      const { name = member.name, url = member.url } = flags;
      const rights = await rightsOf(flags.rights ?? member.rights);
      return { kind, organisation: member.account, name, url, rights };
    }
    case 'member-keys': {
      const { readNewKeys } = await import('../server/new-keys.ts');
      const read = readNewKeys(readSmallText(flags.identity ?? missing('--identity')));
      if (read.chain !== standing.chain) throw new CodedError('CHAIN_WRONG', { chain: read.chain });
      return { kind, organisation: read.organisation, identity: read.identity };
    }
    case 'profile':
      return profileOf(flags, around);
  }
}

function missing(flag: string): never {
  throw new CodedError('MISSING', { problem: `say ${flag}` });
}

function memberOf({ member }: ProposeFlags, { members }: Standing) {
  const wanted = member ?? missing('--member');
  const found = members.filter(
    ({ account, name, url }) =>
      name === wanted || url === wanted || url.endsWith(`/${wanted}`) || account === wanted,
  );
  const [only, more] = found;
  if (only === undefined) throw new CodedError('MEMBER_UNKNOWN', { member: wanted });
  if (more !== undefined) throw new CodedError('AMBIGUOUS', { member: wanted });
  return only;
}

function keyOf({ key }: ProposeFlags): Uint8Array {
  const wanted = key ?? missing('--key');
  const bytes = hexToBytes(wanted) ?? base64urlToBytes(wanted);
  if (bytes?.length !== 32) throw new CodedError('USAGE', { problem: '--key has 32 bytes' });
  return bytes;
}

function ofMember(flags: ProposeFlags, standing: Standing): Uint8Array {
  if (flags.member === undefined) return missing('--member or --key');
  const { account } = memberOf(flags, standing);
  const held = standing.validators.find(({ organisation }) => organisation === account);
  if (held === undefined) throw new CodedError('VALIDATOR_UNKNOWN', { member: flags.member });
  return held.publicKey;
}

async function partOf({ part }: ProposeFlags, { chain }: Standing) {
  const { parsePart, identityOfPart } = await import('../server/part.ts');
  const read = await parsePart(readSmallText(part ?? missing('--part')));
  if (read.chain !== chain) throw new CodedError('CHAIN_WRONG', { chain: read.chain });
  return { ...read, identity: identityOfPart(read) };
}

async function memberIn(flags: ProposeFlags, standing: Standing): Promise<Change> {
  const { title, url, name, identity } = await partOf(flags, standing);
  const rights = await rightsOf(flags.rights ?? ['enrol', 'serve', 'batch']);
  return { kind: 'member-in', identity, name: title, url: `${url}/${name}`, rights };
}

async function rightsOf(words: readonly string[]) {
  const { readRights } = await import('../server/governance.ts');
  return readRights(words);
}

async function profileOf(flags: ProposeFlags, { context }: Around): Promise<Change> {
  const { log } = flags;
  if (log !== 'user' && log !== 'doc')
    throw new CodedError('USAGE', { problem: '--log user or doc' });
  const home = homeFolder(context.flags.home);
  const url = context.flags.gateway ?? localHospitals(home)[0]?.url ?? '';
  const { ProfileDesk } = await import('../../../server/profiles/change.ts');
  const trust = readSmallText(flags.trust ?? join(home, 'trust.json'));
  const { logs } = await (await ProfileDesk.open(url, trust, context.signal)).standings();
  const takes = logs.find((it) => it.log === log)?.takes;
  if (takes === undefined) throw new CodedError('LOG_WRONG', { log });
  const more = flags.take ?? (flags.rules === undefined ? missing('--take or --rules') : []);
  const kept = log === 'user' ? [2, 3, 11] : [];
  const acts = [...new Set([...takes.acts, ...kept, ...more])].sort((a, b) => a - b);
  return { kind: 'profile', log, acts, version: Number(flags.rules ?? takes.version) };
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
