import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { localHospitals } from '../../server/desk.ts';
import type { ProfileDesk } from '../../server/profiles/change.ts';
import type { Proposal } from '../../server/profiles/proposal.ts';
import { confirmed } from '../asking.ts';
import { readSmallText } from '../files.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { profileFacts, profileText, standingFacts, standingText } from '../profile-text.ts';
import { replacing, type Writing, writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

interface ProfileFlags {
  readonly take?: readonly number[] | 'all';
  readonly log?: 'user' | 'doc';
  readonly rules?: number;
  readonly fromHeight?: number;
  readonly inBlocks?: number;
  readonly out?: string;
  readonly sign?: string;
  readonly send?: string;
  readonly trust?: string;
  readonly yes?: boolean;
}

/** Soon, but not before a busy ledger has taken it; and long enough for a file to go round. */
const blocksAhead = { sent: 5, written: 1_000 };

/** What the logs of the ledger take; and how a running consortium takes more. */
export const addLedger: AddCommand = (program, context) => {
  const ledger = program.command('ledger').description('what the logs of the ledger take');
  withProfileFlags(ledger.command('profile'))
    .description('show what each log takes, or let it take more from a height on')
    .addHelpText('after', profileHelp)
    .action((flags: ProfileFlags) => profile(context, flags));
};

const profileHelp = `
Without --take it only shows. A change needs the signature of every organisation that may enrol people, holds
for good, and stops a server whose Salus does not know the new acts: update all of them first.
Where all keys lie in this home: salus ledger profile --take all
Where they do not: --take all --out FILE here, then --sign FILE at each organisation, then --send FILE.`;

function withProfileFlags(command: Command): Command {
  return command
    .option('--take <acts>', 'all that this version knows, or numbers: 40,41', actNumbers)
    .addOption(
      new Option('--log <log>', 'which log; else that of each act').choices(['user', 'doc']),
    )
    .option('--rules <version>', 'the version of the rules', wholeNumber(1, 1_000_000))
    .option('--from-height <n>', 'the height from which it holds', wholeNumber(1, 2 ** 48))
    .option('--in-blocks <n>', 'so many blocks from now (5; with --out 1000)', blocksFlag)
    .option('--out <file>', 'write the proposal, signed by who is here, and do not send it')
    .option('--sign <file>', 'add the signatures of the organisations of this home')
    .option('--send <file>', 'send a proposal that all have signed')
    .option('--trust <file>', "the trust root to believe; default: the home's trust.json")
    .option('--yes', 'do not ask');
}

const blocksFlag = wholeNumber(1, 100_000);

function actNumbers(text: string): readonly number[] | 'all' {
  if (text === 'all') return text;
  return text.split(',').map(wholeNumber(1, 255));
}

async function profile(context: CommandContext, flags: ProfileFlags): Promise<void> {
  const isChange = flags.take !== undefined || flags.rules !== undefined;
  const ways = [isChange, flags.sign !== undefined, flags.send !== undefined];
  if (ways.filter(Boolean).length > 1) {
    throw new CodedError('USAGE', { problem: 'one of --take, --sign and --send' });
  }
  if (flags.fromHeight !== undefined && flags.inBlocks !== undefined) {
    throw new CodedError('USAGE', { problem: '--from-height or --in-blocks' });
  }
  const ofChange = ['log', 'fromHeight', 'inBlocks', 'out'] as const;
  const odd = ofChange.find((name) => flags[name] !== undefined);
  if (!isChange && odd !== undefined) {
    const word = odd.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new CodedError('USAGE', { problem: `--${word} goes with --take or --rules` });
  }
  if (flags.sign !== undefined) await sign(context, flags, flags.sign);
  else if (flags.send !== undefined) await send(context, flags, flags.send);
  else if (isChange) await change(context, flags);
  else await show(context, flags);
}

async function show(context: CommandContext, flags: ProfileFlags): Promise<void> {
  const { desk, height, logs } = await during(context.output, 'Asking', () =>
    openDesk(context, flags),
  );
  const chain = desk.genesis.chainId;
  context.output.result({ chain, height, logs: logs.map(standingFacts) }, () =>
    standingText(chain, height, logs),
  );
}

async function change(context: CommandContext, flags: ProfileFlags): Promise<void> {
  const { desk, height, logs } = await openDesk(context, flags);
  const { approved, propose } = await import('../../server/profiles/proposal.ts');
  const { heldKeys } = await import('../../server/home-members.ts');
  const ahead = flags.out === undefined ? blocksAhead.sent : blocksAhead.written;
  const unsigned = propose(desk.genesis.chainId, logs, {
    acts: flags.take ?? [],
    log: flags.log,
    version: flags.rules,
    fromHeight: flags.fromHeight ?? height + (flags.inBlocks ?? ahead),
  });
  if (unsigned.profiles.length === 0) {
    context.output.result({ chain: unsigned.chain, height, changed: false, profiles: [] }, () =>
      ['It takes all of that, or will.', '', standingText(unsigned.chain, height, logs)].join('\n'),
    );
    return;
  }
  const held = await heldKeys(homeFolder(context.flags.home), desk.genesis);
  const proposal = await approved(desk.genesis, unsigned, held);
  if (flags.out !== undefined)
    await write(context, flags.out, { proposal, desk, writing: context });
  else await sendSigned(context, flags, { proposal, desk });
}

async function sign(context: CommandContext, flags: ProfileFlags, file: string): Promise<void> {
  const home = homeFolder(context.flags.home);
  const { approved, parseProposal } = await import('../../server/profiles/proposal.ts');
  const { genesisIn, heldKeys } = await import('../../server/home-members.ts');
  const { serversOf } = await import('../../server/process.ts');
  const read = parseProposal(readSmallText(file));
  const genesis = genesisIn(serversOf(home));
  context.output.note(profileText(read));
  if (flags.yes !== true) await confirmed(context, 'Sign it? It holds for good.');
  const proposal = await approved(genesis, read, await heldKeys(home, genesis));
  await write(context, file, { proposal, desk: { genesis }, writing: replacing });
}

async function write(
  { output }: CommandContext,
  path: string,
  {
    proposal,
    desk,
    writing,
  }: {
    readonly proposal: Proposal;
    readonly desk: Pick<ProfileDesk, 'genesis'>;
    /** A proposal that is signed once more stands in the same file. */
    readonly writing: Writing;
  },
): Promise<void> {
  const { formatProposal, missingOf } = await import('../../server/profiles/proposal.ts');
  const file = await writeOut(path, formatProposal(proposal), writing);
  const missing = missingOf(desk.genesis, proposal.profiles).map(({ title }) => title);
  output.result({ file, ...profileFacts(proposal), missing }, () =>
    [
      profileText(proposal),
      '',
      `written to ${file}`,
      missing.length === 0
        ? `All have signed. Send it: salus ledger profile --send ${path}`
        : `Not signed yet: ${missing.join(', ')}. There: salus ledger profile --sign ${path}`,
    ].join('\n'),
  );
}

async function send(context: CommandContext, flags: ProfileFlags, file: string): Promise<void> {
  const { parseProposal } = await import('../../server/profiles/proposal.ts');
  const proposal = parseProposal(readSmallText(file));
  const { desk } = await openDesk(context, flags);
  await sendSigned(context, flags, { proposal, desk });
}

async function sendSigned(
  context: CommandContext,
  flags: ProfileFlags,
  { proposal, desk }: { readonly proposal: Proposal; readonly desk: ProfileDesk },
): Promise<void> {
  const { output } = context;
  const { heldKeys } = await import('../../server/home-members.ts');
  const sender = desk.senderOf(await heldKeys(homeFolder(context.flags.home), desk.genesis));
  output.note(profileText(proposal));
  if (flags.yes !== true) await confirmed(context, 'Send it? It cannot be taken back.');
  const { txId, height } = await during(output, 'Sending', () => desk.send(proposal, sender));
  output.result({ ...profileFacts(proposal), changed: true, txId, height }, () =>
    [
      `Signed by all, and taken at height ${height}: transaction ${txId}.`,
      ...proposal.profiles.map((it) => `Holds for ${it.profile} from height ${it.fromHeight} on.`),
    ].join('\n'),
  );
}

async function openDesk(context: CommandContext, { trust }: ProfileFlags) {
  const { flags, signal } = context;
  const home = homeFolder(flags.home);
  const url = flags.gateway ?? localHospitals(home)[0]?.url;
  if (url === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const trustRoot = readSmallText(trust ?? join(home, 'trust.json'));
  const { ProfileDesk } = await import('../../server/profiles/change.ts');
  const desk = await ProfileDesk.open(url, trustRoot, signal);
  return { desk, ...(await desk.standings()) };
}
