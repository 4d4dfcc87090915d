import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { saysYes } from '../../../cli/asking.ts';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { wholeNumber } from '../../../cli/commands/options.ts';
import { readSmallFile, readSmallText } from '../../../cli/files.ts';
import { table } from '../../../cli/format.ts';
import { named } from '../../../cli/harmless.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { replacing, writeOut } from '../../../cli/write-out.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { GenesisProposal } from '../server/genesis-proposal.ts';

/** `consortium init`, `propose-genesis`, `sign-genesis`: from nothing to homes that are ready to run. */
export function addFounding(consortium: Command, context: CommandContext): void {
  consortium
    .command('init')
    .description('make the homes of all members at once, from a file that lists them')
    .requiredOption(
      '--members <file>',
      'JSON: {chain, members: [{name, short?, url, host, ports?}...]}',
    )
    .requiredOption('--out <folder>', 'a new folder; each home becomes a folder in it')
    .addHelpText('after', initHelp)
    .action((flags: InitFlags) => init(context, flags));
  consortium
    .command('propose-genesis')
    .description("make this member's own keys and public part; or put the parts of all together")
    .option('--chain <id>', 'the name of the ledger to be, such as salus-lakes-1')
    .option('--name <name>', 'of the hospital, as people read it')
    .option('--short <name>', 'as it stands in addresses; default: made of the name')
    .option('--url <url>', 'where people reach it')
    .option('--host <host>', 'where the other members reach its machine')
    .option('--p2p-port <n>', 'CometBFT (26656)', wholeNumber(1, 65_535))
    .option('--rpc-port <n>', 'CometBFT, for this machine alone (26657)', wholeNumber(1, 65_535))
    .option('--storage-port <n>', 'blobs (4001)', wholeNumber(1, 65_535))
    .option('--peers-port <n>', 'gateway to gateway (7421)', wholeNumber(1, 65_535))
    .option('--parts <files...>', 'the public parts of all members, put together')
    .requiredOption('--out <file>', 'where the part, or the proposal, is written')
    .addHelpText('after', proposeHelp)
    .action((flags: ProposeFlags) => proposeGenesis(context, flags));
  consortium
    .command('sign-genesis <file>')
    .description('sign a proposed genesis; when all have signed, make this home ready to run')
    .option('--swarm-key <file>', 'the secret of the network of stores, from whoever made it')
    .option('--yes', 'do not ask')
    .addHelpText('after', signHelp)
    .action((file: string, flags: SignFlags) => sign(context, file, flags));
}

const initHelp = `
Whoever runs this holds the keys of all members until the homes are carried away. Where nobody shall: each member runs
propose-genesis and sign-genesis on its own machine.`;
const proposeHelp = `
At each member:  salus consortium propose-genesis --home H --chain salus-lakes-1 --name "St. Anna Hospital"
                   --url https://salus.st-anna.example --host 10.0.0.1 --out st-anna.part.json
At one of them:  salus consortium propose-genesis --parts *.part.json --out genesis.json
                 It also writes genesis.json.swarm-key: hand it to each member by a way that nobody else reads.
At each member:  salus consortium sign-genesis genesis.json --home H --swarm-key genesis.json.swarm-key`;
const signHelp = `
It shows what is signed. The file goes from member to member until all have signed; then once more to each, and the home
is made ready. Compare the genesis hash with the others by another way than the file came.`;

interface InitFlags {
  readonly members: string;
  readonly out: string;
}

async function init(context: CommandContext, { members, out }: InitFlags): Promise<void> {
  const { parseMembers } = await import('../server/member.ts');
  const { makeHomes } = await import('../server/consortium-homes.ts');
  const planned = parseMembers(readSmallText(members));
  const made = await during(context.output, 'Making homes', () =>
    makeHomes(planned, { out: resolve(out), command: commandOf(context), nowMs: nowOf(context) }),
  );
  context.output.result({ ...made }, () =>
    [
      `The ledger ${made.chain}, its genesis ${made.genesisHash}.`,
      '',
      table([['name', 'home'], ...made.homes.map(({ name, home }) => [name, home])]),
      '',
      'Each folder holds the keys of one member: carry it to its machine and delete it here. NEXT.md says what comes next.',
    ].join('\n'),
  );
}

const commandOf = ({ surroundings }: CommandContext): readonly string[] =>
  surroundings.command ?? ['salus'];
const nowOf = ({ surroundings }: CommandContext): number => surroundings.now?.() ?? Date.now();

interface ProposeFlags {
  readonly chain?: string;
  readonly name?: string;
  readonly short?: string;
  readonly url?: string;
  readonly host?: string;
  readonly p2pPort?: number;
  readonly rpcPort?: number;
  readonly storagePort?: number;
  readonly peersPort?: number;
  readonly parts?: readonly string[];
  readonly out: string;
}

async function proposeGenesis(context: CommandContext, flags: ProposeFlags): Promise<void> {
  if (flags.parts !== undefined) await putTogether(context, flags.parts, flags.out);
  else await makePart(context, flags);
}

