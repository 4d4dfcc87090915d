import { CodedError } from '../primitives/errors.ts';
import { parsed } from '../primitives/shape.ts';

/** The eleven classes by which a patient shares, and their level. Source: docs/protocol/reading.md, R-2. */
export const levelOfClass = {
  iot: 2,
  genetic: 3,
  lab: 2,
  vital: 2,
  medication: 2,
  diagnosis: 2,
  image: 2,
  insurance: 1,
  summary: 1,
  note: 2,
  other: 2,
} as const;

export type RecordClass = keyof typeof levelOfClass;

/** Whether a word that came from outside is a class. */
export function isRecordClass(text: string): text is RecordClass {
  return Object.hasOwn(levelOfClass, text);
}

export const recordClasses: readonly RecordClass[] =
  Object.keys(levelOfClass).filter(isRecordClass);

/** Throws CLASS_UNKNOWN. */
export function parseRecordClass(text: string): RecordClass {
  if (!isRecordClass(text)) throw new CodedError('CLASS_UNKNOWN');
  return text;
}

/** A class as it stands in objects. Also throws CLASS_UNKNOWN. */
export const recordClass = parsed(parseRecordClass, 16);
