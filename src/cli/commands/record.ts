import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import {
  type AddedFile,
  type FileInput,
  judgeFormat,
  type OrdinaryClass,
  ordinaryClasses,
  parseOrdinaryClass,
} from '../../sdk/index.ts';
import { type Acting, actingAccount, openActing, work } from '../acting.ts';
import { sure } from '../asking.ts';
import { fileSpool, inputFiles, standardInput } from '../files.ts';
import { findRecord } from '../finding.ts';
import { amount, short } from '../format.ts';
import { named } from '../harmless.ts';
import { asCoded, during, type Progress } from '../output.ts';
import { type PatientFlags, sureOfPatient } from '../patient-check.ts';
import { findReceived, grantsOfPatient } from '../received.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { addRecordAmend } from './record-amend.ts';
import { addRecordExport } from './record-export.ts';
import { addRecordHistory } from './record-history.ts';
import { addRecordList } from './record-list.ts';
import { addRecordOpen } from './record-open.ts';
import { addRecordReclassify } from './record-reclassify.ts';

/** Records: added, listed, opened, given back, erased. */
export const addRecord: AddCommand = (program, context) => {
  const record = program.command('record').description('health records');
  addRecordAdd(record, context);
  addRecordList(record, context);
  addRecordOpen(record, context);
  addRecordHistory(record, context);
  addRecordAmend(record, context);
  addRecordReclassify(record, context);
  addRecordExport(record, context);
  record
    .command('erase <id...>')
    .description('erase records: their holder forgets the keys, and signs that it did')
    .option('--yes', 'do not ask')
    .addHelpText('after', eraseHelp)
    .action((ids: string[], flags: { yes?: boolean }) => erase(context, ids, flags));
};

const eraseHelp = `
What a reader copied stays with the reader. The hospital's backups forget within 35 days. The hash of the
record stays on the ledger; it says nothing about what was in it.`;

interface AddFlags extends PatientFlags {
  readonly class?: string;
  readonly enteredBy?: string;
  readonly consent?: string;
  readonly name?: string;
  readonly patient?: string;
  readonly all?: boolean;
  readonly strict?: boolean;
  readonly again?: boolean;
}

