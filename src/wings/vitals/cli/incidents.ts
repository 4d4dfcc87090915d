import { actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { AddCommand, CommandContext } from '../../../cli/commands/command.ts';
import { readSmallFile } from '../../../cli/files.ts';
import { amount, table, when } from '../../../cli/format.ts';
import { homeFolder } from '../../../cli/home.ts';
import { writeOut } from '../../../cli/write-out.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { IncidentReport } from '../api/incident-report.ts';
import { checkIncident } from '../sdk/index.ts';
import { type KeptReport, keptReport, keptReports } from '../server/kept-incidents.ts';

/** A report at its largest has some 120 KB. */
const mostBytes = 256 * 1024;

/** `incidents list`, `show`, `export`: signed reports that the hospitals of this home keep; `check`: one that somebody was given. */
export const addIncidents: AddCommand = (program, context) => {
  const incidents = program
    .command('incidents')
    .description('signed reports of what happened to what the hospitals of this home keep');
  incidents
    .command('list')
    .description('the newest first')
    .action(() => list(context));
  incidents
    .command('show <name>')
    .description('what was found where, by what, and what the machine tells of who wrote')
    .action((name: string) => show(context, name));
  incidents
    .command('export <name>')
    .description('the signed report, as others can check it against the ledger')
    .requiredOption('--out <file>', 'where to')
    .action((name: string, { out }: { readonly out: string }) => save(context, name, out));
  incidents
    .command('check <file>')
    .description('hold a report that was exported somewhere against the ledger')
    .action((file: string) => check(context, file));
};

const states: Readonly<Record<KeptReport['state'], string>> = {
  holds: 'signed',
  signature: 'signed by another key than the one in use',
  changed: 'CHANGED: these are other bytes than its name says',
};

async function list({ flags, output }: CommandContext): Promise<void> {
  const kept = await keptReports(homeFolder(flags.home));
  const shown = kept.map(({ hospital, name, state, report }) => ({
    ...{ hospital, name, state },
    ...(report && {
      ...{ kind: report.kind, store: report.store, foundMs: report.foundMs },
      ...{ places: report.places.length + report.more, people: report.people },
    }),
  }));
  output.result({ incidents: shown }, () =>
    kept.length === 0
      ? 'No report of an incident is kept here.'
      : table([
          ['found', 'hospital', 'what', 'store', 'places', 'report', 'state'],
          ...kept.map(({ hospital, name, state, report }) => [
            report === undefined ? '-' : when(report.foundMs),
            hospital,
            report?.kind ?? '-',
            report?.store ?? '-',
            String((report?.places.length ?? 0) + (report?.more ?? 0)),
            name.slice(0, 12),
            states[state],
          ]),
        ]),
  );
}

async function show({ flags, output }: CommandContext, name: string): Promise<void> {
  const kept = await keptReport(homeFolder(flags.home), name);
  const { report } = kept;
  if (report === undefined) throw new CodedError('SIGNATURE_WRONG', { incident: kept.name });
  const { follows, by, chainId, ...told } = report;
  const facts = {
    hospital: kept.hospital,
    name: kept.name,
    state: kept.state,
    chainId,
    by,
    ...told,
  };
  output.result({ ...facts, follows: Buffer.from(follows).toString('hex') }, () =>
    [...linesOf(report), `Report ${kept.name}: ${states[kept.state]}.`].join('\n'),
  );
}

function linesOf(report: IncidentReport): string[] {
  const { kind, store, foundBy, foundMs, wholeMs, places, more, people, attempts } = report;
  const whole = wholeMs === 0 ? 'it was never seen whole before' : `whole last at ${when(wholeMs)}`;
  return [
    `${kind}, store ${store}: found by ${foundBy} at ${when(foundMs)}; ${whole}.`,
    `${amount(people, 'person', 'people')} concerned, as far as the places say.`,
    ...places.map(
      (it) => `  ${[it.table, it.row, it.column].filter(Boolean).join(' ')} (${it.bound})`,
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...attempts.map(({ atMs, way, who, from, claimedMac, what }) => {
      const whose = [who, from && `from ${from}`, claimedMac && `MAC ${claimedMac} (claimed)`];
      return `  ${when(atMs)} ${way}: ${what}${whose.some(Boolean) ? `, ${whose.filter(Boolean).join(', ')}` : ''}`;
    }),
    ...report.untold.map((it) => `Not told by this machine. ${it}`),
    ...report.done.map(({ what, atMs }) => `Done at ${when(atMs)}: ${what}.`),
  ];
}

/** Throws FILE_UNREADABLE, SIGNATURE_WRONG, CHAIN_WRONG, INCIDENT_UNKNOWN. */
async function check(context: CommandContext, file: string): Promise<void> {
  const signed = readSmallFile(file, mostBytes);
  const acting = await openActing(context);
  const of = work(context, actingAccount(acting));
  const { name, report, height, timeMs } = await acting.person.run(checkIncident, signed, of);
  const { follows, ...told } = report;
  const facts = { holds: true, name, height, timeMs, ...told };
  context.output.result({ ...facts, follows: Buffer.from(follows).toString('hex') }, () =>
    [
      ...linesOf(report),
      `Report ${name}: signed by ${report.by}, and on the ledger since block ${height}, ${when(timeMs)}.`,
    ].join('\n'),
  );
}

async function save(context: CommandContext, name: string, out: string): Promise<void> {
  const kept = await keptReport(homeFolder(context.flags.home), name);
  const file = await writeOut(out, kept.signed, context);
  context.output.result(
    { file, name: kept.name, state: kept.state },
    () => `${file}: ${states[kept.state]}.`,
  );
}
