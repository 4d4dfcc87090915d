import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { Person, type Role, roles, type WalletAccount } from '../../sdk/index.ts';
import { localHospitals } from '../../server/desk.ts';
import { contextOptions, factsOf, openActing, withWallet } from '../acting.ts';
import { type EnrolPlan, enrolPerson } from '../enrol-person.ts';
import { readSmallText, writeOut } from '../files.ts';
import { amount, table } from '../format.ts';
import { fileWalletStore, homeFolder, readPassphrase, walletNames } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { addPersonKeys } from './person-keys.ts';
import { peopleOf } from './up.ts';

interface EnrolFlags {
  readonly hospital?: string;
  readonly invitation?: string;
  readonly role?: string;
  readonly name?: string;
  readonly licence?: string;
  readonly trust?: string;
  readonly codeFile?: string;
}

/** Wallets and their people: made here, enrolled at a hospital, listed, shown. */
export const addPerson: AddCommand = (program, context) => {
  const person = program.command('person').description('wallets and the people they belong to');
  withEnrolFlags(
    person
      .command('create <wallet>')
      .description('make a wallet; with --hospital or --invitation also enrol')
      .addHelpText('after', passphraseHelp),
  ).action((name: string, flags: EnrolFlags) => create(context, name, flags));
  withEnrolFlags(
    person
      .command('enrol [wallet]')
      .description('enrol at a hospital: patients may do so at several')
      .option('--code-file <file>', 'holds the printed recovery code'),
  ).action((name: string | undefined, flags: EnrolFlags) => enrol(context, name, flags));
  person
    .command('list')
    .description('whose wallets are on this machine; needs no passphrase')
    .action(() => list(context));
  person
    .command('show [wallet]')
    .description('accounts, cards and imports of one wallet')
    .option('--save-trust <file>', 'write the trust root that this wallet believes')
    .action((name: string | undefined, flags: { saveTrust?: string }) =>
      show(context, name, flags),
    );
  addPersonKeys(person, context);
};

const passphraseHelp = `
The wallet is sealed under a passphrase of at least 10 characters, from --passphrase-file or
SALUS_PASSPHRASE. The recovery code is shown once: print it. It alone brings the wallet back.`;

function withEnrolFlags(command: Command): Command {
  return command
    .option('--hospital <name>', 'a hospital of this machine; its desk gives the invitation')
    .option('--invitation <code>', 'from the registration desk; with --gateway or --hospital')
    .option('--role <role>', `one of ${roles.slice(0, -1).join(', ')}`, 'patient')
    .option('--name <full name>', 'as it stands on the card; default: the name of the wallet')
    .option('--licence <number>', 'of a clinician, for the card')
    .option('--trust <file>', 'the trust root to believe; default: what the hospital says first');
}

function roleOf(text: string | undefined): Role {
  const role = roles.find((known) => known === text);
  if (role === undefined || role === 'organisation') {
    throw new CodedError('USAGE', { role: text ?? '', expected: roles.slice(0, -1).join(', ') });
  }
  return role;
}

function planOf(context: CommandContext, name: string, flags: EnrolFlags): EnrolPlan {
  return {
    home: homeFolder(context.flags.home),
    name,
    role: roleOf(flags.role),
    hospital: flags.hospital,
    gatewayUrl: context.flags.gateway,
    invitation: flags.invitation,
    fullName: flags.name,
    licence: flags.licence,
    code: flags.codeFile === undefined ? undefined : readSmallText(flags.codeFile).trim(),
    trustRootJson: flags.trust === undefined ? undefined : readSmallText(flags.trust),
    signal: context.signal,
  };
}

async function create(context: CommandContext, name: string, flags: EnrolFlags): Promise<void> {
  const { output } = context;
  const plan = planOf(context, name, flags);
  const { home, role, hospital, invitation } = plan;
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
  const passphrase = readPassphrase(context.flags.passphraseFile, context.surroundings);
  const made = await Person.create(
    { store, passphrase, name: flags.name ?? name },
    contextOptions(context),
  );
  const { person } = made;
  // A device has nobody who could keep a printed code.
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
  return `Enrolled at ${organisationName} as ${role}; account ${account}.`;
}

async function enrol(
  context: CommandContext,
  wallet: string | undefined,
  flags: EnrolFlags,
): Promise<void> {
  const { name, person } = await openActing(withWallet(context, wallet));
  const plan = planOf(context, name, flags);
  const account = await during(context.output, 'Enrolling', () =>
    enrolPerson(person, { ...plan, fullName: flags.name ?? person.name }),
  );
  context.output.result(
    { name, account: account.account, accounts: person.accounts.map((it) => factsOf(context, it)) },
    () => enrolledText(account),
  );
}

function list(context: CommandContext): void {
  const home = homeFolder(context.flags.home);
  const known = peopleOf(home);
  const unknown = walletNames(home)
    .filter((name) => !known.some((it) => it.name === name))
    .map((name) => ({ name, role: 'not enrolled', hospital: '', account: '' }));
  const people = [...known, ...unknown];
  context.output.result({ people }, () =>
    people.length === 0
      ? 'No wallets here yet: salus person create NAME'
      : table([
          ['name', 'role', 'hospital', 'account'],
          ...people.map((it) => [it.name, it.role, it.hospital, it.account]),
        ]),
  );
}

async function show(
  context: CommandContext,
  wallet: string | undefined,
  flags: { readonly saveTrust?: string },
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet));
  const { person, name, accounts } = acting;
  const [first] = accounts;
  const trustRoot = first === undefined ? undefined : person.trustRootJson(first.account);
  if (flags.saveTrust !== undefined) {
    if (trustRoot === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
    await writeOut(flags.saveTrust, trustRoot);
  }
  const cards = person.cards.map(({ nickname, card }) => ({
    nickname,
    name: card.name,
    role: card.role,
    account: card.account,
  }));
  const imports = person.imports.map((it) => ({
    importId: it.skeleton,
    fileName: it.fileName,
    items: it.items,
    confirmed: it.anchored,
  }));
  const facts = {
    name,
    fullName: person.name,
    accounts: person.accounts.map((it) => factsOf(context, it)),
    cards,
    imports,
    pending: person.pendingCount,
    ...(trustRoot !== undefined && { trustRoot: JSON.parse(trustRoot) as unknown }),
  };
  context.output.result(facts, () =>
    [
      `${person.name} (wallet ${name})`,
      '',
      person.accounts.length === 0
        ? 'Not enrolled yet: salus person enrol'
        : table([
            ['hospital', 'role', 'account'],
            ...person.accounts.map((it) => [it.organisationName, it.role, it.account]),
          ]),
      ...(cards.length === 0
        ? []
        : [
            '',
            table([
              ['card', 'role', 'account'],
              ...cards.map((it) => [it.nickname, it.role, it.account]),
            ]),
          ]),
      '',
      `${amount(imports.length, 'import')}, ${person.pendingCount} not confirmed yet`,
    ].join('\n'),
  );
}
