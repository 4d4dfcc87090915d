import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { bareMediaType, contentOf, fileNameOf, type GivenBack } from '../../sdk/index.ts';
import { type Acting, openActing, work } from '../acting.ts';
import { findRecord } from '../finding.ts';
import { amount, short } from '../format.ts';
import { named } from '../harmless.ts';
import { NameBook } from '../name-book.ts';
import { during } from '../output.ts';
import { writeOut } from '../write-out.ts';
import type { CommandContext } from './command.ts';

interface ExportFlags {
  readonly import?: string;
  readonly out?: string;
  readonly all?: boolean;
}

/** `salus record export`: one imported file, or everything that a chart holds. */
export function addRecordExport(record: Command, context: CommandContext): void {
  record
    .command('export [import]')
    .description('an imported file back, byte for byte; --all: everything, what others wrote too')
    .option('--import <id>', 'of the import; record list shows them')
    .option('--all', 'every file that was imported, and every record that came otherwise')
    .option('--out <file>', 'where to (with --all: a folder); default: the name it had')
    .action((id: string | undefined, flags: ExportFlags) =>
      flags.all === true
        ? exportEverything(context, flags)
        : exportFile(context, flags.import ?? id, flags.out),
    );
}

async function exportFile(
  context: CommandContext,
  id: string | undefined,
  out: string | undefined,
): Promise<void> {
  const acting = await openActing(context);
  const known = acting.person.imports.filter((it) => it.anchored);
  if (id === undefined) {
    const problem =
      known.length === 0
        ? 'nothing was imported'
        : `say --all, or which: ${known.map((it) => `${it.skeleton} (${named(it.fileName)})`).join(', ')}`;
    throw new CodedError('MISSING', { problem });
  }
  const { recordId, account } = await findImport(context, acting, id);
  const file = await during(context.output, 'Giving back', (progress) =>
    acting.person.exportImport(recordId, work(context, account, progress)),
  );
  const written = await writeOut(out ?? nameOfImport(file.fileName), file.bytes, context);
  const { fileName, sha256, bytes } = file;
  context.output.result(
    { importId: recordId, fileName, sha256, bytes: bytes.length, file: written },
    () => `${named(fileName)}, ${bytes.length} bytes, SHA-256 ${sha256}\nwritten to ${written}`,
  );
}

/** By id, or by the name of the file. */
async function findImport(context: CommandContext, acting: Acting, id: string) {
  const byName = acting.person.imports.filter((it) => it.anchored && it.fileName === id);
  const [only, another] = byName;
  if (only !== undefined && another === undefined) {
    const account = acting.accounts.find((it) => it.account === only.account);
    if (account !== undefined) return { recordId: only.skeleton, account };
  }
  try {
    return await findRecord(context, acting, id);
  } catch (error) {
    if (isCoded(error, 'RECORD_UNKNOWN')) throw new CodedError('IMPORT_UNKNOWN', {}, error);
    throw error;
  }
}

async function exportEverything(context: CommandContext, { out }: ExportFlags): Promise<void> {
  if (out === undefined) throw new CodedError('MISSING', { problem: 'say --out FOLDER' });
  const acting = await openActing(context);
  const mine = acting.accounts.filter((it) => it.role === 'patient');
  if (mine.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const names = new NameBook(context, acting);
  const taken = new Set<string>();
  const counts = { import: 0, record: 0 };
  const missing: Missing[] = [];
  await during(context.output, 'Giving back', async (progress) => {
    for (const account of mine) {
      await acting.person.exportAll(
        async (file) => {
          if (file.kind === 'missing') {
            const { recordId, code } = file;
            missing.push(file);
            context.output.line(
              { event: 'missing', recordId, code },
              () => `not given back: ${recordId} (${code})`,
            );
            return;
          }
          const path = join(out, freeName(taken, nameOf(file)));
          const bytes = file.kind === 'import' ? file.bytes : contentOf(file.record).bytes;
          const written = await writeOut(path, bytes, context);
          counts[file.kind] += 1;
          if (file.kind === 'record') await names.learn([contentOf(file.record).head.author]);
          const facts = { file: written, bytes: bytes.length, ...factsOf(file, names) };
          context.output.line({ event: 'file', ...facts }, () => written);
        },
        work(context, account, progress),
      );
    }
  });
  const [first] = missing;
  // All else is written by then.
  if (first !== undefined) {
    throw new CodedError(first.code, { recordId: first.recordId, missing: missing.length });
  }
  context.output.result({ folder: out, imports: counts.import, records: counts.record }, () =>
    [
      `${amount(counts.import, 'imported file')} as they were, ${amount(counts.record, 'record')} that came otherwise`,
      `written to ${out}`,
    ].join('\n'),
  );
}

type Missing = Extract<GivenBack, { readonly kind: 'missing' }>;
type Given = Exclude<GivenBack, Missing>;

function factsOf(file: Given, names: NameBook): Record<string, unknown> {
  const { kind, sha256 } = file;
  if (kind === 'import') return { kind, sha256, importId: file.importId, fileName: file.fileName };
  const { recordId, recordClass, name, author } = contentOf(file.record).head;
  return { kind, sha256, recordId, class: recordClass, name, by: names.nameOf(author) };
}

const endings: Readonly<Record<string, string>> = {
  'application/fhir+json': '.json',
  'application/json': '.json',
  'application/pdf': '.pdf',
  'application/dicom': '.dcm',
  'application/xml': '.xml',
  'text/xml': '.xml',
  'text/csv': '.csv',
  'text/html': '.html',
  'text/plain': '.txt',
  'image/jpeg': '.jpg',
  'image/png': '.png',
};

/** With room for a number behind it, where two had one name. */
const nameOfImport = (fileName: string): string => fileNameOf(fileName, { most: 240 }) ?? 'record';

/** Of a record that came in no file: its name and the beginning of its id, which no other has. */
function nameOf(file: Given): string {
  if (file.kind === 'import') return nameOfImport(file.fileName);
  const { name, mediaType, recordId } = contentOf(file.record).head;
  const wanted = fileNameOf(name, { most: 120 }) ?? 'record';
  const ending = endings[bareMediaType(mediaType)] ?? /\.[a-z0-9]{1,8}$/i.exec(wanted)?.[0] ?? '';
  const stem = ending !== '' && wanted.endsWith(ending) ? wanted.slice(0, -ending.length) : wanted;
  return `${stem} ${short(recordId)}${ending}`;
}

/** Two imports may have had one name. */
function freeName(taken: Set<string>, wanted: string): string {
  const [, stem = wanted, ending = ''] = /^(.+?)(\.[^.]*)?$/.exec(wanted) ?? [];
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${stem} (${number})${ending}`;
    // Some file systems hold two spellings of one name for the same.
    const key = name.normalize('NFC').toLowerCase();
    if (taken.has(key)) continue;
    taken.add(key);
    return name;
  }
}
