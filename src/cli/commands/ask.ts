import { CodedError } from '../../primitives/errors.ts';
import { maxAskDays, ordinaryClasses, type Question } from '../../sdk/index.ts';
import { actingAccount, caughtUp, openActing, work } from '../acting.ts';
import { findPerson } from '../finding.ts';
import { classesOf, purposeHelp, purposesOf } from '../grant-words.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { gather } from './options.ts';

/** A question to somebody: it gives nothing, and waits in his inbox until he answers. */
export const addAsk: AddCommand = (program, context) => {
  program
    .command('ask <who>')
    .description('ask somebody to share, or who he is; he is shown it with your card')
    .option('--class <class>', 'of what one would read: several flags, or commas; all', gather)
    .option('--purpose <purpose>', 'what for (default: TREAT)')
    .option('--days <days>', 'for how many days (default: 7)')
    .option('--who', 'ask who he is, in place of asking to read')
    .option('--introduce', 'send him your card: the answer to who you are')
    .addHelpText('after', purposeHelp)
    .action((who: string, flags: AskFlags) => run(context, who, flags));
};

interface AskFlags {
  readonly class?: readonly string[];
  readonly purpose?: string;
  readonly days?: string;
  readonly who?: boolean;
  readonly introduce?: boolean;
}

async function run(context: CommandContext, who: string, flags: AskFlags): Promise<void> {
  const question = questionOf(flags);
  const acting = await openActing(context);
  await caughtUp(context, acting, { tells: false });
  const to = await findPerson(context, acting, who);
  await during(context.output, 'Asking', (progress) =>
    acting.person.ask(to, question, work(context, actingAccount(acting), progress)),
  );
  context.output.result({ to, question }, () => 'Asked. It waits in the inbox of that person.');
}

/** Throws MISSING, USAGE, CLASS_UNKNOWN, PURPOSE_UNKNOWN. */
function questionOf(flags: AskFlags): Question {
  const { who = false, introduce = false } = flags;
  const asksToRead = [flags.class, flags.purpose, flags.days].some((it) => it !== undefined);
  if ([who, introduce, asksToRead].filter(Boolean).length > 1) {
    throw new CodedError('USAGE', { problem: 'one of --class, --who and --introduce' });
  }
  if (who) return { kind: 'who' };
  if (introduce) return { kind: 'introduction' };
  if (flags.class === undefined) {
    throw new CodedError('MISSING', { problem: 'say what: --class, --who or --introduce' });
  }
  const days = Number(flags.days ?? 7);
  if (!Number.isInteger(days) || days < 1 || days > maxAskDays) {
    throw new CodedError('USAGE', { problem: `--days is a number from 1 to ${maxAskDays}` });
  }
  const [purpose = 'TREAT'] = purposesOf([flags.purpose ?? 'TREAT']);
  const wished = new Set<string>(classesOf(flags.class));
  const classes = ordinaryClasses.filter((it) => wished.has(it));
  const readClasses = classes.length === ordinaryClasses.length ? [] : classes;
  return { kind: 'access', readClasses, purpose, days };
}