async function makePart(context: CommandContext, flags: ProposeFlags): Promise<void> {
  const { chain, name, short, url, host } = flags;
  if (chain === undefined || name === undefined || url === undefined || host === undefined) {
    const problem = 'say --chain, --name, --url and --host; or --parts';
    throw new CodedError('MISSING', { problem });
  }
  if (!/^[A-Za-z0-9._-]{1,50}$/.test(chain))
    throw new CodedError('MEMBERS_INVALID', { at: 'chain' });
  const { parseMember } = await import('../server/member.ts');
  const { openMember } = await import('../server/genesis-proposal.ts');
  const { formatFile } = await import('../server/part.ts');
  const { isFounded } = await import('../../../server/home-members.ts');
  const { isOrderedHere } = await import('../server/migrating.ts');
  const home = homeFolder(context.flags.home);
  if (isFounded(home) && !isOrderedHere(home, chain))
    throw new CodedError('HOME_FOUNDED', { home });
  const { port: gateway } = context.flags;
  const { p2pPort: p2p, rpcPort: rpc, storagePort: storage, peersPort: peers } = flags;
  const said = { gateway, p2p, rpc, storage, peers };
  const ports = Object.fromEntries(Object.entries(said).filter(([, it]) => it !== undefined));
  const planned = parseMember({ name, url, host, ports, ...(short !== undefined && { short }) });
  const part = await openMember(home, chain, planned, nowOf(context));
  const file = await writeOut(flags.out, formatFile(part), context);
  const facts = { home, name: part.name, chain, validator: part.validator, nodeId: part.nodeId };
  context.output.result({ ...facts, file }, () =>
    [
      `The keys of ${named(part.title)} are in ${home}; the public part is ${file}.`,
      'Hand it to whoever puts the genesis together: nothing in it is secret.',
    ].join('\n'),
  );
}

async function putTogether(
  context: CommandContext,
  files: readonly string[],
  out: string,
): Promise<void> {
  const { assemble, genesisHashOf, requireSound, swarmFingerprint } = await import(
    '../server/genesis-proposal.ts'
  );
  const { formatFile, parsePart } = await import('../server/part.ts');
  const { newSwarmKey } = await import('../../../server/storage/migrate.ts');
  const parts = await Promise.all(files.map((file) => parsePart(readSmallText(file))));
  const proposal = assemble(parts, nowOf(context));
  const genesisHash = genesisHashOf(await requireSound(proposal));
  const swarmKey = newSwarmKey();
  const file = await writeOut(out, formatFile(proposal), context);
  const swarmKeyFile = await writeOut(`${out}.swarm-key`, swarmKey, context);
  const members = proposal.members.map(({ name }) => name);
  const swarm = swarmFingerprint(swarmKey);
  context.output.result({ file, genesisHash, members, swarmKeyFile, swarm }, () =>
    [
      describe(proposal, genesisHash),
      '',
      `Written to ${file}: each member signs it (salus consortium sign-genesis ${file}).`,
      `${swarmKeyFile} is a secret of all members (${swarm}): hand it over by a way that nobody else reads.`,
    ].join('\n'),
  );
}

function describe({ members, timeMs }: GenesisProposal, genesisHash: string): string {
  const rows = members.map(({ name, title, url, host, nodeId }) => [
    ...[name, named(title), url, host, nodeId.slice(0, 12)],
  ]);
  return [
    `Genesis ${genesisHash} of ${named(members[0]?.chain ?? '')}, ${new Date(timeMs).toISOString()}`,
    '',
    table([['name', 'hospital', 'url', 'machine', 'node'], ...rows]),
  ].join('\n');
}

interface SignFlags {
  readonly swarmKey?: string;
  readonly yes?: boolean;
}

async function sign(context: CommandContext, file: string, flags: SignFlags): Promise<void> {
  const server = await import('../server/genesis-proposal.ts');
  const { formatFile } = await import('../server/part.ts');
  const { writeMemberFiles } = await import('../server/consortium-homes.ts');
  const home = homeFolder(context.flags.home);
  const read = server.parseGenesisProposal(readSmallText(file));
  const genesisHash = server.genesisHashOf(await server.requireSound(read));
  context.output.note(describe(read, genesisHash));
  if (
    flags.yes !== true &&
    (await saysYes(context, 'Sign it? These are the members from then on.')) === false
  ) {
    throw new CodedError('INTERRUPTED');
  }
  if (flags.swarmKey !== undefined) {
    await server.keepMemberSwarmKey(home, read, readSmallFile(flags.swarmKey));
  }
  const signed = await server.signGenesis(home, read);
  await writeOut(file, formatFile(signed), replacing);
  const missing = server.unsignedOf(signed);
  const facts = { file, genesisHash, missing };
  if (missing.length > 0) {
    context.output.result(
      { ...facts, ready: false },
      () => `Signed. Still to sign: ${missing.join(', ')}. When all have, run this once more.`,
    );
    return;
  }
  const own = await server.installGenesis(home, signed, nowOf(context));
  const count = signed.members.length;
  const files = writeMemberFiles({ home, own, count, command: commandOf(context) });
  context.output.result({ ...facts, ready: true, home, name: own.name, ...files }, () =>
    [
      `All have signed; ${home} is ready: salus up --home ${home} --engine cometbft`,
      `What comes next: ${join(home, 'NEXT.md')}`,
    ].join('\n'),
  );
}
