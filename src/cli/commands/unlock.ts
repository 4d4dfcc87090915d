import { openActing, walletName } from '../acting.ts';
import { beginSession, endSession, longestMinutes, serveSession } from '../agent.ts';
import { standardInput, wholeOf } from '../files.ts';
import { when } from '../format.ts';
import { homeFolder } from '../home.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

const usualMinutes = 10;

/** An unlocked session: for some minutes commands of this wallet ask for no passphrase. */
export const addUnlock: AddCommand = (program, context) => {
  const minutes = wholeNumber(1, longestMinutes);
  program
    .command('unlock')
    .description('for some minutes commands of this wallet ask for no passphrase')
    .option('--minutes <count>', `how long, up to ${longestMinutes}`, minutes, usualMinutes)
    .addHelpText('after', help)
    .action((flags: { minutes: number }) => unlock(context, flags.minutes));
  program
    .command('lock')
    .description('end the unlocked session of this wallet at once')
    .action(() => lock(context));
  program
    .command('agent', { hidden: true })
    .description('what unlock starts: holds the key for its minutes, and ends')
    .requiredOption('--seconds <count>', 'how long', wholeNumber(1, longestMinutes * 60))
    .action((flags: { seconds: number }) => serve(context, flags.seconds));
};

const help = `
A process holds the wallet's key, not the passphrase, behind a socket that only your user may open. Who can run
programs as you can use the wallet meanwhile. New keys, another passphrase or code and further devices ask all the same.`;

async function unlock(context: CommandContext, minutes: number): Promise<void> {
  const { home, name, person } = await openActing(context, { asks: true });
  const root = person.sessionRoot();
  const command = context.surroundings.command ?? [];
  await beginSession({ home, name, root, minutes, command });
  const untilMs = Date.now() + minutes * 60_000;
  context.output.result(
    { name, untilMs },
    () => `Unlocked until ${when(untilMs)}. To end it: salus lock --as ${name}`,
  );
}

async function lock(context: CommandContext): Promise<void> {
  const { name } = walletName(context);
  const ended = await endSession(homeFolder(context.flags.home), name);
  context.output.result({ name, ended }, () => (ended ? 'Locked.' : 'It was locked already.'));
}

async function serve(context: CommandContext, seconds: number): Promise<void> {
  const { flags, signal, surroundings } = context;
  const { name } = walletName(context);
  const root = await wholeOf(await standardInput('root', surroundings.stdin, signal));
  await serveSession({ home: homeFolder(flags.home), name, root, seconds, signal });
}
