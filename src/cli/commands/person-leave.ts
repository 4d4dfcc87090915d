import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import {
  closeAccount,
  type ExportFolder,
  exportAccount,
  type WalletAccount,
} from '../../sdk/index.ts';
import { type Acting, actingAccount, openActing, withWallet, work } from '../acting.ts';
import { sure } from '../asking.ts';
import { amount } from '../format.ts';
import { named } from '../harmless.ts';
import { during } from '../output.ts';
import { replacing, writeOut } from '../write-out.ts';
import type { CommandContext } from './command.ts';

/** An account closed, and everything taken along first. */
export function addPersonLeave(person: Command, context: CommandContext): void {
  person
    .command('close [wallet]')
    .description('close an account: grants taken back, records erased, its key revoked')
    .option('--account <hospital>', 'which one, of several')
    .option('--yes', 'do not ask')
    .addHelpText('after', closeHelp)
    .action((name: string | undefined, flags: CloseFlags) => close(context, name, flags));
  person
    .command('leave [wallet]')
    .description('everything of an account into a folder; checked; then the account is closed')
    .requiredOption('--out <folder>', 'new or empty')
    .option('--account <hospital>', 'which one, of several')
    .option('--yes', 'do not ask')
    .addHelpText('after', closeHelp)
    .action((name: string | undefined, flags: CloseFlags & { out: string }) =>
      leave(context, name, flags),
    );
}

const closeHelp = `
The ledger keeps for good: that there was such an account and its keys, that grants were given, used and ended, and
hashes of records; it never had a name or a word of a record. What readers copied stays with them. The hospital's
backups forget within 35 days. A sealed copy of the wallet stays at the hospital, and the printed code alone opens it.`;

interface CloseFlags {
  readonly account?: string;
  readonly yes?: boolean;
}

async function close(
  context: CommandContext,
  wallet: string | undefined,
  flags: CloseFlags,
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet));
  const account = actingAccount(acting, flags.account);
  if (flags.yes !== true) await sure(context, closeQuestion(account));
  await closeAt(context, acting, account, {});
}

const closeQuestion = ({ organisationName }: WalletAccount): string =>
  `Close your account at ${named(organisationName)}? Every record there is erased for good.`;

async function closeAt(
  context: CommandContext,
  { person }: Acting,
  account: WalletAccount,
  facts: Record<string, unknown>,
): Promise<void> {
  const closed = await during(context.output, 'Closing', (progress) =>
    person.run(closeAccount, undefined, work(context, account, progress)),
  );
  const { organisationName } = account;
  context.output.result({ account: account.account, ...facts, ...closed }, () =>
    [
      `The account at ${named(organisationName)} is closed: ${amount(closed.revoked, 'grant')} taken back, ${amount(closed.erased, 'record')} erased.`,
      closeHelp.trim(),
    ].join('\n'),
  );
}

async function leave(
  context: CommandContext,
  wallet: string | undefined,
  flags: CloseFlags & { readonly out: string },
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet));
  const account = actingAccount(acting, flags.account);
  if (flags.yes !== true) await sure(context, closeQuestion(account));
  const exported = await during(context.output, 'Taking everything along', (progress) =>
    acting.person.run(
      exportAccount,
      folderAt(context, flags.out),
      work(context, account, progress),
    ),
  );
  const { files } = exported;
  context.output.note(`${amount(files, 'file')} written, read back and checked: ${flags.out}`);
  await closeAt(context, acting, account, { out: resolve(flags.out), exported });
}

/** What an earlier try wrote may lie there: its files are the same, but for those that say what stands now. */
function folderAt(context: CommandContext, out: string): ExportFolder {
  return {
    async write(name, bytes) {
      const path = join(out, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const isOfNow = name === 'manifest.json' || name.startsWith('grants-and-looks-');
      await writeOut(path, bytes, isOfNow ? replacing : context);
    },
    async read(name) {
      return new Uint8Array(readFileSync(join(out, name)));
    },
  };
}
