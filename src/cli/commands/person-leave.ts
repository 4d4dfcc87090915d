import { resolve } from 'node:path';
import type { Command } from 'commander';
import { closeAccount, exportAccount, type WalletAccount } from '../../sdk/index.ts';
import { type Acting, actingAccount, openActing, withWallet, work } from '../acting.ts';
import { readCodeFile, sure } from '../asking.ts';
import { amount, when } from '../format.ts';
import { named } from '../harmless.ts';
import { leaveFolder } from '../leave-folder.ts';
import { during } from '../output.ts';
import type { CommandContext } from './command.ts';

/** An account closed, and everything taken along first. */
export function addPersonLeave(person: Command, context: CommandContext): void {
  person
    .command('close [wallet]')
    .description('close an account: grants taken back, records erased, its key revoked')
    .option('--account <hospital>', 'which one, of several')
    .option(...codeOption)
    .option('--yes', 'do not ask')
    .addHelpText('after', closeHelp)
    .action((name: string | undefined, flags: CloseFlags) => close(context, name, flags));
  person
    .command('leave [wallet]')
    .description('everything of an account into a folder; checked; then the account is closed')
    .requiredOption('--out <folder>', 'new, empty, or of an earlier try')
    .option('--account <hospital>', 'which one, of several')
    .option(...codeOption)
    .option('--yes', 'do not ask')
    .addHelpText('after', closeHelp)
    .action((name: string | undefined, flags: CloseFlags & { out: string }) =>
      leave(context, name, flags),
    );
}

const closeHelp = `
The ledger keeps for good: that there was such an account and its keys, that grants were given, used and ended, and
hashes of records; it never had a name or a word of a record. What readers copied stays with them. The hospital's
backups forget within 35 days. The sealed copies of the wallet at this hospital go too, those of the last 30 days with
them: at once with --code-file, else in 30 days, until when the printed code can bring the account back, empty. Copies at
other hospitals of yours stay: they are the wallet.`;

const codeOption = [
  '--code-file <file>',
  'holds the printed code (- asks for it): the copies of the wallet go at once',
] as const;

interface CloseFlags {
  readonly account?: string;
  readonly yes?: boolean;
  readonly codeFile?: string;
}

async function close(
  context: CommandContext,
  wallet: string | undefined,
  flags: CloseFlags,
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet));
  const account = actingAccount(acting, flags.account);
  if (flags.yes !== true) await sure(context, closeQuestion(account));
  const code = await readCodeFile(context, flags.codeFile, 'Printed code');
  await closeAt(context, acting, { account, code }, {});
}

const closeQuestion = ({ organisationName }: WalletAccount): string =>
  `Close your account at ${named(organisationName)}? Every record there is erased for good.`;

async function closeAt(
  context: CommandContext,
  { person }: Acting,
  { account, code }: { readonly account: WalletAccount; readonly code: string | undefined },
  facts: Record<string, unknown>,
): Promise<void> {
  const closed = await during(context.output, 'Closing', (progress) =>
    person.run(closeAccount, { code }, work(context, account, progress)),
  );
  const { organisationName } = account;
  context.output.result({ account: account.account, ...facts, ...closed }, () =>
    [
      `The account at ${named(organisationName)} is closed: ${amount(closed.revoked, 'grant')} taken back, ${amount(closed.erased, 'record')} erased.`,
      copiesText(closed.copiesGoneMs, code !== undefined),
      closeHelp.trim(),
    ].join('\n'),
  );
}

const copiesText = (goneMs: number | undefined, isNow: boolean): string => {
  if (goneMs === undefined) return 'No copy of the wallet was let go there.';
  return isNow
    ? 'Every copy of the wallet there is gone.'
    : `Every copy of the wallet there goes on ${when(goneMs)}, unless the printed code brings the account back.`;
};

async function leave(
  context: CommandContext,
  wallet: string | undefined,
  flags: CloseFlags & { readonly out: string },
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet));
  const account = actingAccount(acting, flags.account);
  if (flags.yes !== true) await sure(context, closeQuestion(account));
  const code = await readCodeFile(context, flags.codeFile, 'Printed code');
  const exported = await during(context.output, 'Taking everything along', (progress) =>
    acting.person.run(
      exportAccount,
      leaveFolder(flags.out, account.account, context),
      work(context, account, progress),
    ),
  );
  const { files } = exported;
  context.output.note(`${amount(files, 'file')} written, read back and checked: ${flags.out}`);
  await closeAt(context, acting, { account, code }, { out: resolve(flags.out), exported });
}
