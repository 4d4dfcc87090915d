import { setTimeout } from 'node:timers/promises';
import type { AddCommand, CommandContext } from '../../../cli/commands/command.ts';
import { amount, table, when } from '../../../cli/format.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { OperatorWord } from '../api/operator.ts';
import type { OperatorAnswer } from '../server/operator-line.ts';

const askedAgainMs = 200;

/** `data-server status`, `scrub`, `rebuild`: what who runs data servers does with them. Rule VT-15. */
export const addDataServer: AddCommand = (program, context) => {
  const command = program
    .command('data-server')
    .description('the data servers of this home: how they stand, a scrub, rebuilding');
  command
    .command('status [hospitals...]')
    .description('quarantines, incidents, and when all was whole last')
    .action((named: readonly string[]) => status(context, named));
  command
    .command('scrub [hospitals...]')
    .description('look at every row that a data server keeps, now')
    .action((named: readonly string[]) => worked(context, 'scrub', named));
  command
    .command('rebuild [hospitals...]')
    .description('make anew what is in quarantine, with the recovery key at hand')
    .action((named: readonly string[]) => worked(context, 'rebuild', named));
};

interface OfHospital extends OperatorAnswer {
  readonly hospital: string;
}

async function each(
  { flags }: CommandContext,
  named: readonly string[],
  work: (home: string, hospital: string) => Promise<OperatorAnswer>,
): Promise<readonly OfHospital[]> {
  const home = homeFolder(flags.home);
  const { hospitalsWithServers } = await import('../server/operator-line.ts');
  const all: OfHospital[] = [];
  for (const hospital of hospitalsWithServers(home, named))
    all.push({ hospital, ...(await work(home, hospital)) });
  return all;
}

async function status(context: CommandContext, named: readonly string[]): Promise<void> {
  const { askOperator } = await import('../server/operator-line.ts');
  const servers = await each(context, named, (home, hospital) =>
    askOperator(home, hospital, 'status'),
  );
  context.output.result({ servers }, () =>
    table([
      ['hospital', 'quarantine', 'incidents', 'whole last'],
      ...servers.map((it) => [
        it.hospital,
        it.quarantines.map(({ first, last }) => `batches ${first}-${last}`).join(', ') || 'none',
        String(it.incidents),
        it.wholeMs === 0 ? 'no round yet' : when(it.wholeMs),
      ]),
    ]),
  );
}

async function worked(
  context: CommandContext,
  word: Exclude<OperatorWord, 'status'>,
  named: readonly string[],
): Promise<void> {
  const { output, signal } = context;
  const { askOperator } = await import('../server/operator-line.ts');
  const what = word === 'scrub' ? 'Looking at every row' : 'Rebuilding';
  const servers = await during(output, what, () =>
    each(context, named, async (home, hospital) => {
      let answer = await askOperator(home, hospital, word);
      while (answer.work?.isOver === false) {
        await setTimeout(askedAgainMs, undefined, { signal });
        answer = await askOperator(home, hospital, 'status');
      }
      const { code } = answer.work ?? {};
      if (code !== undefined) throw new CodedError(code as 'INTERNAL', { hospital });
      return answer;
    }),
  );
  output.result({ servers }, () => servers.map(lineOf).join('\n'));
}

function lineOf({ hospital, work, quarantines }: OfHospital): string {
  if (work?.what === 'rebuild') {
    const pages = work.rebuilt.reduce((sum, it) => sum + it.pages, 0);
    return `${hospital}: ${amount(pages, 'page')} rebuilt; ${quarantines.length === 0 ? 'it answers again' : 'still in quarantine'}.`;
  }
  const bad = work?.bad ?? 0;
  const seconds = ((work?.ms ?? 0) / 1_000).toFixed(1);
  return bad === 0
    ? `${hospital}: ${amount(work?.rows ?? 0, 'row')} in ${seconds} s, all as it was written.`
    : `${hospital}: ${amount(bad, 'place')} not as written; in quarantine. See: salus data-server status`;
}