function addRecordAdd(record: Command, context: CommandContext): void {
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
  // All are looked at before the first is added.
  const inputs = await inputsOf(context, files, flags);
  const acting = await openActing(context);
  const mayOwn = acting.accounts.some((it) => it.role === 'patient');
  if (flags.consent !== undefined || !mayOwn) {
    if (enteredByPatient) throw new CodedError('USAGE', { enteredBy: 'the patient alone' });
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
        ...{ recordClass, enteredByPatient, persons, strict, again },
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

function addedFacts(file: AddedFile): Record<string, unknown> {
  const { importId, fileName, sha256, kind, items, unchanged, epoch, txId, height } = file;
  const { notes, deleted, withdrawn, ofOthers, erasedBefore, restricted } = file;
  return {
    ...(importId !== undefined && { importId }),
    fileName,
    sha256,
    ...(kind !== undefined && { kind }),
    added: items.length,
    unchanged: unchanged.length,
    items,
    ...(deleted > 0 && { deleted, withdrawn }),
    ...(restricted > 0 && { restricted }),
    ...(ofOthers > 0 && { ofOthers }),
    ...(erasedBefore > 0 && { erasedBefore }),
    ...(notes.length > 0 && { notes }),
    ...(txId !== undefined && { txId, height, epoch }),
  };
}

function addedText(file: AddedFile): string {
  const { fileName, items, unchanged, kind, height, importId, notes } = file;
  if (kind === undefined)
    return `${named(fileName)} was added before: nothing to do (import ${importId})`;
  const counts = new Map<string, number>();
  for (const it of items) counts.set(it.recordClass, (counts.get(it.recordClass) ?? 0) + 1);
  const classes = [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  const what = classes === '' ? '' : ` (${classes})`;
  const same = unchanged.length > 0 ? `, ${unchanged.length} unchanged` : '';
  const where =
    importId === undefined ? '' : `, anchored at height ${height}\n  import ${importId}`;
  const lines = [...besides(file), ...notes.slice(0, maxNotes).map(noteText)];
  if (notes.length > maxNotes) lines.push(`and ${notes.length - maxNotes} more of the kind`);
  return [
    `${named(fileName)}: ${amount(items.length, 'record')} added${what}${same}${where}`,
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}

const maxNotes = 20;

function besides(file: AddedFile): readonly string[] {
  const { restricted, deleted, withdrawn, ofOthers, erasedBefore, items } = file;
  const older = items.filter((it) => it.isOlder).length;
  const lines: string[] = [];
  if (restricted > 0) lines.push(`${amount(restricted, 'record')} marked restricted by the source`);
  if (deleted > 0) {
    lines.push(
      `${amount(deleted, 'record')} deleted at the source, ${withdrawn.length} of them here`,
    );
  }
  if (ofOthers > 0) lines.push(`${amount(ofOthers, 'record')} of other people left out`);
  if (erasedBefore > 0) {
    lines.push(
      `${amount(erasedBefore, 'record')} that you erased left out (--again brings them back)`,
    );
  }
  if (older > 0)
    lines.push(`${amount(older, 'record')} older than what is here: kept as an older version`);
  return lines;
}

function noteText(note: AddedFile['notes'][number]): string {
  if (note.kind === 'outcome') return `the source said: ${named(note.text)}`;
  if (note.kind === 'page') {
    return note.total === undefined
      ? `this is one page of more: ${note.shown} are here`
      : `this is one page of more: ${note.shown} of ${note.total}`;
  }
  const where = note.entry === undefined ? '' : `entry ${note.entry}`;
  const id = note.id === undefined ? '' : ` (id ${named(note.id)})`;
  const place = where === '' ? '' : `${where}${id}: `;
  return note.kind === 'foreign'
    ? `${place}kept as ${note.type}, which is not FHIR R4`
    : `${place}not read, ${note.reason}; it stays in the file`;
}

const maxSharedBytes = 64 * 1024 * 1024;

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
    throw new CodedError('USAGE', {
      problem: `say --class: ${grant.terms.writeClasses.join(', ')}`,
    });
  }
  const grants = await grantsOfPatient(context, acting, grant);
  const what = `${named(input.name)} as ${recordClass}`;
  await sureOfPatient(context, acting, { grants, account, what }, flags);
  if (input.byteLength > maxSharedBytes) throw new CodedError('BODY_TOO_LARGE');
  const pieces: Uint8Array[] = [];
  for await (const piece of input.read()) pieces.push(piece);
  const bytes = new Uint8Array(Buffer.concat(pieces));
  if (bytes.length === 0) throw new CodedError('FILE_EMPTY');
  const { mediaType } = judgeFormat(input.name, bytes.subarray(0, 4096));
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

async function erase(
  context: CommandContext,
  ids: readonly string[],
  flags: { readonly yes?: boolean },
): Promise<void> {
  const acting = await openActing(context);
  const found: { recordId: RecordId; as: Awaited<ReturnType<typeof findRecord>>['account'] }[] = [];
  for (const id of ids) {
    const { recordId, account } = await findRecord(context, acting, id);
    found.push({ recordId, as: account });
  }
  const question = `Erase ${amount(found.length, 'record')} for good?`;
  if (flags.yes !== true) await sure(context, question);
  const erased: RecordId[] = [];
  let tombstones = 0;
  await during(context.output, 'Erasing', async (progress: Progress) => {
    for (const account of new Set(found.map((it) => it.as))) {
      const recordIds = found.filter((it) => it.as === account).map((it) => it.recordId);
      const done = await acting.person.erase(recordIds, work(context, account, progress));
      erased.push(...done.recordIds);
      tombstones += done.tombstones.length;
    }
  });
  context.output.result({ erased, tombstones }, () =>
    [
      `${amount(erased.length, 'record')} erased; the holder signed it. The receipts come within a minute: salus looked`,
      'What a reader copied stays with the reader; backups forget within 35 days.',
    ].join('\n'),
  );
}
