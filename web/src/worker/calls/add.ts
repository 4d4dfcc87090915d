import { type AddedFile, type FileInput, fileInputOf, isCoded } from '@salus/salus/sdk/browser';
import type { Call, Work } from '../call.ts';
import { chartLines } from '../chart-lines.ts';
import type { Session } from '../session.ts';
import { fileOfTyped, type TypedIn } from '../typed-in.ts';

/** Whose records of a file are wanted. */
export type WantedPersons = { readonly of: string } | 'all';

/** What became of one file. */
export type AddedView =
  | {
      readonly kind: 'added';
      readonly fileName: string;
      /** The very same file was in the record before; nothing was added. */
      readonly isKnown: boolean;
      readonly added: number;
      readonly byClass: readonly { readonly recordClass: string; readonly count: number }[];
      /** Of those that were added: their source says that they are very private. */
      readonly restricted: number;
      /** In the record before, and the same. */
      readonly unchanged: number;
      readonly ofOthers: number;
      readonly erasedBefore: number;
      /** Their source took them back in this file. */
      readonly withdrawn: number;
      /** Parts that are no health record: kept in the file alone. */
      readonly unreadable: number;
      /** Of other kinds or versions: kept as they are. */
      readonly foreign: number;
      /** What the source said in place of a record. */
      readonly said: readonly string[];
      /** Of its only entry. */
      readonly handle: string | undefined;
    }
  | {
      readonly kind: 'persons';
      readonly fileName: string;
      readonly people: readonly { readonly name: string; readonly born: string | undefined }[];
    };

const file: Call<
  {
    readonly file: File;
    readonly persons?: WantedPersons | undefined;
    readonly again?: boolean | undefined;
  },
  AddedView
> = async (session, { file, persons, again }, work) => {
  try {
    return await added(session, fileInputOf(file), { persons, again }, work);
  } catch (error) {
    if (!isCoded(error, 'FILE_PERSONS')) throw error;
    return {
      kind: 'persons',
      fileName: file.name,
      people: peopleIn(String(error.details.persons ?? '')),
    };
  }
};

/** As the refusal tells them: `Anna Roe (born 1970-01-01), Ben Roe (birth date not recorded)`. */
function peopleIn(
  told: string,
): readonly { readonly name: string; readonly born: string | undefined }[] {
  const all = [...told.matchAll(/(.+?) \((?:born ([\d-]+)|birth date not recorded)\)(?:, |$)/gu)];
  return all.map(([, name = '', born]) => ({ name, born }));
}

/** What a person typed in: marked as theirs, under their own signature. */
const typed: Call<TypedIn, AddedView> = (session, input, work) => {
  const { name, text } = fileOfTyped(input);
  const made = new File([text], name);
  const recordClass = input.kind === 'note' ? 'note' : undefined;
  return added(session, fileInputOf(made), { recordClass, enteredByPatient: true }, work);
};

async function added(
  session: Session,
  input: FileInput,
  options: {
    readonly persons?: WantedPersons | undefined;
    readonly again?: boolean | undefined;
    readonly recordClass?: 'note' | undefined;
    readonly enteredByPatient?: boolean;
  },
  { signal, onProgress }: Work,
): Promise<AddedView> {
  const done = await session.person.addFile(input, {
    ...session.as,
    ...options,
    signal,
    onProgress,
  });
  await chartLines(session, signal);
  return addedView(session, input.name, done);
}

async function addedView(session: Session, fileName: string, done: AddedFile): Promise<AddedView> {
  const counts = new Map<string, number>();
  for (const it of done.items) counts.set(it.recordClass, (counts.get(it.recordClass) ?? 0) + 1);
  const [only, another] = done.items;
  return {
    kind: 'added',
    fileName,
    isKnown: done.kind === undefined,
    added: done.items.length,
    byClass: [...counts]
      .map(([recordClass, count]) => ({ recordClass, count }))
      .toSorted((a, b) => b.count - a.count),
    restricted: done.restricted,
    unchanged: done.unchanged.length,
    ofOthers: done.ofOthers,
    erasedBefore: done.erasedBefore,
    withdrawn: done.withdrawn.length,
    unreadable: done.notes.filter((it) => it.kind === 'unreadable').length,
    foreign: done.notes.filter((it) => it.kind === 'foreign').length,
    said: done.notes.flatMap((it) => (it.kind === 'outcome' ? [it.text] : [])),
    handle:
      only !== undefined && another === undefined
        ? await session.handles.of(only.recordId)
        : undefined,
  };
}

export const addCalls = { 'add.file': file, 'add.typed': typed };
