import { fieldOf, listOf, textOf } from '../json-tree.ts';
import { absenceOf } from '../show-words.ts';
import { codingsIn, hasCode } from './codes.ts';
import type { HeadlineMark } from './headline.ts';
import type { ReadableResource } from './readable-resource.ts';

const refused = new Set(['not-done', 'declined']);
/** What did not come about is not done, whatever the type calls it. */
const notDoneStatus: Readonly<Record<string, ReadonlySet<string>>> = {
  Observation: new Set(['cancelled']),
  DiagnosticReport: new Set(['cancelled']),
  ImagingStudy: new Set(['cancelled']),
  MedicationDispense: new Set(['cancelled']),
  Encounter: new Set(['cancelled']),
  Appointment: new Set(['cancelled', 'noshow']),
};
/** Fields of DSTU2 and STU3 that R4 replaced by the status. */
const notDoneFields = ['notGiven', 'wasNotGiven', 'notDone', 'notPerformed'];
const errors = new Set(['entered-in-error']);
const refutations = new Set(['refuted']);

/**
 * What turns the meaning of a resource, by the elements that R4 calls modifiers and by those that R2 and STU3
 * had for the same. Source: docs/protocol/items.md, rule I-52.
 */
export function marksOf(resource: ReadableResource, type: string): readonly HeadlineMark[] {
  const status = resource.text('status');
  const is = (name: string): boolean => resource.text(name) === 'true';
  const certainty = resource.field('verificationStatus') ?? resource.field('status');
  const marks: Partial<Record<HeadlineMark, boolean>> = {
    absent: isAbsent(resource, type),
    'do-not-perform': is('doNotPerform') || resource.text('intent') === 'do-not-perform',
    'entered-in-error':
      status === 'entered-in-error' ||
      resource.text('docStatus') === 'entered-in-error' ||
      resource.text('lifecycleStatus') === 'entered-in-error' ||
      hasCode(certainty, errors),
    modified: resource.isModified || resource.text('implicitRules') !== undefined,
    'not-done':
      (status !== undefined && refused.has(status)) ||
      (status !== undefined && notDoneStatus[type]?.has(status) === true) ||
      notDoneFields.some(is),
    'not-taken': status === 'not-taken' || is('wasNotTaken') || resource.text('taken') === 'n',
    refuted: hasCode(certainty, refutations),
  };
  return sorted(marks);
}

function sorted(marks: Partial<Record<HeadlineMark, boolean>>): readonly HeadlineMark[] {
  return (Object.keys(marks) as HeadlineMark[]).filter((mark) => marks[mark] === true).sort();
}

/** An observation that says why it has no result, or what it is about is itself coded as missing. */
function isAbsent(resource: ReadableResource, type: string): boolean {
  if (absenceOf(codingsIn(resource.field('code'))) === 'not recorded') return true;
  if (type !== 'Observation') return false;
  const values = resource.names.filter((name) => /^_?value[A-Z]/.test(name));
  if (values.some((name) => absenceOf(codingsIn(resource.field(name))) === 'not recorded')) {
    return true;
  }
  if (values.some((name) => !name.startsWith('_'))) return false;
  const parts = listOf(resource.field('component'));
  return (
    values.length > 0 ||
    (resource.field('dataAbsentReason') !== undefined && parts.length === 0) ||
    (parts.length > 0 && parts.every((part) => fieldOf(part, 'dataAbsentReason') !== undefined))
  );
}

/** Why something is missing, as the source says it. */
export function absenceReason(resource: ReadableResource): string | undefined {
  const [concept] = listOf(resource.field('dataAbsentReason'));
  const [coding] = listOf(fieldOf(concept, 'coding'));
  return (
    textOf(fieldOf(concept, 'text')) ??
    textOf(fieldOf(coding, 'display')) ??
    textOf(fieldOf(coding, 'code'))
  );
}
