import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import {
  type AddedFile,
  judgeFormat,
  parseRecordClass,
  type RecordClass,
  recordClasses,
} from '../../sdk/index.ts';
import {
  type Acting,
  actingAccount,
  findReceived,
  findRecord,
  openActing,
  work,
} from '../acting.ts';
import { confirmed } from '../asking.ts';
import { fileSpool, inputFile, standardInput } from '../files.ts';
import { amount, short } from '../format.ts';
import { named } from '../harmless.ts';
import { during, type Progress } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { addRecordExport } from './record-export.ts';
import { addRecordList } from './record-list.ts';
import { addRecordOpen } from './record-open.ts';

/** Records: added, listed, opened, given back, erased. */
export const addRecord: AddCommand = (program, context) => {
  const record = program.command('record').description('health records');
  addRecordAdd(record, context);
  addRecordList(record, context);
  addRecordOpen(record, context);
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

interface AddFlags {
  readonly class?: string;
  readonly enteredBy?: string;
  readonly consent?: string;
  readonly name?: string;
}

function addRecordAdd(record: Command, context: CommandContext): void {
  record
    .command('add <file...>')
    .description('add files: FHIR bundles and resources, NDJSON, PDF, DICOM, anything; - is stdin')
    .option('--class <class>', `for everything in the files: ${recordClasses.join(', ')}`)
    .option('--entered-by <who>', '"patient": typed by the patient themselves')
    .option('--consent <id>', 'write into the chart of the patient who gave this grant')
    .option('--name <name>', 'of what comes on stdin')
    .action((files: string[], flags: AddFlags) => add(context, files, flags));
}

async function add(
  context: CommandContext,
  files: readonly string[],
  flags: AddFlags,
): Promise<void> {
  const recordClass = flags.class === undefined ? undefined : parseRecordClass(flags.class);
  const enteredByPatient = flags.enteredBy !== undefined;
  if (enteredByPatient && flags.enteredBy !== 'patient') {
    throw new CodedError('USAGE', { enteredBy: 'patient is the only one' });
  }
  // All are looked at before the first is added.
  const inputs = [];
  for (const file of files) {
    if (file !== '-') inputs.push(await inputFile(file));
    else {
      context.output.note('Reading standard input to its end ...');
      inputs.push(
        await standardInput(flags.name ?? 'typed.txt', context.surroundings.stdin, context.signal),
      );
    }
  }
  const acting = await openActing(context);
  const mayOwn = acting.accounts.some((it) => it.role === 'patient');
  if (flags.consent !== undefined || !mayOwn) {
    if (enteredByPatient) throw new CodedError('USAGE', { enteredBy: 'the patient alone' });
    for (const input of inputs) await write(context, acting, { input, recordClass, flags });
    return;
  }
  const account = actingAccount(acting);
  const { output } = context;
  const added: AddedFile[] = [];
  for (const input of inputs) {
    const file = await during(output, `Adding ${input.name}`, (progress) =>
      acting.person.addFile(input, {
        ...work(context, account, progress),
        recordClass,
        enteredByPatient,
        spool: fileSpool(acting.home),
      }),
    );
    added.push(file);
    const facts = addedFacts(file);
    output.result(facts, () => addedText(file));
  }
}

function addedFacts(file: AddedFile): Record<string, unknown> {
  const { importId, fileName, sha256, kind, items, unchanged, epoch, txId, height } = file;
  return {
    importId,
    fileName,
    sha256,
    ...(kind !== undefined && { kind }),
    added: items.length,
    unchanged: unchanged.length,
    items,
    ...(txId !== undefined && { txId, height, epoch }),
  };
}

function addedText({ fileName, items, unchanged, kind, height, importId }: AddedFile): string {
  if (kind === undefined)
    return `${named(fileName)} was added before: nothing to do (import ${importId})`;
  const counts = new Map<string, number>();
  for (const it of items) counts.set(it.recordClass, (counts.get(it.recordClass) ?? 0) + 1);
  const classes = [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
  const same = unchanged.length > 0 ? `, ${unchanged.length} unchanged` : '';
  return `${named(fileName)}: ${amount(items.length, 'record')} added (${classes})${same}, anchored at height ${height}\n  import ${importId}`;
}

const maxSharedBytes = 64 * 1024 * 1024;

/** A colleague or a device writes under a grant, into somebody else's chart. */
async function write(
  context: CommandContext,
  acting: Acting,
  wanted: {
    readonly input: Awaited<ReturnType<typeof inputFile>>;
    readonly recordClass: RecordClass | undefined;
    readonly flags: AddFlags;
  },
): Promise<void> {
  const { input, flags } = wanted;
  const { grant, account } = await findReceived(context, acting, {
    who: flags.consent,
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
  if (flags.yes !== true) await confirmed(context, question);
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
