import type { DraftText } from './drafts.ts';
import { factsOf } from './fhir-facts.ts';

/** A note as it is signed: bytes, what they are, and what the patient sees first. */
export interface WrittenText {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly name: string;
}

const titleLength = 80;

/**
 * A note as plain text; a diagnosis as a Condition of FHIR R4, so that other programs read what it is. `isoDay` is
 * today, `YYYY-MM-DD`.
 */
export function writtenText(draft: DraftText, patientName: string, isoDay: string): WrittenText {
  const { kind, title, code, text } = draft;
  const utf8 = (words: string): Uint8Array => new TextEncoder().encode(words);
  if (kind === 'note') {
    return { bytes: utf8(text), mediaType: 'text/plain', name: titleOf(title, text) };
  }
  const system = 'http://terminology.hl7.org/CodeSystem';
  const condition = {
    resourceType: 'Condition',
    clinicalStatus: { coding: [{ system: `${system}/condition-clinical`, code: 'active' }] },
    verificationStatus: {
      coding: [{ system: `${system}/condition-ver-status`, code: 'confirmed' }],
    },
    code: {
      ...(code !== '' && {
        coding: [{ system: 'http://snomed.info/sct', code, display: title }],
      }),
      text: title,
    },
    subject: { display: patientName },
    recordedDate: isoDay,
    ...(text !== '' && { note: [{ text }] }),
  };
  return {
    bytes: utf8(JSON.stringify(condition)),
    mediaType: 'application/fhir+json',
    name: title,
  };
}

/** The first line, where no title was given. */
function titleOf(title: string, text: string): string {
  if (title !== '') return title;
  const [first = ''] = text.trim().split('\n');
  return first.length > titleLength ? `${first.slice(0, titleLength - 1).trimEnd()}…` : first;
}

/** What stands in an entry, to be amended. */
export function textOfWritten(item: {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly name: string;
  readonly recordClass: string;
}): Pick<DraftText, 'kind' | 'title' | 'code' | 'text'> {
  const kind = item.recordClass === 'diagnosis' ? 'diagnosis' : 'note';
  const facts = factsOf(item);
  if (facts === undefined) {
    const text = /^text\//u.test(item.mediaType) ? new TextDecoder().decode(item.bytes) : '';
    return { kind, title: item.name, code: '', text };
  }
  return { kind, title: item.name, code: facts.snomed, text: facts.wholeNote };
}
