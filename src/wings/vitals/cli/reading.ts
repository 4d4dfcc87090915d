import { actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { AddCommand, CommandContext } from '../../../cli/commands/command.ts';
import { short } from '../../../cli/format.ts';
import { findReceived } from '../../../cli/received.ts';
import { CodedError } from '../../../primitives/errors.ts';
import {
  changeStudies,
  heldRegistration,
  type Limits,
  listLimits,
  ownRanges,
  panelOf,
  type Ranges,
  type RegistrationHeld,
  readOwnVitals,
  readVitals,
  resendRegistration,
  setLimits,
  type VitalsFound,
  vitalsOf,
} from '../sdk/index.ts';
import { crossingsOf, defaultRanges, seriesOf, trendOf } from '../sdk/thresholds.ts';
import { addDoubleAgain } from './double.ts';
import { vitalWord } from './question-words.ts';

const hourMs = 3_600_000;

/** What sensors measured, and the studies in which it counts. */
export const addVitals: AddCommand = (program, context) => {
  const vitals = program.command('vitals').description('what sensors measured');
  addDoubleAgain(vitals, context);
  vitals
    .command('read')
    .description('read vital signs that a patient granted (class iot): one look')
    .option('--patient <who>', 'whose; default: the only one who granted it')
    .option('--panel <number>', panelHelp, '1')
    .requiredOption('--from <time>', 'the first hour, as 2026-11-28T00:00Z')
    .requiredOption('--to <time>', 'the last hour; 31 days at most')
    .action((flags: ReadFlags) => read(context, flags));
  vitals
    .command('show')
    .description("one's own: ranges, times outside them, and the trend of the week")
    .option('--panel <number>', panelHelp, '1')
    .option('--days <count>', 'so many days up to today; 31 at most', '7')
    .action((flags: ShowFlags) => showOwn(context, flags));
  vitals
    .command('limits [vital]')
    .description("one's own limits in place of the defaults; without options: what holds")
    .option('--low <value>', "values below are outside; 'none': no limit; missing: as it is")
    .option('--high <value>', "values above are outside; 'none': no limit; missing: as it is")
    .option('--default', 'the limits that everybody has')
    .action((vital: string | undefined, flags: LimitsFlags) => limits(context, vital, flags));
  vitals
    .command('studies')
    .description('in which datasets one counts, and which servers know')
    .action(() => studies(context));
  vitals
    .command('join <dataset>')
    .description('count in a dataset from now on')
    .action((dataset: string) => changed(context, { join: [dataset] }));
  vitals
    .command('leave <dataset>')
    .description('count in it no more: holds as soon as one of the three servers knows')
    .action((dataset: string) => changed(context, { leave: [dataset] }));
};

const panelHelp =
  '1 vital signs, 2 blood pressure, 3 glucose, 4 oximeter, 5 heart rate of a wearable';

interface ReadFlags {
  readonly patient?: string;
  readonly panel: string;
  readonly from: string;
  readonly to: string;
}

async function read(context: CommandContext, flags: ReadFlags): Promise<void> {
  const { number: panel } = panelOf(Number(flags.panel));
  const [firstHour, lastHour] = [hourOf('--from', flags.from), hourOf('--to', flags.to)];
  if (lastHour < firstHour) throw new CodedError('USAGE', { problem: '--to is before --from' });
  const acting = await openActing(context);
  const { grant, account } = await findReceived(context, acting, {
    who: flags.patient,
    fits: ({ terms }) => terms.readClasses.includes('iot'),
  });
  const asked = { consent: grant.consent, panel, firstHour, lastHour };
  const found = await acting.person.run(readVitals, asked, work(context, account));
  context.output.result({ patient: found.patient, ...factsOfRead(found, panel) }, () =>
    linesOfRead(found, panel).join('\n'),
  );
}

interface ShowFlags {
  readonly panel: string;
  readonly days: string;
}

async function showOwn(context: CommandContext, flags: ShowFlags): Promise<void> {
  const { number: panel } = panelOf(Number(flags.panel));
  const days = Number(flags.days);
  if (!Number.isInteger(days) || days < 1 || days > 31)
    throw new CodedError('USAGE', { problem: '--days: 1 to 31' });
  const acting = await openActing(context);
  const now = context.surroundings.now?.() ?? Date.now();
  const lastHour = Math.floor(now / hourMs);
  const today = Math.floor(lastHour / 24);
  const asked = { panel, firstHour: 24 * (today - days + 1), lastHour };
  const options = work(context, actingAccount(acting));
  const found = await acting.person.run(readOwnVitals, asked, options);
  const ranges = await acting.person.run(
    { name: 'vitals/own-ranges', run: async (ctx) => ownRanges(ctx) },
    undefined,
    options,
  );
  const vitals = seenVitals(found, panel, today, ranges);
  context.output.result({ ...factsOfRead(found, panel), vitals }, () =>
    [...vitals.map(lineOfVital), ...linesOfServers(found)].join('\n'),
  );
}

/** What one's own device makes of its readings, a vital sign after the other. Rules VR-30 to VR-32. */
function seenVitals(found: VitalsFound, panel: number, today: number, ranges: Ranges) {
  const names = panelOf(panel).vitals;
  return vitalsOf(panelOf(panel)).map(({ unit }, at) => {
    const vital = names[at] ?? 'heartRate';
    const series = seriesOf(found.pages, vital);
    const { low, high } = ranges[vital];
    const { days, slope } = trendOf(series, today);
    return {
      ...{ vital: vitalWord(vital), unit, values: series.length, low: low ?? null },
      high: high ?? null,
      outside: crossingsOf(series, ranges[vital]).map(
        ({ side, firstHour, lastHour, worst, isOver }) => ({
          ...{ side, from: `${timeOf(firstHour)}Z`, to: `${timeOf(lastHour)}Z`, worst, isOver },
        }),
      ),
      week: days.map(({ day, ...numbers }) => ({ day: dateOf(day), ...numbers })),
      slopePerDay: slope ?? null,
    };
  });
}

function lineOfVital(it: ReturnType<typeof seenVitals>[number]): string {
  if (it.values === 0) return `${it.vital}: nothing`;
  const least = Math.min(...it.week.map((day) => day.least));
  const greatest = Math.max(...it.week.map((day) => day.greatest));
  const range = `${it.low ?? ''}..${it.high ?? ''}`;
  const trend =
    it.slopePerDay === null
      ? 'no trend: fewer than four days'
      : `${it.slopePerDay < 0 ? '' : '+'}${Number(it.slopePerDay.toPrecision(3))} a day`;
  return `${it.vital}: ${it.values} values, in the week ${least} to ${greatest} ${it.unit}; ${it.outside.length} times outside ${range}; ${trend}`;
}

/** Throws USAGE. */
function hourOf(flag: string, text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new CodedError('USAGE', { problem: `${flag} is no time` });
  return Math.floor(ms / hourMs);
}

const timeOf = (hour: number): string => new Date(hour * hourMs).toISOString().slice(0, 16);

const dateOf = (day: number): string => timeOf(24 * day).slice(0, 10);

function factsOfRead(found: VitalsFound, panel: number) {
  const { vitals } = panelOf(panel);
  return {
    vitals: [...vitals],
    pages: found.pages.map(({ startHour, sequence, from, sensor, rows }) => ({
      ...{ hour: `${timeOf(startHour)}Z`, sequence, from, sensor: sensor ?? '' },
      rows: rows.map((row) => [...row]),
    })),
    servers: found.servers.map(({ server, state, why = '' }) => ({ server, state, why })),
    behind: [...found.behind],
    missingHours: found.missingHours.map((it) => `${timeOf(it)}Z`),
    missingDays: found.missingDays.map(dateOf),
    gaps: found.gaps.map((it) => ({ ...it })),
  };
}

function linesOfRead(found: VitalsFound, panel: number): readonly string[] {
  const names = panelOf(panel).vitals;
  const series = vitalsOf(panelOf(panel)).map(({ name, unit }, at) => {
    const vital = names[at] ?? 'heartRate';
    const values = seriesOf(found.pages, vital);
    const numbers = values.map(({ value }) => value);
    if (numbers.length === 0) return `${name}: nothing`;
    const outside = crossingsOf(values, defaultRanges[vital]).length;
    const range = `${Math.min(...numbers)} to ${Math.max(...numbers)} ${unit}`;
    return `${name}: ${numbers.length} values, ${range}; ${outside} times outside the range`;
  });
  return [...series, ...linesOfServers(found)];
}

function linesOfServers(found: VitalsFound): readonly string[] {
  const servers = found.servers.map(
    ({ server, state, why }, at) =>
      `server ${at + 1} ${short(server)}: ${state}${why === undefined ? '' : ` (${why})`}`,
  );
  const replicas = found.pages.filter(({ from }) => from === 'replica').length;
  const came = `${found.pages.length} pages, ${replicas} of them from the sealed replica`;
  const behind = found.behind.map((it) => `server ${short(it)} is behind the others`);
  const missing = found.missingDays.map((day) => `${dateOf(day)}: no replica of this day`);
  return [came, ...servers, ...behind, ...missing];
}

interface LimitsFlags {
  readonly low?: string;
  readonly high?: string;
  readonly default?: true;
}

/** Rule VR-30a. */
async function limits(
  context: CommandContext,
  word: string | undefined,
  flags: LimitsFlags,
): Promise<void> {
  const isChange = flags.low !== undefined || flags.high !== undefined;
  const isDefault = flags.default === true;
  if (isChange && isDefault) throw new CodedError('USAGE', { problem: '--default or limits' });
  if ((isChange || isDefault) && word === undefined)
    throw new CodedError('USAGE', { problem: 'limits of which vital sign' });
  const [low, high] = [limitOf('--low', flags.low), limitOf('--high', flags.high)];
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  const all = await acting.person.run(listLimits, undefined, options);
  const meant = word === undefined ? all : all.filter((it) => vitalWord(it.vital) === word);
  const [only] = meant;
  if (only === undefined) throw new CodedError('VITAL_UNKNOWN', { vital: word ?? '' });
  const { vital } = only;
  const change = isDefault ? { vital, isDefault } : { vital, low, high };
  const shown =
    isChange || isDefault ? [await acting.person.run(setLimits, change, options)] : meant;
  const facts = shown.map((it) => ({
    ...{ vital: vitalWord(it.vital), unit: it.unit, low: it.low ?? null, high: it.high ?? null },
    isOwn: it.isOwn,
  }));
  context.output.result({ limits: facts }, () => shown.map(lineOfLimits).join('\n'));
}

/** Throws USAGE. */
function limitOf(flag: string, text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new CodedError('USAGE', { problem: `${flag}: a number, or none` });
  return value;
}

const lineOfLimits = ({ vital, unit, low, high, isOwn }: Limits): string =>
  `${vitalWord(vital)}: ${low ?? ''}..${high ?? ''} ${unit}, ${isOwn ? 'your own' : 'default'}`;

async function studies(context: CommandContext): Promise<void> {
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  // What a server has not heard yet is sent before it is told.
  await acting.person.run(resendRegistration, {}, options).catch((error: unknown) => {
    if (!(error instanceof CodedError) || error.kind !== 'unavailable') throw error;
  });
  const held = await acting.person.run(
    { name: 'vitals/held', run: async (ctx) => heldRegistration(ctx) },
    undefined,
    options,
  );
  if (held === undefined) throw new CodedError('PATIENT_UNKNOWN');
  show(context, held);
}

async function changed(
  context: CommandContext,
  change: { readonly join?: readonly string[]; readonly leave?: readonly string[] },
): Promise<void> {
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  show(context, await acting.person.run(changeStudies, change, options));
}

function show(context: CommandContext, { said, servers, missing }: RegistrationHeld): void {
  const facts = {
    ...{ studies: [...said.datasets], sensors: said.sensors.length },
    ...{ servers: [...servers], notYet: [...missing] },
  };
  context.output.result(facts, () =>
    [
      said.datasets.length === 0 ? 'in no study' : `in ${said.datasets.join(', ')}`,
      ...missing.map((server) => `server ${short(server)} has not heard of it yet`),
    ].join('\n'),
  );
}
