import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import { type Purpose, parsePurpose, type RecordLine } from '../../sdk/index.ts';
import { type Acting, caughtUp, openActing, work } from '../acting.ts';
import { amount, short } from '../format.ts';
import {
  type FromDevice,
  fromDeviceFacts,
  fromDeviceText,
  keptLinesOf,
  offlineOption,
  orFromDevice,
  recordLineOf,
  type Whose,
} from '../from-device.ts';
import { named } from '../harmless.ts';
import { keepList } from '../last-list.ts';
import { during } from '../output.ts';
import { findReceived, linesUnder } from '../received.ts';
import {
  choosing,
  cutTo,
  type ListedLine,
  lineFacts,
  linesTable,
  moreText,
  trendText,
  type Wanted,
} from '../record-lines.ts';
import type { CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

interface ListFlags extends Wanted {
  readonly consent?: string;
  readonly patient?: string;
  readonly purpose?: string;
  readonly offline?: boolean;
}

/** `salus record list`, `find` and `trend`. */
export function addRecordList(record: Command, context: CommandContext): void {
  withFlags(record.command('list'))
    .description(
      "one's own records, newest clinical date first; as somebody who was granted access: what there is under a grant",
    )
    .option('--find <word>', 'only where name, value or code has this word')
    .option('--code <code>', 'only of this code: 718-7, or loinc|718-7')
    .addHelpText('after', help)
    .action((flags: ListFlags) => list(context, flags));
  withFlags(record.command('find <word>'))
    .description('records of which name, value or code has this word')
    .addHelpText('after', help)
    .action((word: string, flags: ListFlags) => list(context, { ...flags, find: word }));
  withFlags(record.command('trend <code>'))
    .description('the values of one code over time: 718-7, or loinc|718-7')
    .addHelpText('after', help)
    .action((code: string, flags: ListFlags) => list(context, { ...flags, code }, trendText));
}

function withFlags(command: Command): Command {
  return command
    .option('--class <class>', 'only this class')
    .option('--since <date>', 'not before this clinical date: 2024, 2024-05 or 2024-05-01')
    .option('--until <date>', 'not after this clinical date')
    .option('--patient <name>', "of this patient, under one's grant")
    .option('--all', 'all of them, not only the first twenty')
    .option('--limit <count>', 'so many at most', wholeNumber(1, 1_000_000))
    .option('--all-versions', 'older versions too')
    .option('--consent <id>', "under this grant (or a patient's name); not needed for the only one")
    .option('--purpose <purpose>', 'of this look; default: the first that was granted')
    .option(...offlineOption);
}

const help = `
No record is opened for a list: what it says is the word of whoever put each record there, until that is opened.
Listing one's own records is nobody's look. Listing under a grant is one look at everything that it shows: it stands
on the ledger, and the patient sees it.`;

interface Listed {
  readonly lines: readonly ListedLine[];
  /** What the last line of --json says too. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly heading: string;
  readonly ending: string;
}

async function list(
  context: CommandContext,
  flags: ListFlags,
  draw: (lines: readonly ListedLine[]) => string = linesTable,
): Promise<void> {
  const choose = choosing(flags);
  const purpose = flags.purpose === undefined ? undefined : parsePurpose(flags.purpose);
  const isOffline = flags.offline === true;
  const acting = await openActing(context, { takeBack: !isOffline });
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  const who = flags.patient ?? flags.consent;
  const isShared = who !== undefined || !isOwn;
  const whose: Whose = isShared ? { own: false, who } : { own: true };
  const listed = await orFromDevice(acting, isOffline, {
    hospital: () => (isShared ? shared(context, acting, who, purpose) : own(context, acting)),
    device: (noAnswer) => here(context, acting, whose, noAnswer),
  });
  const { output } = context;
  const fitting = choose(listed.lines);
  const { shown, more } = cutTo(
    fitting,
    draw === trendText ? { ...flags, all: true } : flags,
    output.json,
  );
  keepList(
    acting,
    shown.map((it) => it.recordId),
  );
  if (output.json) for (const it of shown) output.line(lineFacts(it), () => '');
  output.result({ count: shown.length, more, ...listed.facts }, () =>
    [
      ...(listed.heading === '' ? [] : [listed.heading, '']),
      ...(shown.length === 0 ? [] : [draw(shown), '']),
      listed.lines.length === 0 && !isShared
        ? 'No records yet: salus record add FILE'
        : `${moreText(shown.length, more)}${listed.ending}`,
    ].join('\n'),
  );
}

async function own(context: CommandContext, acting: Acting): Promise<Listed> {
  await caughtUp(context, acting);
  const byOf = await writers(context, acting);
  const lines = await during(context.output, 'Listing', async (progress) => {
    const all: ListedLine[] = [];
    for (const account of acting.accounts) {
      const found = await acting.person.recordLines(work(context, account, progress));
      for (const it of found) all.push({ ...it, by: byOf(it) });
    }
    return all;
  });
  return { lines, facts: {}, heading: '', ending: '; open one: salus record open RECORD' };
}

/** What was opened on this device: the line of each was held against its body then. Undefined: nothing. */
async function here(
  context: CommandContext,
  acting: Acting,
  whose: Whose,
  noAnswer: string | undefined,
): Promise<Listed | undefined> {
  const kept = await keptLinesOf(context, acting, whose);
  const [first] = kept ?? [];
  if (kept === undefined || first === undefined) return undefined;
  const { consent, patient, patientName } = first;
  const lines = kept.map((it) => ({ ...recordLineOf(it), by: '', asOfMs: it.openedMs }));
  const asOfMs = Math.min(...kept.map((it) => it.openedMs));
  const from: FromDevice = { asOfMs, noAnswer };
  const whom = whose.own ? {} : { consent, patient, patientName };
  const chart = whose.own ? '' : `${named(patientName || short(patient))}\n`;
  return {
    lines,
    facts: { ...whom, ...fromDeviceFacts(from) },
    heading: `${chart}${fromDeviceText(from)}\nOnly what was opened on this device is here.`,
    ending: '; open one: salus record open RECORD',
  };
}

/** Whose word a line is: of one's own wallet, or of whom one granted to write. */
async function writers(
  context: CommandContext,
  acting: Acting,
): Promise<(line: RecordLine) => string> {
  const byConsent = new Map<ConsentId, string>();
  for (const account of acting.accounts) {
    for (const it of await acting.person.grants(work(context, account))) {
      byConsent.set(it.consent, it.granteeName);
    }
  }
  return ({ consent, state }) => {
    if (state === 'erased') return '';
    if (consent === undefined) return acting.person.name;
    return byConsent.get(consent) ?? 'under a grant';
  };
}

async function shared(
  context: CommandContext,
  acting: Acting,
  who: string | undefined,
  purpose: Purpose | undefined,
): Promise<Listed> {
  const { grant, grants, account } = await findReceived(context, acting, {
    who,
    fits: (it) => it.terms.readClasses.length > 0,
  });
  const { consent, patient, patientName } = grant;
  const found = await during(context.output, 'Looking', (progress) =>
    linesUnder(acting.person, grants, { ...work(context, account, progress), purpose }),
  );
  const lines = found.lines.map((it) => ({ ...it, by: sharedBy(it, consent, patientName) }));
  const looks = found.accesses.map(({ txId, height }) => ({ txId, height }));
  const heights = looks.map((it) => `height ${it.height}`).join(', ');
  const records = amount(found.lines.length, 'record');
  return {
    lines,
    facts: { consent, patient, patientName, looks },
    heading: `${named(patientName || short(patient))}, under grant ${consent}`,
    ending: `; one look at the lines of ${records} stands on the ledger: ${heights}`,
  };
}

/** The author of what somebody else wrote is inside it. */
function sharedBy({ state, consent }: RecordLine, own: ConsentId, patientName: string): string {
  if (state === 'erased') return '';
  if (consent === undefined) return patientName || 'the patient';
  return consent === own ? 'under this grant' : 'another writer, not checked yet';
}
