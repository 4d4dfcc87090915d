import type { Code } from '../../codes/index.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { Flaw } from '../../server/maintenance/scrub/flaw.ts';
import type { ScrubbedStore } from '../../server/maintenance/scrub/scrub-home.ts';
import { amount, sizeOf } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during, type Output } from '../output.ts';
import type { AddCommand } from './command.ts';

/** Look at every byte that the servers of a home keep; everything that is not what it was is named. */
export const addScrub: AddCommand = (program, { flags, output, signal }) => {
  program
    .command('scrub')
    .description(
      'look at all that the servers of this home keep, and name everything that is not what was kept',
    )
    .option('--tell', 'leave what is found to the hospitals of this home, which tell of it')
    .addHelpText('after', scrubHelp)
    .action(async ({ tell: isTold = false }: { readonly tell?: boolean }) => {
      const home = homeFolder(flags.home);
      const { found: flaws, missed } = await during(output, 'Scrubbing', async (progress) => {
        const { scrubHome } = await import('../../server/maintenance/scrub/scrub-home.ts');
        const { leaveStore } = await import('../../server/maintenance/scrub/rounds.ts');
        const found: Flaw[] = [];
        const missed: Code[] = [];
        const onProgress = (store: string, items: number, bytes: number) =>
          progress.update(`${store}: ${amount(items, 'item')}, ${sizeOf(bytes)}`);
        for await (const it of scrubHome(home, { signal, onProgress })) {
          show(output, it);
          if (isTold) leaveStore(home, it);
          found.push(...it.flaws);
          if (it.missed !== undefined) missed.push(it.missed);
        }
        return { found, missed };
      });
      const [first] = flaws;
      if (first !== undefined) throw new CodedError(first.code, { places: flaws.length });
      const [reason] = missed;
      if (reason !== undefined) throw new CodedError(reason, { stores: missed.length });
      output.result({ whole: true }, () => 'Everything is as it was kept.');
    });
};

const scrubHelp = `
It only reads: also beside running servers, and in a copy of a home (--home FOLDER). It goes on after what it finds: each
is a line, with the store, the place and by what it was found (docs/protocol/stores.md). salus verify also executes every
block again.`;

function show(output: Output, { store, items, bytes, flaws, missed }: ScrubbedStore): void {
  const unread = missed === undefined ? '' : `; not to its end: ${missed}`;
  output.line(
    { store, items, bytes, found: flaws.length, ...(missed !== undefined && { missed }) },
    () => `${store}: ${amount(items, 'item')}, ${sizeOf(bytes)}, ${flaws.length} found${unread}`,
  );
  for (const flaw of flaws) output.line({ ...flaw }, () => lineOf(flaw));
}

function lineOf({ of, store, table: name, row, column, bound, code }: Flaw): string {
  const place = [name, row, column].filter((it) => it !== '').join(' ');
  return `  ${code} ${of}, ${store}: ${place === '' ? 'the file' : place} (${bound})`;
}
