import type { Command } from 'commander';
import {
  grantAgain,
  isOpen,
  type ListedGrant,
  opensTheSame,
  type WalletAccount,
} from '../../sdk/index.ts';
import { type Acting, actingAccount, openActing, withWallet, work } from '../acting.ts';
import { sure } from '../asking.ts';
import { amount } from '../format.ts';
import { named } from '../harmless.ts';
import { during } from '../output.ts';
import type { CommandContext } from './command.ts';

/** A chart to another hospital. */
export function addPersonMove(person: Command, context: CommandContext): void {
  person
    .command('move [wallet]')
    .description(
      'your records to your account at another hospital, each with its author and anchor',
    )
    .requiredOption('--to <hospital>', 'where you are enrolled too')
    .option('--from <hospital>', 'where they are; not needed with two accounts')
    .option('--dry-run', 'say what would be moved, and move nothing')
    .option('--grants', 'give the grants that live at the old account anew, to the same people')
    .option('--yes', 'do not ask')
    .addHelpText('after', moveHelp)
    .action((name: string | undefined, flags: MoveFlags) => move(context, name, flags));
}

const moveHelp = `
Nothing of the old account is changed or erased: close it with person close. Stopped, the same command goes on where
it was. The new hospital learns how many records there are, of which class and size, and no word of them.`;

interface MoveFlags {
  readonly to: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly grants?: boolean;
  readonly yes?: boolean;
}

async function move(
  context: CommandContext,
  wallet: string | undefined,
  flags: MoveFlags,
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet));
  const { person } = acting;
  const to = actingAccount(acting, flags.to);
  const accounts = acting.accounts.filter((it) => it.account !== to.account);
  const from = actingAccount({ ...acting, accounts }, flags.from);
  const options = work(context, from);
  const would = await person.moveRecords({ ...options, to: to.account, dryRun: true });
  const open = (await person.grants(options)).filter(isOpen);
  const commandsFor = (grants: readonly ListedGrant[]) =>
    grants.map((it) => commandOf(acting, it, to));
  const places = { from: from.account, to: to.account };
  const whither = `from ${named(from.organisationName)} to ${named(to.organisationName)}`;
  if (flags.dryRun === true) {
    const { moved: toMove, before } = would;
    const proposed = commandsFor(open);
    context.output.result({ ...places, dryRun: true, toMove, before, grants: proposed }, () =>
      [`${amount(toMove, 'record')} would move ${whither}; ${before} are there.`, ...proposed].join(
        '\n',
      ),
    );
    return;
  }
  if (flags.yes !== true) {
    await sure(context, `Move ${amount(would.moved, 'record')} ${whither}?`);
  }
  const moved = await during(context.output, 'Moving', (progress) =>
    person.moveRecords({ ...work(context, from, progress), to: to.account }),
  );
  const anew = flags.grants === true ? open.filter(opensTheSame) : [];
  const given = await person.run(grantAgain, anew, work(context, to));
  const left = commandsFor(open.filter((it) => !anew.includes(it)));
  context.output.result({ ...places, ...moved, grants: left, granted: given }, () =>
    [
      `${amount(moved.moved, 'record')} moved ${whither}; ${moved.before} were there before.`,
      ...moved.left.map((it) => `  stays: ${it.recordId} (${it.code})`),
      ...(left.length > 0
        ? ['Grants that live at the old account; to give them anew:', ...left]
        : []),
      ...(given.length > 0 ? [`${amount(given.length, 'grant')} given anew.`] : []),
      'The old account has everything still: salus person close --account HOSPITAL',
    ].join('\n'),
  );
}

/**
 * What to type for the same grant at the new account, or for less: which records a grant of single ones names there must
 * be said, and of one that does not open all history nothing that was moved is opened.
 */
function commandOf({ name }: Acting, grant: ListedGrant, to: WalletAccount): string {
  const { terms, granteeName, state, notBeforeMs, notAfterMs } = grant;
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  // Who is printed between isolates is not found by what is copied.
  const who = named(granteeName) === granteeName ? granteeName : terms.grantee;
  return [
    `salus grant ${quoted(who)} --as ${quoted(`${name}@${to.organisationName}`)}`,
    ...terms.readClasses.map((it) => (it === 'private' ? '--restricted' : `--class ${it}`)),
    ...(terms.recordIds.length > 0 ? ['--record ID'] : []),
    ...(terms.fromMs > 0 ? ['--history none'] : []),
    ...terms.writeClasses.map((it) => `--write-class ${it}`),
    ...terms.purposes.map((it) => `--purpose ${it}`),
    ...(state === 'not yet' ? [`--from ${new Date(notBeforeMs).toISOString()}`] : []),
    `--until ${new Date(notAfterMs).toISOString()}`,
  ].join(' ');
}
