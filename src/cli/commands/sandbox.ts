import { CodedError } from '../../primitives/errors.ts';
import { table } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { drawSandbox } from '../sandbox/draw.ts';
import type { Miner, SandboxReport } from '../sandbox/report.ts';
import { runSandbox } from '../sandbox/sandbox.ts';
import { writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

interface SandboxFlags {
  readonly blocks: number;
  readonly difficulty?: number;
  readonly tamper?: number;
  readonly miners?: string;
  readonly seed?: number;
  readonly svg?: string;
}

/** The papers' mined chain on this ledger's real blocks, to see why Salus does not use it. */
export const addSandbox: AddCommand = (program, context) => {
  program
    .command('sandbox')
    .description("for teaching: mine this ledger's blocks, change one, let miners race")
    .option('--blocks <count>', 'of the newest blocks, at most 24', wholeNumber(1, 24), 8)
    .option('--difficulty <bits>', 'leading zero bits, 1 to 20 (default: 12)', wholeNumber(1, 20))
    .option(
      '--tamper <height>',
      'the block to change (default: in the middle)',
      wholeNumber(1, 2 ** 52),
    )
    .option('--miners <shares>', 'name:share,name:share (default: north:0.5,south:0.3,east:0.2)')
    .option(
      '--seed <number>',
      'the same seed gives the same report (default: 1)',
      wholeNumber(0, 2 ** 52),
    )
    .option('--svg <file>', 'draw it')
    .action((flags: SandboxFlags) => run(context, flags));
};

async function run(context: CommandContext, flags: SandboxFlags): Promise<void> {
  const { output, signal } = context;
  const miners = flags.miners === undefined ? undefined : parseMiners(flags.miners);
  const { newestBlocks } = await import('../../server/ledger-blocks.ts');
  const blocks = newestBlocks(homeFolder(context.flags.home), flags.blocks);
  const report = await during(output, 'Mining', (progress) =>
    runSandbox({
      blocks,
      signal,
      onProgress: ({ phase, done, of }) => progress.update(`${phase} ${done} of ${of}`),
      ...(flags.difficulty !== undefined && { difficultyBits: flags.difficulty }),
      ...(flags.tamper !== undefined && { tamperAt: flags.tamper }),
      ...(flags.seed !== undefined && { seed: flags.seed }),
      ...(miners !== undefined && { miners }),
    }),
  );
  const svg =
    flags.svg === undefined ? undefined : await writeOut(flags.svg, drawSandbox(report), context);
  output.result({ ...report, ...(svg !== undefined && { svg }) }, () => describe(report, svg));
}

function parseMiners(text: string): readonly Miner[] {
  return text.split(',').map((part) => {
    const [name = '', share = ''] = part.split(':');
    if (!/^[a-z0-9-]{1,24}$/i.test(name) || !/^\d{1,6}(\.\d{1,6})?$/.test(share)) {
      throw new CodedError('USAGE', { miners: 'name:share,name:share' });
    }
    return { name, share: Number(share) };
  });
}

function describe(report: SandboxReport, svg: string | undefined): string {
  const { chain, tamper, rewriteCosts, race } = report;
  const first = chain[0]?.height ?? 0;
  const last = chain.at(-1)?.height ?? 0;
  return [
    report.caption,
    '',
    `Mined: blocks ${first} to ${last} of this ledger, ${report.difficultyBits} leading zero bits each;`,
    `${report.expectedTriesPerBlock} tries a block expected, ${report.measuredTriesPerBlock} measured.`,
    '',
    `Changed: one bit of block ${tamper.height}. Seen first at block ${tamper.detectedAtHeight ?? '-'};`,
    `${tamper.blocks.filter((it) => !it.isValid).length} of ${tamper.blocks.length} blocks from there on do not hold any more.`,
    '',
    'The price of hiding a change, by mining again:',
    table([
      ['blocks', 'from', 'tries expected', 'tries measured'],
      ...rewriteCosts.map((it) => [
        String(it.blocks),
        String(it.fromHeight),
        String(it.expectedTries),
        String(it.measuredTries),
      ]),
    ]),
    '',
    `The race: ${race.rounds} rounds, ${race.forks.length} forks; the longest chain ends at ${race.chosenTip.hash.slice(0, 16)}`,
    table([
      ['miner', 'share', 'tries', 'found', 'on the chosen chain'],
      ...race.miners.map((it) => [
        it.name,
        it.share.toFixed(2),
        String(it.tries),
        String(it.blocksFound),
        String(it.blocksOnChosenChain),
      ]),
    ]),
    ...(svg === undefined ? [] : ['', `drawn to ${svg}`]),
  ].join('\n');
}
