import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { parseRecordId } from '../../primitives/ids.ts';
import { type AmendedRecord, amendRecord, type ReceivedGrant } from '../../sdk/index.ts';
import { actingAccount, openActing, work } from '../acting.ts';
import { noteSaid } from '../note-input.ts';
import { type PatientFlags, sureOfPatient } from '../patient-check.ts';
import { findReceived, grantsOfPatient } from '../received.ts';
import type { CommandContext } from './command.ts';

interface AmendFlags extends PatientFlags {
  readonly reason: string;
  readonly enteredInError?: boolean | undefined;
  readonly text?: string;
  readonly name?: string | undefined;
  readonly consent?: string | undefined;
}

/** A writer amends what he wrote into somebody's chart. */
export function addRecordAmend(record: Command, context: CommandContext): void {
  record
    .command('amend <record> [file]')
    .alias('correct')
    .description('a new version of a note or diagnosis that you wrote')
    .requiredOption('--reason <words>', 'why; the patient and every reader see it')
    .option('--text <text>', 'what stands there from now on; or a file')
    .option('--entered-in-error', 'the one before should never have been written')
    .option('--name <name>', 'what the patient sees first; default: as before')
    .option('--consent <id>', "under this grant (or a patient's name); not needed where one fits")
    .option('--patient-born <date>', 'for whom: her birth date, as her chart has it')
    .option('--yes', 'without being asked for whom')
    .addHelpText('after', amendHelp)
    .action((id: string, file: string | undefined, flags: AmendFlags) =>
      amend(context, id, file, flags),
    );
}

const amendHelp = `
The version before stays, and record history shows both. What somebody else wrote is refused: write a note of
your own.`;

async function amend(
  context: CommandContext,
  id: string,
  file: string | undefined,
  flags: AmendFlags,
): Promise<void> {
  const now = await noteSaid({ text: flags.text, file });
  const name = flags.name ?? now?.name;
  await writeAmendment(context, id, { ...flags, name, now });
}

/** `record amend` and `diagnose --corrects`. Throws MISSING, and what `amendRecord` throws. */
export async function writeAmendment(
  context: CommandContext,
  id: string,
  flags: Pick<AmendFlags, 'reason' | 'enteredInError' | 'name' | 'consent' | keyof PatientFlags> & {
    readonly now: { readonly bytes: Uint8Array; readonly mediaType: string } | undefined;
  },
): Promise<void> {
  const recordId = parseRecordId(id);
  const { reason, name, now } = flags;
  const enteredInError = flags.enteredInError === true;
  if (now === undefined && !enteredInError) {
    throw new CodedError('MISSING', { problem: 'say --text, a file, or --entered-in-error' });
  }
  const acting = await openActing(context);
  const held =
    flags.consent === undefined
      ? undefined
      : await findReceived(context, acting, { who: flags.consent, fits: (it) => it.mayWrite });
  const account = held?.account ?? actingAccount(acting);
  const isFor = async (grant: ReceivedGrant): Promise<void> => {
    const grants = await grantsOfPatient(context, acting, grant);
    await sureOfPatient(context, acting, { grants, account, what: 'this amendment' }, flags);
  };
  // Nothing turns while somebody is asked.
  const options = work(context, account);
  if (held === undefined) await acting.person.inbox(options);
  const consent = held?.grant.consent;
  const request = { recordId, reason, enteredInError, now, name, consent, isFor };
  const amended = await acting.person.run(amendRecord, request, options);
  context.output.result({ ...factsOf(amended), reason, enteredInError }, () => {
    const what = enteredInError ? 'is marked as entered in error' : 'is amended';
    const { previous, recordId: newer, confirmed } = amended;
    return `Record ${previous} ${what}: version ${newer}, height ${confirmed.height}. record history shows both.`;
  });
}

function factsOf(amended: AmendedRecord): Record<string, unknown> {
  const { recordId, previous, recordClass, patient, consent, epoch, confirmed } = amended;
  const { txId, height } = confirmed;
  return { recordId, previous, class: recordClass, patient, consent, epoch, txId, height };
}
