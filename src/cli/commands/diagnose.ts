import { CodedError } from '../../primitives/errors.ts';
import { openActing, work } from '../acting.ts';
import { short } from '../format.ts';
import { named } from '../harmless.ts';
import { noteSaid } from '../note-input.ts';
import { during } from '../output.ts';
import { type PatientFlags, sureOfPatient } from '../patient-check.ts';
import { findReceived, grantsOfPatient } from '../received.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { writeAmendment } from './record-amend.ts';

/** A diagnosis, written into the chart of somebody who granted that. */
export const addDiagnose: AddCommand = (program, context) => {
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

interface DiagnoseFlags extends PatientFlags {
  readonly text?: string;
  readonly file?: string;
  readonly name: string;
  readonly corrects?: string;
  readonly reason?: string;
}

async function diagnose(context: CommandContext, who: string, flags: DiagnoseFlags): Promise<void> {
  const said = await noteSaid(flags);
  if (said === undefined) throw new CodedError('MISSING', { problem: 'say --text or --file' });
  const { bytes, mediaType } = said;
  const { name, corrects, reason } = flags;
  if ((corrects === undefined) !== (reason === undefined)) {
    throw new CodedError('USAGE', { problem: 'say --corrects and --reason together' });
  }
  if (corrects !== undefined && reason !== undefined) {
    const now = { bytes, mediaType };
    return writeAmendment(context, corrects, { ...flags, reason, name, consent: who, now });
  }
  const acting = await openActing(context);
  const { grant, account } = await findReceived(context, acting, {
    who,
    fits: (it) => it.mayWrite && it.terms.writeClasses.includes('diagnosis'),
  });
  const grants = await grantsOfPatient(context, acting, grant);
  await sureOfPatient(context, acting, { grants, account, what: 'this diagnosis' }, flags);
  const written = await during(context.output, 'Writing', (progress) =>
    acting.person.diagnose(
      grant.consent,
      { name, mediaType, bytes },
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
