import { join } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallText } from '../../../cli/files.ts';
import { homeFolder } from '../../../cli/home.ts';
import { during } from '../../../cli/output.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../../primitives/ids.ts';
import { localHospitals } from '../../../server/desk.ts';
import { type StatPurpose, statPurposes } from '../ledger/purposes.ts';
import { panels } from '../sdk/index.ts';
import type { StudyDesk } from '../server/study-desk.ts';
import { microRhoOf } from './question-words.ts';

/** `stats dataset`, `permit`, `approve`, `withdraw`: what organisations say of studies, by the key in this home. */
export function addStudies(stats: Command, context: CommandContext): void {
  by(stats.command('dataset'))
    .description('a new dataset: which three servers keep what, and how much may be asked of it')
    .option(
      '--panel <number>',
      'which vital signs: 1 vital signs, 2 blood pressure, 3 glucose, 4 oximeter, 5 heart rate',
      '1',
    )
    .option(
      '--servers <accounts...>',
      'three data servers in their order; default: one of each hospital of this home',
    )
    .option('--least <patients>', 'the least number of patients in an answer', '20')
    .option('--pages <count>', 'so many pages of one patient count in an answer', '24')
    .option('--researcher-rho <rho>', 'what one researcher may ask in 90 days', '0.5')
    .option('--rho <rho>', 'what all of them together may ask in 90 days', '2')
    .option('--purpose <words...>', `what for: ${statPurposes.join(', ')}`, ['research'])
    .action((flags: DatasetFlags) => dataset(context, flags));
  by(stats.command('permit'))
    .description('let a researcher ask; a second organisation approves')
    .requiredOption('--dataset <id>', 'of which dataset')
    .requiredOption('--researcher <account>', 'who')
    .option('--purpose <word>', 'what for', 'research')
    .option('--rho <rho>', 'how much in all', '0.5')
    .option('--days <days>', 'how long it holds', '365')
    .action((flags: PermitFlags) => permit(context, flags));
  by(stats.command('approve <permit>'))
    .description('approve a permit that another organisation proposed')
    .action((id: string, flags: ByFlags) => approve(context, id, flags));
  by(stats.command('withdraw <permit>'))
    .description('take back a permit that this organisation proposed or approved, at once')
    .action((id: string, flags: ByFlags) => withdraw(context, id, flags));
}

interface ByFlags {
  readonly by?: string;
  readonly trust?: string;
}

const by = (command: Command): Command =>
  command
    .option('--by <hospital>', 'which hospital of this home speaks')
    .option('--trust <file>', "the trust root to believe; default: the home's trust.json");

async function openDesk(context: CommandContext, { trust }: ByFlags): Promise<StudyDesk> {
  const { flags, signal } = context;
  const home = homeFolder(flags.home);
  const url = flags.gateway ?? localHospitals(home)[0]?.url;
  if (url === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const { StudyDesk } = await import('../server/study-desk.ts');
  return StudyDesk.open(url, readSmallText(trust ?? join(home, 'trust.json')), home, signal);
}

interface DatasetFlags extends ByFlags {
  readonly panel: string;
  readonly servers?: readonly string[];
  readonly least: string;
  readonly pages: string;
  readonly researcherRho: string;
  readonly rho: string;
  readonly purpose: readonly string[];
}

const purposeOf = (word: string): StatPurpose => {
  const purpose = statPurposes.find((it) => it === word);
  if (purpose === undefined)
    throw new CodedError('USAGE', { problem: `--purpose: one of ${statPurposes.join(', ')}` });
  return purpose;
};

function countOf(text: string, flag: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 0)
    throw new CodedError('USAGE', { problem: `${flag}: a whole number` });
  return count;
}

/** One that studies are about. Throws PANEL_UNKNOWN. */
function studyPanel(text: string): number {
  const panel = panels.find(({ number }) => String(number) === text);
  if (panel === undefined) throw new CodedError('PANEL_UNKNOWN', { panel: text });
  return panel.number;
}

async function dataset(context: CommandContext, flags: DatasetFlags): Promise<void> {
  const { signal, output } = context;
  const made = await during(output, 'Founding the dataset', async () => {
    const desk = await openDesk(context, flags);
    const servers: readonly AccountId[] =
      flags.servers?.map((it) => parseAccountId(it)) ??
      (await desk.dataServers(signal)).slice(0, 3);
    if (servers.length !== 3)
      throw new CodedError('USAGE', {
        problem: `three data servers are needed, here are ${servers.length}: --servers`,
      });
    const purposes = statPurposes.filter((it) => flags.purpose.map(purposeOf).includes(it));
    const terms = {
      ...{ panel: studyPanel(flags.panel), edges: 1, windows: 1, servers, purposes },
      ...{ kMin: countOf(flags.least, '--least') },
      ...{ pagesPerPatient: countOf(flags.pages, '--pages') },
      ...{ researcherCap: microRhoOf(flags.researcherRho), datasetCap: microRhoOf(flags.rho) },
    };
    return { ...(await desk.found(terms, await desk.speaker(flags.by))), servers };
  });
  output.result({ ...made }, () => `Dataset ${made.dataset} stands at height ${made.height}.`);
}

interface PermitFlags extends ByFlags {
  readonly dataset: string;
  readonly researcher: string;
  readonly purpose: string;
  readonly rho: string;
  readonly days: string;
}

const dayMs = 86_400_000;

async function permit(context: CommandContext, flags: PermitFlags): Promise<void> {
  const made = await during(context.output, 'Proposing the permit', async () => {
    const desk = await openDesk(context, flags);
    const terms = {
      ...{ dataset: flags.dataset, researcher: parseAccountId(flags.researcher) },
      ...{ purpose: purposeOf(flags.purpose), microRho: microRhoOf(flags.rho) },
      notAfterMs: (await desk.timeMs()) + countOf(flags.days, '--days') * dayMs,
    };
    return desk.permit(terms, await desk.speaker(flags.by));
  });
  context.output.result({ ...made }, () =>
    [
      `Permit ${made.permit} stands at height ${made.height}.`,
      `Another organisation approves it: salus stats approve ${made.permit}`,
    ].join('\n'),
  );
}

async function approve(context: CommandContext, id: string, flags: ByFlags): Promise<void> {
  const taken = await during(context.output, 'Approving', async () => {
    const desk = await openDesk(context, flags);
    return desk.approve(id, await desk.speaker(flags.by));
  });
  context.output.result({ permit: id, ...taken }, () => `Approved at height ${taken.height}.`);
}

async function withdraw(context: CommandContext, id: string, flags: ByFlags): Promise<void> {
  const taken = await during(context.output, 'Taking the permit back', async () => {
    const desk = await openDesk(context, flags);
    return desk.withdraw(id, await desk.speaker(flags.by));
  });
  context.output.result({ permit: id, ...taken }, () =>
    [
      `Taken back at height ${taken.height}: nothing more is asked under it.`,
      'Answers that were paid before are given still.',
    ].join('\n'),
  );
}
