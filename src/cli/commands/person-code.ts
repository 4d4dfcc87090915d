import type { Command } from 'commander';
import { actingAccount, openActing, withWallet, work } from '../acting.ts';
import { confirmed, readCodeFile } from '../asking.ts';
import { amount, when } from '../format.ts';
import { during } from '../output.ts';
import type { CommandContext } from './command.ts';

const codeQuestion = 'The printed recovery code of now';

/** Another printed code, and a stop to one that somebody else began. */
export function addPersonCode(person: Command, context: CommandContext): void {
  person
    .command('new-code [wallet]')
    .description('another printed code: at once with the old one, else after seven days')
    .option('--code-file <file>', 'holds the printed code of now (- asks for it)')
    .addHelpText('after', help)
    .action((wallet: string | undefined, flags: { codeFile?: string }) =>
      newCode(context, wallet, flags.codeFile),
    );
  person
    .command('stop-code [wallet]')
    .description('stop a new printed code that waits: also from a device whose keys are old')
    .option('--code-file <file>', 'with the printed code of now, in place of this wallet’s keys')
    .action((wallet: string | undefined, flags: { codeFile?: string }) =>
      stopCode(context, wallet, flags.codeFile),
    );
}

const help = `
Who has seen the printed code can take the account; both of you can then only freeze each other, and the desk decides.
With the old code the new one counts at once, and the keys are made anew. Without it the new one waits for seven days,
in which the old code and every device of yours may stop it: salus person stop-code. Keys must be seven days old.`;

async function newCode(
  context: CommandContext,
  wallet: string | undefined,
  file: string | undefined,
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet), { asks: true });
  const oldCode = await readCodeFile(context, file, codeQuestion);
  if (oldCode === undefined) {
    await confirmed(context, 'Without the old code the new one counts in seven days. Go on?');
  }
  const { output, signal } = context;
  const onCode = (recoveryCode: string) => {
    output.line({ event: 'code', recoveryCode }, () =>
      [
        '',
        `  Recovery code: ${recoveryCode}`,
        '',
        'Print it now, and keep both until this says that it counts.',
      ].join('\n'),
    );
  };
  const as = acting.accounts.length === 1 ? actingAccount(acting).account : undefined;
  const accounts = await during(output, 'Binding the new code', () =>
    acting.person.newCode({ as, oldCode, onCode, signal }),
  );
  const waiting = accounts.find((it) => it.waiting !== undefined)?.waiting;
  output.result({ accounts }, () =>
    waiting === undefined
      ? `The new code counts at ${amount(accounts.length, 'hospital')}; the old one opens nothing that is written from now on.`
      : `The new code counts from ${when(waiting.countsFromMs)} on. Keep the old one until then.`,
  );
}

async function stopCode(
  context: CommandContext,
  wallet: string | undefined,
  file: string | undefined,
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet), { asks: true, takeBack: false });
  const account = actingAccount(acting);
  const code = await readCodeFile(context, file, codeQuestion);
  const { txId, height } = await during(context.output, 'Stopping it', (progress) =>
    acting.person.stopNewCode({ ...work(context, account, progress), code }),
  );
  context.output.result(
    { account: account.account, txId, height },
    () => `Stopped at height ${height}: the printed code of before is the one that counts.`,
  );
}
