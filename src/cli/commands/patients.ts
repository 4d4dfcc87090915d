import { CodedError } from '../../primitives/errors.ts';
import type { MyPatient, ReceivedGrant, WalletAccount } from '../../sdk/index.ts';
import { caughtUp, openActing, work } from '../acting.ts';
import { amount, short, table, when } from '../format.ts';
import { deviceClock } from '../ledger-clock.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** A clinician's list: who granted him something, until when, and what is new. */
export const addPatients: AddCommand = (program, context) => {
  program
    .command('patients')
    .description('who granted this person something, until when, and what is new')
    .option('--ending', 'only those whose grants end within three days')
    .addHelpText('after', help)
    .action((flags: { ending?: boolean }) => run(context, flags.ending === true));
};

const help = `
Asking this is nobody's look. What is new since it was last asked here: grants, and how often something was
added to a chart, as blocks tell; what it was, salus record list --patient NAME shows, which is a look.`;

const endingMs = 3 * 24 * 60 * 60_000;

interface Listed {
  readonly patient: MyPatient;
  readonly account: WalletAccount;
}

async function run(context: CommandContext, onlyEnding: boolean): Promise<void> {
  const acting = await openActing(context);
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  await caughtUp(context, acting);
  const { nowMs } = deviceClock(context);
  const listed = await during(context.output, 'Listing', async (progress) => {
    const all: Listed[] = [];
    for (const account of acting.accounts) {
      const patients = await acting.person.patients(work(context, account, progress));
      for (const patient of patients) all.push({ patient, account });
    }
    return all;
  });
  const shown = listed.map((it) => factsOf(it, nowMs)).filter((it) => !onlyEnding || it.endsSoon);
  const { output } = context;
  // A line each, and one that says how many: what a program reads line by line.
  if (output.json) for (const it of shown) output.line(it, () => '');
  output.result({ count: shown.length }, () => tableOf(shown));
}

type Facts = ReturnType<typeof factsOf>;

function factsOf({ patient: it, account }: Listed, nowMs: number) {
  const untilMs = Math.max(...it.grants.map(({ notAfterMs }) => notAfterMs));
  const isLive = it.grants.some(({ state }) => state === 'live');
  return {
    patient: it.patient,
    name: it.name,
    account: account.account,
    state: isLive ? ('live' as const) : ('not yet' as const),
    untilMs,
    endsSoon: untilMs - nowMs < endingMs,
    readClasses: union(it.grants, ({ terms }) => terms.readClasses),
    writeClasses: union(it.grants, ({ terms }) => terms.writeClasses),
    grants: it.grants.map(({ consent }) => consent),
    newGrants: it.newGrants,
    newAnchors: it.newAnchors,
  };
}

function union(
  grants: readonly ReceivedGrant[],
  wordsOf: (grant: ReceivedGrant) => readonly string[],
): readonly string[] {
  return [...new Set(grants.flatMap(wordsOf))];
}

function tableOf(shown: readonly Facts[]): string {
  if (shown.length === 0) return 'Nobody has granted anything to this person that lives.';
  const rows = shown.map((it) => [
    it.name === '' ? short(it.patient) : it.name,
    `${when(it.untilMs)}${it.endsSoon ? ', soon' : ''}`,
    it.readClasses.join(', '),
    it.writeClasses.join(', '),
    newsOf(it),
  ]);
  return [
    table([['patient', 'until', 'may read', 'may write', 'new'], ...rows]),
    '',
    `${amount(shown.length, 'patient')}; their records: salus record list --patient NAME`,
  ].join('\n');
}

function newsOf({ state, newGrants, newAnchors, grants }: Facts): string {
  return [
    ...(state === 'not yet' ? ['not begun'] : []),
    ...(newGrants.length === grants.length ? ['new patient'] : []),
    ...(newGrants.length > 0 && newGrants.length < grants.length
      ? [amount(newGrants.length, 'grant')]
      : []),
    ...(newAnchors > 0 ? [`added to ${newAnchors === 1 ? 'once' : `${newAnchors} times`}`] : []),
  ].join(', ');
}
