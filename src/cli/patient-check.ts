import { CodedError } from '../primitives/errors.ts';
import type { PatientIdentity, ReceivedGrant, WalletAccount } from '../sdk/index.ts';
import { type Acting, work } from './acting.ts';
import { canAsk, saysYes } from './asking.ts';
import type { CommandContext } from './commands/command.ts';
import { short } from './format.ts';
import { named } from './harmless.ts';
import { during } from './output.ts';

/** How it was said for whom a note is. */
export interface PatientFlags {
  readonly yes?: boolean;
  readonly patientBorn?: string;
}

/** Whose chart, by which grants of hers, and as whom. */
interface ForPatient {
  readonly grants: readonly ReceivedGrant[];
  readonly account: WalletAccount;
  /** What is about to be written, such as `this diagnosis`. */
  readonly what: string;
}

/**
 * Makes sure that a note is for whom its writer means, before it is signed: by the birth date that he says, or by asking
 * him with name and birth date, as far as the chart that was shared has them. Where nobody sits it must be said. A device
 * is asked nothing. Throws PATIENT_UNCONFIRMED, PATIENT_OTHER, INTERRUPTED, USAGE.
 */
export async function sureOfPatient(
  context: CommandContext,
  acting: Acting,
  about: ForPatient,
  flags: PatientFlags,
): Promise<void> {
  const { patientBorn, yes } = flags;
  if (patientBorn !== undefined && !/^\d{4}-\d\d-\d\d$/.test(patientBorn)) {
    throw new CodedError('USAGE', { problem: '--patient-born is a date such as 1970-01-31' });
  }
  if (about.account.role === 'device' || (yes === true && patientBorn === undefined)) return;
  if (patientBorn === undefined && !canAsk(context)) throw new CodedError('PATIENT_UNCONFIRMED');
  const identity = await identityOf(context, acting, about);
  if (patientBorn !== undefined) {
    if (identity === undefined || identity.born === '') {
      throw new CodedError('PATIENT_UNCONFIRMED', {
        problem:
          'the birth date is not in what this patient shared: --yes says that you are sure; nothing was written',
      });
    }
    if (identity.born !== patientBorn) throw new CodedError('PATIENT_OTHER');
    return;
  }
  if ((await saysYes(context, questionOf(about, identity))) !== true) {
    throw new CodedError('INTERRUPTED');
  }
}

function questionOf({ grants, what }: ForPatient, identity: PatientIdentity | undefined): string {
  const [grant] = grants;
  const name = named(grant?.patientName || short(grant?.patient ?? ''));
  const born =
    identity === undefined || identity.born === ''
      ? 'whose birth date was not shared with you'
      : `born ${identity.born}`;
  const called =
    identity === undefined || identity.name === '' || identity.name === grant?.patientName
      ? ''
      : ` (in the chart: ${named(identity.name)})`;
  return `Write ${what} for ${name}${called}, ${born}?`;
}

/** A look under a grant that reads summaries, the first time. */
async function identityOf(
  context: CommandContext,
  { person }: Acting,
  { grants, account }: ForPatient,
): Promise<PatientIdentity | undefined> {
  const [first] = grants;
  if (first === undefined) return undefined;
  const options = work(context, account);
  const before = await person.patientIdentity(first.consent, options);
  const summary = grants.find(({ terms }) => terms.readClasses.includes('summary'));
  if (before !== undefined || summary === undefined) return before;
  return during(context.output, 'Reading who this is', (progress) =>
    person.patientIdentity(summary.consent, { ...work(context, account, progress), look: true }),
  );
}
