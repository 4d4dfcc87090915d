import { CodedError } from '../primitives/errors.ts';
import { parsed } from '../primitives/shape.ts';

/** The twelve classes by which a patient shares, and their level. Source: docs/protocol/reading.md, R-2. */
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
  private: 3,
} as const;

export type RecordClass = keyof typeof levelOfClass;

/** Whether a word that came from outside is a class. */
export function isRecordClass(text: string): text is RecordClass {
  return Object.hasOwn(levelOfClass, text);
}

export const recordClasses: readonly RecordClass[] =
  Object.keys(levelOfClass).filter(isRecordClass);

/**
 * What a record is, whoever may read it. What its source marked restricted, and what belongs to the owner alone, is
 * sealed in the class `private`; its ordinary class stands inside the seal. Source: docs/protocol/classes.md, K-6.
 */
export type OrdinaryClass = Exclude<RecordClass, 'private'>;

const isOrdinary = (recordClass: RecordClass): recordClass is OrdinaryClass =>
  recordClass !== 'private';

/** What "everything" means: all classes but `private`, which is granted by its own word only. */
export const ordinaryClasses: readonly OrdinaryClass[] = recordClasses.filter(isOrdinary);

/** Throws CLASS_UNKNOWN. */
export function parseRecordClass(text: string): RecordClass {
  if (!isRecordClass(text)) throw new CodedError('CLASS_UNKNOWN');
  return text;
}

/** A class as it stands in objects. Also throws CLASS_UNKNOWN. */
export const recordClass = parsed(parseRecordClass, 16);

/** Throws CLASS_UNKNOWN, for `private` too. */
export function parseOrdinaryClass(text: string): OrdinaryClass {
  const found = parseRecordClass(text);
  if (!isOrdinary(found)) throw new CodedError('CLASS_UNKNOWN');
  return found;
}

/** A class that says what a record is. Also throws CLASS_UNKNOWN. */
export const ordinaryClass = parsed(parseOrdinaryClass, 16);
