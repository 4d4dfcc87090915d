import { CodedError } from '../../primitives/errors.ts';
import type { GrantRequest, ListedGrant } from '../../sdk/index.ts';
import { findPerson } from '../finding.ts';
import { short, when } from '../format.ts';
import {
  type GrantFlags,
  granted,
  grantLines,
  historyFrom,
  liveGrantsOf,
  openGranting,
  recordsOf,
  timeHelp,
  withTerms,
} from '../giving.ts';
import { mayText } from '../grant-text.ts';
import { classesOf, purposeHelp, purposesOf, wordsOf } from '../grant-words.ts';
import { named } from '../harmless.ts';
import { type Clock, parseMoment, proposedEndMs } from '../time-flags.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { addGrantChange } from './grant-change.ts';

/** What a patient lets others do. */
export const addGrant: AddCommand = (program, context) => {
  const grant = withTerms(
    program.command('grant <who>').description('let somebody read, or write, until a time'),
  )
    .option('--from <time>', 'not before this time (default: now)')
    .addHelpText('after', `${timeHelp}\n${purposeHelp}`)
    .action((who: string, flags: GrantFlags) => give(context, who, flags));
  addGrantChange(grant, context);
};

async function give(context: CommandContext, who: string, flags: GrantFlags): Promise<void> {
  const readClasses = classesOf(flags.class, flags.restricted);
  const writeClasses = classesOf(flags.writeClass);
  if (readClasses.length === 0 && writeClasses.length === 0 && flags.record === undefined) {
    throw new CodedError('MISSING', { problem: 'say what: --class, --record or --write-class' });
  }
  const purposes = purposesOf(flags.purpose ?? ['TREAT']);
  const granting = await openGranting(context, flags);
  const { acting, clock } = granting;
  const { notBeforeMs, notAfterMs } = spanOf(flags, clock);
  const grantee = await findPerson(context, acting, who);
  const beside = await liveGrantsOf(context, granting, grantee);
  const records = await recordsOf(context, granting, wordsOf(flags.record));
  const request: GrantRequest = {
    grantee,
    readClasses: readClasses.length === 0 ? records.classes : readClasses,
    recordIds: records.recordIds,
    writeClasses,
    purposes,
    fromMs: historyFrom(flags.history ?? 'all', clock),
    notBeforeMs,
    notAfterMs,
  };
  const facts = await granted(context, granting, request);
  const also = { beside: beside.map((it) => it.consent) };
  context.output.result({ ...facts, ...(beside.length > 0 && also) }, () =>
    [...grantLines(facts), ...besideLines(beside, grantee)].join('\n'),
  );
}

function besideLines(beside: readonly ListedGrant[], grantee: string): string[] {
  if (beside.length === 0) return [];
  const who = named(beside[0]?.granteeName ?? short(grantee));
  return [
    '',
    `It stands beside what ${who} was granted before:`,
    ...beside.map((it) => {
      return `  ${short(it.consent)}: ${mayText(it.terms)}, until ${when(it.notAfterMs)}`;
    }),
    'To have one in place of another: salus grant change, extend or narrow.',
  ];
}

/** From when until when the grant holds. Throws NOT_AFTER_PASSED, USAGE. */
function spanOf({ from, until }: GrantFlags, clock: Clock) {
  const notAfterMs =
    until === undefined ? proposedEndMs(clock) : parseMoment('--until', until, clock);
  const notBeforeMs = from === undefined ? undefined : parseMoment('--from', from, clock);
  if (notAfterMs <= clock.nowMs) throw new CodedError('NOT_AFTER_PASSED', { notAfterMs });
  return { notBeforeMs, notAfterMs };
}
