import { CodedError } from '../../primitives/errors.ts';
import {
  type AccountId,
  type AsAccount,
  judgeFormat,
  type Person,
  type ReceivedGrant,
  type WaitingMessage,
} from '../../sdk/index.ts';
import { caughtUp, openActing, work } from '../acting.ts';
import { inputFile } from '../files.ts';
import { amount, short, table, when } from '../format.ts';
import { named } from '../harmless.ts';
import { during } from '../output.ts';
import { type PatientFlags, sureOfPatient } from '../patient-check.ts';
import { findReceived, grantsOfPatient } from '../received.ts';
import { writtenForMe, writtenLines } from '../written-for-me.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { writeAmendment } from './record-amend.ts';

/** What somebody who was granted access does: fetch his letters, write a diagnosis. */
export const addInbox: AddCommand = (program, context) => {
  program
    .command('inbox')
    .description('fetch letters, and list what others granted to this person')
    .option('--live', 'only what lives now')
    .option('--accept <who>', 'take the letters of somebody that wait: an account, or a name shown')
    .option(
      '--drop <who>',
      'remove them; `unreadable`: messages that do not open; `unwritten`: notes that wait',
    )
    .action((flags: InboxFlags) => inbox(context, flags));
  program
    .command('diagnose <who>')
    .description("write a diagnosis: by the patient's name, or the grant's id")
    .option('--text <text>', 'the diagnosis in words')
    .option('--file <file>', 'or as a file: a FHIR Condition, a PDF, ...')
    .option('--name <name>', 'what the patient sees first', 'Diagnosis')
    .option('--corrects <record>', 'in place of this one, which you wrote; needs --reason')
    .option('--reason <words>', 'why; the patient and every reader see it')
    .option('--patient-born <date>', 'for whom: her birth date, as her chart has it')
    .option('--yes', 'without being asked for whom')
    .action((who: string, flags: DiagnoseFlags) => diagnose(context, who, flags));
};

/** A received grant, for `--json` and for tables. */
export function receivedFacts(it: ReceivedGrant): Record<string, unknown> {
  return {
    consent: it.consent,
    patient: it.patient,
    patientName: it.patientName,
    state: it.state,
    readClasses: it.terms.readClasses,
    writeClasses: it.terms.writeClasses,
    records: it.terms.recordIds,
    purposes: it.terms.purposes,
    fromMs: it.terms.fromMs,
    notBeforeMs: it.notBeforeMs,
    notAfterMs: it.notAfterMs,
    ...(it.endedMs !== undefined && { endedMs: it.endedMs }),
  };
}

interface InboxFlags {
  readonly live?: boolean;
  readonly accept?: string;
  readonly drop?: string;
}

async function inbox(context: CommandContext, flags: InboxFlags): Promise<void> {
  const acting = await openActing(context);
  const { person } = acting;
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  await caughtUp(context, acting, { tells: false });
  const held = await during(context.output, 'Fetching letters', async (progress) => {
    const each = async <T>(ask: (options: AsAccount) => Promise<T>): Promise<T[]> => {
      const all: T[] = [];
      for (const account of acting.accounts) all.push(await ask(work(context, account, progress)));
      return all;
    };
    const held = await each((options) => person.inbox(options));
    const { accept, drop } = flags;
    if (accept !== undefined) {
      const from = senderOf(person.waitingLetters, accept);
      return (await each((options) => person.acceptLetters(from, options))).flat();
    }
    if (drop === unwrittenWord) {
      for (const account of acting.accounts) {
        const his = person.unwritten.filter((it) => it.account === account.account);
        const ids = his.map((it) => it.recordId);
        await person.dropUnwritten(ids, work(context, account, progress));
      }
      return held.flat();
    }
    if (drop !== undefined) {
      const from = drop === unreadableWord ? undefined : senderOf(person.waitingLetters, drop);
      await each((options) => person.dropLetters(from, options));
      // What is shown is what is left.
      return (await each((options) => person.inbox(options))).flat();
    }
    return held.flat();
  });
  const grants = inOrder(held, flags.live === true);
  const written = await writtenForMe(context, acting);
  const { notUnderstoodCount: notUnderstood, unreadableCount: unreadable } = person;
  const waiting = person.waitingLetters.map(({ from, name, receivedMs, code }) => ({
    ...{ from, name, receivedMs, code },
  }));
  const unwritten = person.unwritten.map(({ consent, recordId, recordClass, name }) => ({
    ...{ consent, recordId, recordClass, name },
  }));
  const facts = { grants: grants.map(receivedFacts), count: grants.length };
  const left = {
    ...(notUnderstood > 0 && { notUnderstood }),
    ...(unreadable > 0 && { unreadable }),
    ...(waiting.length > 0 && { waiting }),
    ...(unwritten.length > 0 && { unwritten }),
    ...(written.length > 0 && { written }),
  };
  context.output.result({ ...facts, ...left }, () =>
    [...writtenLines(written), grantsTable(grants), ...waitingLines(person)].join('\n'),
  );
}

/** Live ones first, those that end first before others; what has ended stands last, and leaves after a day. */
function inOrder(grants: readonly ReceivedGrant[], onlyLive: boolean): readonly ReceivedGrant[] {
  const order = ['live', 'not yet', 'ended'] as const;
  return grants
    .filter((it) => !onlyLive || it.state === 'live')
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.notAfterMs - b.notAfterMs);
}

