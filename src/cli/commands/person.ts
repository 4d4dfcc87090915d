import { hostname } from 'node:os';
import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { Person, type Role, readInvitation, roles, type WalletAccount } from '../../sdk/index.ts';
import { localHospitals } from '../../server/desk.ts';
import { contextOptions, factsOf, openActing, withWallet } from '../acting.ts';
import { askPassphrase, readCodeFile, saysYes } from '../asking.ts';
import { type EnrolPlan, enrolPerson } from '../enrol-person.ts';
import { readSmallText } from '../files.ts';
import { named } from '../harmless.ts';
import { fileWalletStore, homeFolder } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { addPersonCode } from './person-code.ts';
import { addPersonKeys } from './person-keys.ts';
import { addPersonLeave } from './person-leave.ts';
import { addPersonMove } from './person-move.ts';
import { addPersonShow } from './person-show.ts';

interface EnrolFlags {
  readonly hospital?: string;
  readonly invitationFile?: string;
  readonly role?: string;
  readonly name?: string;
  readonly licence?: string;
  readonly trust?: string;
  readonly trustWords?: string;
  readonly codeFile?: string;
}

/** Wallets and their people: made here, enrolled at a hospital, listed, shown. */
export const addPerson: AddCommand = (program, context) => {
  const person = program.command('person').description('wallets and the people they belong to');
  withEnrolFlags(
    person
      .command('create <wallet>')
      .description('make a wallet; with --hospital or --invitation-file also enrol')
      .addHelpText('after', passphraseHelp),
  ).action((name: string, flags: EnrolFlags) => create(context, name, flags));
  withEnrolFlags(
    person
      .command('enrol [wallet]')
      .description('enrol at a hospital: patients may do so at several')
      .option('--code-file <file>', 'holds the printed recovery code'),
  ).action((name: string | undefined, flags: EnrolFlags) => enrol(context, name, flags));
  addPersonShow(person, context);
  addPersonKeys(person, context);
  addPersonCode(person, context);
  addPersonMove(person, context);
  addPersonLeave(person, context);
};

const passphraseHelp = `
The wallet is sealed under a passphrase of at least 10 characters: from --passphrase-file, --passphrase-fd,
SALUS_PASSPHRASE, or typed. The recovery code is shown once: print it. It alone brings the wallet back.
--hospital acts as the desk of a hospital of this machine, which writes down --role, --name and --licence. Who
brings an invitation has what stands in it.

Examples:
  salus person create ana --name "Ana Lima" --hospital north
  salus person create osei --gateway https://north.example --role clinician --invitation-file -`;

function withEnrolFlags(command: Command): Command {
  return command
    .option('--hospital <name>', 'a hospital of this machine; its desk gives the invitation')
    .option(
      '--invitation-file <file>',
      'holds the code or link of the sheet; - reads or asks for it',
    )
    .option('--role <role>', `one of ${roles.filter(isEnrolled).join(', ')} (patient)`)
    .option('--name <full name>', 'what the desk writes down; default: the name of the wallet')
    .option('--licence <number>', 'of a clinician, what the desk writes down')
    .option('--trust <file>', 'the trust root to believe; default: what the hospital says first')
    .option('--trust-words <words>', 'the twelve words of the sheet: nothing else is believed');
}

/** Organisations come from genesis. */
const isEnrolled = (role: Role): boolean => role !== 'organisation';

function roleOf(text: string | undefined): Role | undefined {
  if (text === undefined) return undefined;
  const role = roles.filter(isEnrolled).find((known) => known === text);
  if (role === undefined) {
    throw new CodedError('USAGE', {
      problem: `"${text}" is no role; there are ${roles.filter(isEnrolled).join(', ')}`,
    });
  }
  return role;
}

