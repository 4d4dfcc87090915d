/** What turns the meaning of a record, or who may see it. Sorted as here. */
export const headlineMarks = [
  'absent',
  'do-not-perform',
  'entered-in-error',
  'modified',
  'not-done',
  'not-taken',
  'refuted',
  'restricted',
  'withdrawn',
] as const;
export type HeadlineMark = (typeof headlineMarks)[number];

/**
 * A record in one line. Every field is text, empty where the record says nothing; numbers and dates stand as
 * they are spelled in it.
 */
export interface Headline {
  /** The resource type; empty for what is no FHIR resource. */
  readonly type: string;
  /** `loinc|718-7`, `snomed|38341003`; the code alone where its system is none that has a short name. */
  readonly code: string;
  /** What a clinician would call it. The marks are no part of it: `spokenName` says them too. */
  readonly name: string;
  /** When it was so, not when it was written or imported. */
  readonly clinicalDate: string;
  /** A number as spelled, or a short text: `positive`, `120/80`, `<0.5`, `1:128`, `stopped`. */
  readonly value: string;
  readonly unit: string;
  /** The source's own judgement (`H`, `LL`, `A`), or `range:H` when it is read off the reference range. */
  readonly flag: string;
  readonly marks: readonly HeadlineMark[];
}

const done: Readonly<Record<string, string>> = {
  Immunization: 'NOT given',
  MedicationAdministration: 'NOT given',
  MedicationDispense: 'NOT handed out',
  Encounter: 'did NOT take place',
  Appointment: 'did NOT take place',
};
const toDo: Readonly<Record<string, string>> = {
  MedicationRequest: 'do NOT give',
};

/** The words that a name carries for its marks, the gravest first. */
const spoken: readonly (readonly [HeadlineMark, (type: string) => string])[] = [
  ['entered-in-error', () => 'entered in error'],
  ['withdrawn', () => 'withdrawn at its source'],
  ['refuted', () => 'refuted'],
  ['not-done', (type) => done[type] ?? 'NOT done'],
  ['not-taken', () => 'NOT taken'],
  ['do-not-perform', (type) => toDo[type] ?? 'do NOT do'],
  ['modified', () => 'read with care'],
  ['absent', (type) => (type === 'Observation' ? 'no result' : 'not recorded')],
];

/**
 * The name with what turns its meaning: `Influenza, seasonal: NOT given`. Every face that shows a name shows
 * this one. Source: docs/protocol/items.md, rule I-53.
 */
export function spokenName({
  type,
  name,
  marks,
}: Pick<Headline, 'type' | 'name' | 'marks'>): string {
  const words = spoken.flatMap(([mark, say]) => (marks.includes(mark) ? [say(type)] : []));
  return words.length === 0 ? name : `${name}: ${words.join(', ')}`;
}

const flagWordsOf: Readonly<Record<string, string>> = {
  H: 'high',
  L: 'low',
  HH: 'critically high',
  LL: 'critically low',
  HU: 'significantly high',
  LU: 'significantly low',
  N: 'normal',
  A: 'abnormal',
  AA: 'critically abnormal',
  POS: 'positive',
  NEG: 'negative',
  DET: 'detected',
  ND: 'not detected',
  R: 'resistant',
  S: 'susceptible',
  I: 'intermediate',
};

/** `H` is `high`, `range:H` is `high by its range`: the source judged, or the range next to the value did. */
export function flagWords(flag: string): string {
  const fromRange = flag.startsWith('range:');
  const code = fromRange ? flag.slice('range:'.length) : flag;
  const words = (Object.hasOwn(flagWordsOf, code) ? flagWordsOf[code] : undefined) ?? code;
  return fromRange ? `${words} by its range` : words;
}

/** Whether a value is a number as JSON spells it: what a trend may draw. */
export function isNumber(value: string): boolean {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(value);
}

/** `718-7` asks for this code in any system, `loinc|718-7` for this one. */
export function isCode(code: string, asked: string): boolean {
  return code !== '' && (code === asked || code.endsWith(`|${asked}`));
}