const unreadableWord = 'unreadable';
const unwrittenWord = 'unwritten';

/** Throws PERSON_UNKNOWN: nobody of this name waits, or several. */
function senderOf(waiting: readonly WaitingMessage[], who: string): AccountId {
  const named = new Set(
    waiting.flatMap(({ from, name }) => (from === who || name === who ? (from ?? []) : [])),
  );
  const [only] = named;
  if (only === undefined || named.size > 1) {
    throw new CodedError('PERSON_UNKNOWN', { matches: named.size });
  }
  return only;
}

/** What did not come into the wallet, and what can be done about it. */
function waitingLines(person: Person): string[] {
  const { waitingLetters, notUnderstoodCount, unreadableCount } = person;
  const lines: string[] = [];
  if (waitingLetters.length > 0) {
    const rows = waitingLetters.map((it) => [it.from ?? '', it.name, when(it.receivedMs), it.code]);
    lines.push('', `Waiting (take them with --accept, remove them with --drop):`);
    lines.push(table([['from', 'name', 'came', 'why'], ...rows]));
  }
  if (person.unwritten.length > 0) {
    const rows = person.unwritten.map((it) => [it.name, it.recordClass, it.consent]);
    const removed = `inbox --drop ${unwrittenWord}`;
    lines.push('', `Waiting for a new write key, then written (${removed} lets them go):`);
    lines.push(table([['note', 'class', 'grant'], ...rows]));
  }
  if (unreadableCount > 0) {
    const removed = `inbox --drop ${unreadableWord}`;
    lines.push('', `${amount(unreadableCount, 'message')} that no key opens: ${removed} removes.`);
  }
  if (notUnderstoodCount > 0) lines.push('', kept(notUnderstoodCount));
  return lines;
}

/** What a newer version sent is told, so that nobody waits for it in vain. */
function kept(notUnderstood: number): string {
  return `${amount(notUnderstood, 'message')} of a kind that this version does not know: kept in the inbox until Salus is updated.`;
}

function grantsTable(grants: readonly ReceivedGrant[]): string {
  return grants.length === 0
    ? 'Nobody has granted anything to this person.'
    : table([
        ['grant', 'from', 'state', 'may read', 'may write', 'for', 'until'],
        ...grants.map((it) => [
          it.consent,
          it.patientName || short(it.patient),
          it.endedMs === undefined ? it.state : `ended ${when(it.endedMs)}`,
          it.terms.readClasses.join(', '),
          it.terms.writeClasses.join(', '),
          it.terms.purposes.join(', '),
          when(it.notAfterMs),
        ]),
      ]);
}

interface DiagnoseFlags extends PatientFlags {
  readonly text?: string;
  readonly file?: string;
  readonly name: string;
  readonly corrects?: string;
  readonly reason?: string;
}

async function diagnose(context: CommandContext, who: string, flags: DiagnoseFlags): Promise<void> {
  const { bytes, mediaType } = await diagnosisOf(flags);
  const { name, corrects, reason } = flags;
  if ((corrects === undefined) !== (reason === undefined)) {
    throw new CodedError('USAGE', { problem: 'say --corrects and --reason together' });
  }
  if (corrects !== undefined && reason !== undefined) {
    const now = { bytes, mediaType };
    return writeAmendment(context, corrects, { ...flags, reason, name, consent: who, now });
  }
  const acting = await openActing(context);
  const found = await findReceived(context, acting, {
    who,
    fits: (it) => it.mayWrite && it.terms.writeClasses.includes('diagnosis'),
  });
  const { grant, account } = found;
  const grants = await grantsOfPatient(context, acting, grant);
  await sureOfPatient(context, acting, { grants, account, what: 'this diagnosis' }, flags);
  const written = await during(context.output, 'Writing', (progress) =>
    acting.person.diagnose(
      grant.consent,
      { name: flags.name, mediaType, bytes },
      work(context, account, progress),
    ),
  );
  const { recordIds, patient, epoch, confirmed } = written;
  const { txId, height } = confirmed;
  const [recordId] = recordIds;
  const facts = { recordId, patient, consent: grant.consent, epoch, txId, height, log: 'doc' };
  context.output.result(
    facts,
    () =>
      `Diagnosis written for ${named(grant.patientName || short(patient))}: record ${recordId}, on Docchain at height ${height}.`,
  );
}

const maxDiagnosisBytes = 64 * 1024 * 1024;

async function diagnosisOf({
  text,
  file,
}: DiagnoseFlags): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }> {
  if ((text === undefined) === (file === undefined)) {
    throw new CodedError('MISSING', { problem: 'say either --text or --file' });
  }
  if (text !== undefined) {
    if (text === '') throw new CodedError('FILE_EMPTY');
    return { bytes: new TextEncoder().encode(text), mediaType: 'text/plain' };
  }
  const input = await inputFile(file ?? '');
  if (input.byteLength > maxDiagnosisBytes) throw new CodedError('BODY_TOO_LARGE');
  const pieces: Uint8Array[] = [];
  for await (const piece of input.read()) pieces.push(piece);
  const bytes = new Uint8Array(Buffer.concat(pieces));
  if (bytes.length === 0) throw new CodedError('FILE_EMPTY');
  return { bytes, mediaType: judgeFormat(input.name, bytes.subarray(0, 4096)).mediaType };
}
