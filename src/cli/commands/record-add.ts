import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import {
  type FileInput,
  type OrdinaryClass,
  ordinaryClasses,
  parseOrdinaryClass,
} from '../../sdk/index.ts';
import { type Acting, actingAccount, openActing, work } from '../acting.ts';
import { addedFacts, addedText } from '../added-text.ts';
import { issuerKeysHelp, issuerKeysOf } from '../card-lines.ts';
import { fileSpool, inputFiles, standardInput } from '../files.ts';
import { short } from '../format.ts';
import { named } from '../harmless.ts';
import { noteIn } from '../note-input.ts';
import { asCoded, during } from '../output.ts';
import { type PatientFlags, sureOfPatient } from '../patient-check.ts';
import { findReceived, grantsOfPatient } from '../received.ts';
import type { CommandContext } from './command.ts';
import { gather } from './options.ts';

interface AddFlags extends PatientFlags {
  readonly class?: string;
  readonly enteredBy?: string;
  readonly consent?: string;
  readonly name?: string;
  readonly patient?: string;
  readonly all?: boolean;
  readonly strict?: boolean;
  readonly again?: boolean;
  readonly issuerKeys?: readonly string[];
}

/** Files into one's own chart, or into that of somebody who granted it. */
export function addRecordAdd(record: Command, context: CommandContext): void {
  record
    .command('add <file...>')
    .description('add files: FHIR bundles and resources, NDJSON, PDF, DICOM, anything; - is stdin')
    .option('--class <class>', `for everything in the files: ${ordinaryClasses.join(', ')}`)
    .option('--entered-by <who>', '"patient": typed by the patient themselves')
    .option('--consent <id>', 'write into the chart of the patient who gave this grant')
    .option('--name <name>', 'of what comes on stdin')
    .option(
      '--patient <name>',
      'of a file about several people only her records; of a writer: whose chart',
    )
    .option('--patient-born <date>', 'for whom: her birth date, as her chart has it')
    .option('--yes', 'without being asked for whom')
    .option('--all', "of a file about several people, or about somebody else: everybody's records")
    .option('--strict', 'refuse a file that holds anything but sound FHIR R4, as a whole')
    .option('--again', 'bring back what was erased before')
    .option('--issuer-keys <file>', issuerKeysHelp, gather)
    .action((files: string[], flags: AddFlags) => add(context, files, flags));
}

async function add(
  context: CommandContext,
  files: readonly string[],
  flags: AddFlags,
): Promise<void> {
  const recordClass = flags.class === undefined ? undefined : parseOrdinaryClass(flags.class);
  const enteredByPatient = flags.enteredBy !== undefined;
  if (enteredByPatient && flags.enteredBy !== 'patient') {
    throw new CodedError('USAGE', { enteredBy: 'patient is the only one' });
  }
  if (flags.patient !== undefined && flags.all === true) {
    throw new CodedError('USAGE', { problem: '--patient or --all, not both' });
  }
  const issuerKeys = issuerKeysOf(flags.issuerKeys);
  // All are looked at before the first is added.
  const inputs = await inputsOf(context, files, flags);
  const acting = await openActing(context);
  const mayOwn = acting.accounts.some((it) => it.role === 'patient');
  const double = context.added?.double;
  if (flags.consent !== undefined || !mayOwn) {
    if (enteredByPatient) throw new CodedError('USAGE', { enteredBy: 'the patient alone' });
    if (double !== undefined) throw new CodedError('USAGE', { double: 'the patient alone' });
    await eachFile(context, inputs, (input) =>
      write(context, acting, { input, recordClass, flags }),
    );
    return;
  }
  const account = actingAccount(acting);
  const { output } = context;
  const { patient, all, strict, again } = flags;
  const persons = all === true ? 'all' : patient === undefined ? undefined : { of: patient };
  await eachFile(context, inputs, async (input) => {
    const file = await during(output, `Adding ${input.name}`, (progress) =>
      acting.person.addFile(input, {
        ...work(context, account, progress),
        ...{ recordClass, enteredByPatient, persons, strict, again, issuerKeys, double },
        spool: fileSpool(acting.home),
      }),
    );
    output.result(addedFacts(file), () => addedText(file));
  });
}

async function inputsOf(
  { output, surroundings, signal }: CommandContext,
  files: readonly string[],
  flags: AddFlags,
): Promise<readonly FileInput[]> {
  const inputs: FileInput[] = [];
  for (const file of files) {
    if (file === '-') {
      output.note('Reading standard input to its end ...');
      inputs.push(await standardInput(flags.name, surroundings.stdin, signal));
    } else inputs.push(...(await inputFiles(file)));
  }
  return inputs;
}

/** One file alone is refused as itself; of several each is its own result, and the end says how many were added. */
async function eachFile(
  { output }: CommandContext,
  inputs: readonly FileInput[],
  add: (input: FileInput) => Promise<void>,
): Promise<void> {
  const refused: CodedError[] = [];
  for (const input of inputs) {
    try {
      await add(input);
    } catch (error) {
      const coded = asCoded(error);
      const named = new CodedError(coded.code, { ...coded.details, file: input.name }, coded);
      // What is no fault of one file stops them all.
      if (inputs.length === 1 || !ofOneFile.has(coded.kind)) throw named;
      refused.push(named);
      const { code, message } = named;
      output.line({ ok: false, file: input.name, code, message }, () => message);
    }
  }
  const [first] = refused;
  if (first === undefined) return;
  const added = inputs.length - refused.length;
  throw new CodedError(first.code, {
    problem: `${added} of ${inputs.length} files added`,
    refused: refused.map((it) => String(it.details.file)).join(', '),
  });
}

const ofOneFile: ReadonlySet<string> = new Set(['not-valid', 'usage']);

/** A colleague or a device writes under a grant, into somebody else's chart. */
async function write(
  context: CommandContext,
  acting: Acting,
  wanted: {
    readonly input: FileInput;
    readonly recordClass: OrdinaryClass | undefined;
    readonly flags: AddFlags;
  },
): Promise<void> {
  const { input, flags } = wanted;
  const { grant, account } = await findReceived(context, acting, {
    who: flags.patient ?? flags.consent,
    fits: (it) =>
      it.mayWrite &&
      (wanted.recordClass === undefined || it.terms.writeClasses.includes(wanted.recordClass)),
  });
  const [onlyClass, another] = grant.terms.writeClasses;
  const recordClass = wanted.recordClass ?? (another === undefined ? onlyClass : undefined);
  if (recordClass === undefined) {
    throw new CodedError('MISSING', {
      problem: `say --class: ${grant.terms.writeClasses.join(', ')}`,
    });
  }
  const grants = await grantsOfPatient(context, acting, grant);
  const what = `${named(input.name)} as ${recordClass}`;
  await sureOfPatient(context, acting, { grants, account, what }, flags);
  const { bytes, mediaType } = await noteIn(input);
  const written = await during(context.output, `Writing ${input.name}`, (progress) =>
    acting.person.write(
      grant.consent,
      [{ recordClass, mediaType, name: input.name, bytes }],
      work(context, account, progress),
    ),
  );
  const { recordIds, patient, epoch, confirmed: tx } = written;
  const facts = { recordIds, patient, consent: grant.consent, recordClass, epoch };
  context.output.result(
    { ...facts, txId: tx.txId, height: tx.height },
    () =>
      `Written for ${named(grant.patientName || short(patient))} as ${recordClass}: record ${recordIds.join(', ')}, height ${tx.height}`,
  );
}
