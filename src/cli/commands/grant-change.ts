import type { Command } from 'commander';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { GrantRequest, ListedGrant } from '../../sdk/index.ts';
import { work } from '../acting.ts';
import { Choosing } from '../choosing.ts';
import { findPerson, pickId } from '../finding.ts';
import { when } from '../format.ts';
import {
  type GrantFlags,
  type Granting,
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
import { classesOf, purposesOf, wordsOf } from '../grant-words.ts';
import { parseMoment } from '../time-flags.ts';
import type { CommandContext } from './command.ts';
import { gather } from './options.ts';

/** What becomes of a grant that is there: another in its place, given first, so that nobody is shut out in between. */
type Way = 'change' | 'extend' | 'narrow';

type ChangeFlags = GrantFlags & { readonly readOnly?: boolean };

const whoHelp = "whose grant, by name, or the grant's id where somebody has several";

export function addGrantChange(grant: Command, context: CommandContext): void {
  const act = (way: Way) => (who: string, flags: ChangeFlags) => change(context, who, flags, way);
  grant
    .command('extend')
    .argument('<who>', whoHelp)
    .description('the same grant until a later time, in place of the one that is there')
    .requiredOption('--until <time>', '+3mo, 2027-06-30, ...')
    .addHelpText('after', timeHelp)
    .action(act('extend'));
  grant
    .command('narrow')
    .argument('<who>', whoHelp)
    .description('a grant of less, in place of the one that is there')
    .option('--class <class>', 'what may still be read; several, or with commas', gather)
    .option('--write-class <class>', 'what may still be written', gather)
    .option('--read-only', 'nothing may be written any more')
    .option('--record <id>', 'only these records; several times', gather)
    .option('--until <time>', 'an earlier end')
    .addHelpText('after', timeHelp)
    .action(act('narrow'));
  withTerms(
    grant
      .command('change')
      .argument('<who>', whoHelp)
      .description('other terms, in place of the grant that is there; what is not said stays'),
  )
    .option('--read-only', 'nothing may be written any more')
    .addHelpText('after', timeHelp)
    .action(act('change'));
}

async function change(
  context: CommandContext,
  who: string,
  flags: ChangeFlags,
  way: Way,
): Promise<void> {
  const said = saidIn(flags);
  if (Object.keys(flags).length === 0) {
    throw new CodedError('MISSING', { problem: `say what to ${way}: salus grant ${way} --help` });
  }
  const granting = await openGranting(context, flags);
  const old = await grantToChange(context, granting, who);
  const request = await newTerms(context, granting, { old, flags, said });
  checkWay(way, old, request);
  const facts = await granted(context, granting, request);
  const ended = await endOld(context, granting, old);
  context.output.result({ ...facts, replaced: old.consent, ...ended }, () =>
    [
      ...grantLines(facts),
      `It stands in place of grant ${old.consent}, which allowed to ${mayText(old.terms)} until ${when(old.notAfterMs)}.`,
    ].join('\n'),
  );
}

/** Every word that was said, checked before anything is opened. Throws CLASS_UNKNOWN, PURPOSE_UNKNOWN. */
function saidIn(flags: ChangeFlags) {
  if (flags.restricted === true && flags.class === undefined) {
    throw new CodedError('MISSING', { problem: '--restricted says more of what --class says' });
  }
  return {
    readClasses: flags.class === undefined ? undefined : classesOf(flags.class, flags.restricted),
    writeClasses:
      flags.readOnly === true
        ? []
        : flags.writeClass === undefined
          ? undefined
          : classesOf(flags.writeClass),
    purposes: flags.purpose === undefined ? undefined : purposesOf(flags.purpose),
  };
}

/** Throws CONSENT_UNKNOWN, AMBIGUOUS, PERSON_UNKNOWN. */
async function grantToChange(
  context: CommandContext,
  granting: Granting,
  who: string,
): Promise<ListedGrant> {
  const { acting, account } = granting;
  const all = await acting.person.grants(work(context, account));
  const open = all.filter((it) => it.state === 'live' || it.state === 'not yet');
  const ids = open.map((it) => it.consent);
  const consent = /^[0-9a-f]+$/.test(who) ? pickId(ids, who) : undefined;
  const byId = open.find((it) => it.consent === consent);
  if (byId !== undefined) return byId;
  const grantee = await findPerson(context, acting, who);
  const [only, ...others] = await liveGrantsOf(context, granting, grantee);
  if (only === undefined) throw new CodedError('CONSENT_UNKNOWN');
  if (others.length > 0) {
    const choices = [only, ...others].map((it) => ({
      grant: it.consent,
      may: mayText(it.terms),
      until: when(it.notAfterMs),
    }));
    throw new Choosing('AMBIGUOUS', choices);
  }
  return only;
}

interface Changing {
  readonly old: ListedGrant;
  readonly flags: ChangeFlags;
  readonly said: ReturnType<typeof saidIn>;
}

async function newTerms(
  context: CommandContext,
  granting: Granting,
  { old, flags, said }: Changing,
): Promise<GrantRequest> {
  const { clock } = granting;
  const { terms } = old;
  const records =
    flags.record === undefined
      ? undefined
      : await recordsOf(context, granting, wordsOf(flags.record));
  return {
    grantee: terms.grantee,
    readClasses: said.readClasses ?? records?.classes ?? terms.readClasses,
    recordIds: records?.recordIds ?? terms.recordIds,
    writeClasses: said.writeClasses ?? terms.writeClasses,
    purposes: said.purposes ?? terms.purposes,
    fromMs: flags.history === undefined ? terms.fromMs : historyFrom(flags.history, clock),
    notBeforeMs: old.state === 'not yet' ? old.notBeforeMs : undefined,
    notAfterMs:
      flags.until === undefined ? old.notAfterMs : parseMoment('--until', flags.until, clock),
  };
}

/** Throws GRANT_NOT_WIDER. */
function checkWay(way: Way, { terms, notAfterMs }: ListedGrant, request: GrantRequest): void {
  if (way === 'change') return;
  const refuse = (problem: string) => {
    throw new CodedError('GRANT_NOT_WIDER', { problem: `${problem}; grant change does anything` });
  };
  if (way === 'extend') {
    if (request.notAfterMs <= notAfterMs)
      refuse(`the grant lasts until ${when(notAfterMs)} already`);
    return;
  }
  const added = [
    ...request.readClasses.filter((it) => !terms.readClasses.includes(it)),
    ...(request.writeClasses ?? []).filter((it) => !terms.writeClasses.includes(it)),
    ...(terms.recordIds.length === 0
      ? []
      : (request.recordIds ?? []).filter((it) => !terms.recordIds.includes(it))),
  ];
  if (added.length > 0) refuse(`the grant does not have ${added.join(', ')}`);
  if (request.notAfterMs > notAfterMs) refuse(`the grant ends ${when(notAfterMs)}`);
}

/** What is given stands whatever becomes of the old one, which is written down to end. */
async function endOld(
  context: CommandContext,
  { acting: { person }, account }: Granting,
  { consent }: ListedGrant,
): Promise<{ readonly replacedHeight?: number; readonly owesKeys?: true }> {
  try {
    const { height } = await person.revoke(consent, work(context, account));
    return { replacedHeight: height, ...(person.owesKeys && { owesKeys: true }) };
  } catch (error) {
    if (isCoded(error, 'CONSENT_ENDED')) return {};
    context.output.note(
      `The new grant stands; the old one has not ended yet: salus revoke ${consent}`,
    );
    throw error;
  }
}
