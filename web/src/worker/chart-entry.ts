import {
  amendmentOf,
  contentOf,
  harmlessText,
  momentOf,
  type RecordLine,
  type SharedRecord,
} from '@salus/salus/sdk/browser';
import { AppError } from './call.ts';
import type { EntryView, SourceView } from './chart-view.ts';
import type { Facts } from './fhir-facts.ts';
import { valueShown } from './value-shown.ts';

/** A record, and what of its body a chart shows beside its line. */
export type Opened = SharedRecord & { readonly facts: Facts | undefined };

const textLength = 160;

interface Around {
  readonly line: RecordLine;
  readonly handle: string;
  readonly sourceOf: (author: string) => SourceView;
}

export function entryOf(record: Opened, { line, handle, sourceOf }: Around): EntryView {
  const { headline, facts } = record;
  const { head, bytes } = contentOf(record);
  const amendment = amendmentOf(head.mediaType);
  const source = sourceOf(head.author);
  const inError = amendment?.enteredInError === true ? ['entered-in-error'] : [];
  return {
    ...lineEntry(line, handle),
    recordClass: head.recordClass === 'private' ? head.ordinaryClass : head.recordClass,
    name: harmlessText(headline.name === '' ? head.name : headline.name),
    marks: [...new Set([...headline.marks, ...inError])],
    source,
    status: facts?.status,
    absence: facts?.absence,
    criticality: facts?.criticality,
    categories: facts?.categories ?? [],
    reactions: facts?.reactions ?? [],
    dosage: facts?.dosage,
    isAsNeeded: facts?.isAsNeeded ?? false,
    ranges: facts?.ranges ?? [],
    text: beginningOf(
      /^text\/plain/u.test(head.mediaType)
        ? new TextDecoder().decode(bytes.subarray(0, 8 * textLength))
        : (facts?.notes[0] ?? ''),
    ),
    isUnopened: false,
    isMine: source.kind === 'person' && source.person.isMe,
    isAmended: amendment !== undefined,
  };
}

function beginningOf(text: string): string {
  const characters = Array.from(harmlessText(text.trim()));
  if (characters.length <= textLength) return characters.join('');
  return `${characters.slice(0, textLength).join('').trimEnd()}…`;
}

/** As its line says: the word of whoever brought it, which the patient did where no grant is named. */
export function lineEntry(line: RecordLine, handle: string): EntryView {
  const { headline, recordClass, timeMs } = line;
  if (headline === undefined || recordClass === undefined) throw new AppError('INTERNAL');
  return {
    ...{ handle, recordClass, type: headline.type, code: headline.code },
    name: harmlessText(headline.name),
    ...valueShown(headline),
    flag: headline.flag,
    marks: [...headline.marks, ...(line.isWithdrawn ? ['withdrawn'] : [])],
    date: headline.clinicalDate,
    dateMs: momentOf(headline.clinicalDate) ?? timeMs,
    source: { kind: line.consent === undefined ? 'patient' : 'unknown' },
    ...{
      status: undefined,
      absence: undefined,
      criticality: undefined,
      categories: [],
      reactions: [],
      ranges: [],
    },
    ...{ dosage: undefined, isAsNeeded: false, text: '' },
    ...{ isUnopened: true, isMine: false, isAmended: false },
  };
}
