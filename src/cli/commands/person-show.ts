import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { factsOf, openActing, withWallet } from '../acting.ts';
import { amount, table } from '../format.ts';
import { named } from '../harmless.ts';
import { homeFolder, walletNames } from '../home.ts';
import { peopleOf } from '../people-here.ts';
import { writeOut } from '../write-out.ts';
import type { CommandContext } from './command.ts';

/** Whose wallets are here, and what one of them knows. */
export function addPersonShow(person: Command, context: CommandContext): void {
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
  const words = first === undefined ? undefined : await person.trustWords(first.account);
  if (flags.saveTrust !== undefined) {
    if (trustRoot === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
    await writeOut(flags.saveTrust, trustRoot, context);
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
    copy: person.hasCopy,
    ...(trustRoot !== undefined && { trustRoot: JSON.parse(trustRoot) as unknown }),
    ...(words !== undefined && { trustWords: words }),
  };
  context.output.result(facts, () =>
    [
      `${named(person.name)} (wallet ${name})`,
      '',
      person.accounts.length === 0
        ? 'Not enrolled yet: salus person enrol'
        : table([
            ['hospital', 'role', 'account'],
            ...person.accounts.map((it) => [
              it.organisationName,
              it.enrolled ? it.role : `${it.role}, not finished`,
              it.account,
            ]),
          ]),
      ...(person.accounts.every((it) => it.enrolled)
        ? []
        : ['', `Finish enrolling: salus person enrol ${name} --code-file FILE`]),
      ...(person.hasCopy || person.accounts.length === 0
        ? []
        : ['', 'No hospital keeps a copy of this wallet, and no code brings it back.']),
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
      ...(words === undefined ? [] : [`believes the ledger of the words ${words.join(' ')}`]),
    ].join('\n'),
  );
}
