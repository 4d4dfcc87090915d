import type { Command } from 'commander';
import { actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { AddCommand, CommandContext } from '../../../cli/commands/command.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { parseAccountId } from '../../../primitives/ids.ts';
import { giveHalves, handHalvesAgain } from '../sdk/index.ts';

interface DoubleFlags {
  readonly double?: true;
  readonly doubleServers?: readonly string[];
}

const told =
  'Doubly encrypted: whom you grant these records needs all three data servers to open one, in an emergency too. Your own wallet opens them without. Lists show no line of them to others; they are not moved, filed anew or read offline.';

/** `record add --double`: a flag of this wing's beside those of the command. */
const addDouble: AddCommand = (program, context) => {
  const record = program.commands.find((it) => it.name() === 'record');
  const add = record?.commands.find((it) => it.name() === 'add');
  add
    ?.option(
      '--double',
      'half of the key of each record to three data servers: who reads it needs all three, in an emergency too',
    )
    .option('--double-servers <account...>', 'to these three; default: yours, or the only three')
    .hook('preAction', (_program, command) => {
      const { double, doubleServers } = command.opts<DoubleFlags>();
      // Nobody should believe that they have a half of a record that is encrypted once.
      if (double !== true && doubleServers !== undefined)
        throw new CodedError('USAGE', { problem: '--double-servers goes with --double' });
      if (double !== true || context.added === undefined) return;
      context.output.note(told);
      context.added.double = giveHalves(doubleServers?.map(parseAccountId));
    });
};

/** `vitals double`: what an owner does for servers that lost their shares. */
export function addDoubleAgain(vitals: Command, context: CommandContext): void {
  vitals
    .command('double')
    .description(
      'give the three servers the shares of your doubly encrypted records again, after one lost them',
    )
    .action(async () => {
      const acting = await openActing(context);
      const said = await acting.person.run(
        handHalvesAgain,
        undefined,
        work(context, actingAccount(acting)),
      );
      context.output.result({ ...said }, () =>
        [
          `${said.records} doubly encrypted records.`,
          ...said.servers.map(({ server, code }) => `${server.slice(0, 12)}: ${tookIts(code)}`),
        ].join('\n'),
      );
    });
}

function tookIts(code: string): string {
  if (code === '') return 'has its shares';
  if (code === 'RATE_LIMITED') return 'took some; say it again in a minute, and it goes on';
  return `did not take them (${code})`;
}

export const addDoubleFlag: AddCommand = Object.assign(addDouble, { extends: ['record'] });