async function planOf(
  context: CommandContext,
  name: string,
  flags: EnrolFlags,
): Promise<EnrolPlan> {
  return {
    home: homeFolder(context.flags.home),
    name,
    role: roleOf(flags.role),
    hospital: flags.hospital,
    gatewayUrl: context.flags.gateway,
    invitation: await readCodeFile(context, flags.invitationFile, 'The code on the sheet'),
    fullName: flags.name,
    licence: flags.licence,
    code: await readCodeFile(context, flags.codeFile, 'The printed recovery code'),
    trustRootJson: flags.trust === undefined ? undefined : readSmallText(flags.trust),
    trustWords: flags.trustWords,
    askWords: (words) => saysYes(context, wordsQuestion(words)),
    note: context.output.note,
    signal: context.signal,
  };
}

async function create(context: CommandContext, name: string, flags: EnrolFlags): Promise<void> {
  const { output } = context;
  const plan = await planOf(context, name, flags);
  const { home, hospital, invitation } = plan;
  const enrols = hospital !== undefined || invitation !== undefined;
  // Before the wallet is made: a name mistyped here would leave one behind.
  if (hospital !== undefined && !localHospitals(home).some((it) => it.name === hospital)) {
    const known = localHospitals(home).map((it) => it.name);
    const problem =
      known.length === 0
        ? 'no hospital runs on this home: salus up'
        : `hospitals: ${known.join(', ')}`;
    throw new CodedError('USAGE', { hospital, problem });
  }
  const store = fileWalletStore(home, name, context.surroundings);
  const passphrase = await askPassphrase(context, { isNew: true });
  const made = await Person.create(
    { store, passphrase, name: flags.name ?? name, deviceName: hostname() },
    contextOptions(context),
  );
  const { person } = made;
  // A device has nobody who could keep a printed code.
  const role =
    plan.role ?? (invitation === undefined ? undefined : readInvitation(invitation).role);
  const recoveryCode = role === 'device' ? undefined : made.code;
  const printed = recoveryCode === undefined ? {} : { recoveryCode };
  if (!enrols) {
    output.result({ name, ...printed, accounts: [] }, () => created(name, recoveryCode));
    return;
  }
  let account: WalletAccount;
  try {
    account = await during(output, 'Enrolling', () => enrolPerson(person, plan));
  } catch (error) {
    // The wallet stands, so its code must not be lost with the error.
    output.line({ event: 'created', name, ...printed }, () => created(name, recoveryCode));
    throw error;
  }
  const accounts = [factsOf(context, account)];
  output.result({ name, ...printed, account: account.account, accounts }, () =>
    [created(name, recoveryCode), '', enrolledText(account)].join('\n'),
  );
}

function wordsQuestion(words: readonly string[]): string {
  const [first, second] = [words.slice(0, 6), words.slice(6)].map((half) => half.join(' '));
  return `The hospital names a ledger of these words:\n  ${first}\n  ${second}\nAre they the words on the sheet?`;
}

function created(name: string, code: string | undefined): string {
  const made = `The wallet ${name} is made.`;
  if (code === undefined) return made;
  return [
    made,
    '',
    `  Recovery code: ${code}`,
    '',
    'Print it and keep it where you keep your passport. It is shown this once, nobody else has it, and',
    'with it and nothing else the wallet comes back when this device is lost.',
  ].join('\n');
}

function enrolledText({ account, role, organisationName }: WalletAccount): string {
  return `Enrolled at ${named(organisationName)} as ${role}; account ${account}.`;
}

async function enrol(
  context: CommandContext,
  wallet: string | undefined,
  flags: EnrolFlags,
): Promise<void> {
  const { name, person } = await openActing(withWallet(context, wallet));
  const plan = await planOf(context, name, flags);
  const role =
    plan.role ?? (plan.invitation === undefined ? undefined : readInvitation(plan.invitation).role);
  if (plan.code === undefined && role !== 'device') {
    throw new CodedError('MISSING', {
      problem: 'say --code-file FILE (- asks for it): the printed recovery code of this wallet',
    });
  }
  const account = await during(context.output, 'Enrolling', () =>
    enrolPerson(person, { ...plan, fullName: flags.name ?? person.name }),
  );
  context.output.result(
    { name, account: account.account, accounts: person.accounts.map((it) => factsOf(context, it)) },
    () => enrolledText(account),
  );
}
