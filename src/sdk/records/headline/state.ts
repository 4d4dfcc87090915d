import { fieldOf, listOf, textOf } from '../json-tree.ts';
import { codingsIn, conceptName } from './codes.ts';
import type { ReadableResource } from './readable-resource.ts';

/** Types of which the status says how it stands with the person, not how far the writing of it has come. */
const withStatus = new Set([
  'Appointment',
  'CarePlan',
  'CareTeam',
  'DeviceRequest',
  'Flag',
  'MedicationRequest',
  'MedicationStatement',
  'NutritionOrder',
  'ServiceRequest',
  // The names of DSTU2 and STU3.
  'MedicationOrder',
  'ProcedureRequest',
]);
/** Told by a mark, where they turn the meaning. */
const toldByMark = new Set(['entered-in-error', 'not-done', 'not-taken', 'refuted', 'declined']);
const uncertain = new Set(['unconfirmed', 'provisional', 'differential']);

/** `stopped`, `resolved`, `active, unconfirmed`; why it was not done; when a person was born. Empty: nothing to say. */
export function stateOf(resource: ReadableResource, type: string): string {
  if (type === 'Patient') {
    const born = resource.text('birthDate');
    return born === undefined ? '' : `born ${born}`;
  }
  const [reason] = listOf(resource.field('statusReason') ?? resource.field('reasonNotGiven'));
  const why = conceptName(reason);
  const status = resource.text('status');
  if (why !== undefined && (status === undefined || toldByMark.has(status))) return why;
  const states = [clinical(resource, type), certainty(resource, type)];
  if (type === 'Goal') states.push(resource.text('lifecycleStatus'));
  if (withStatus.has(type) && status !== undefined && !toldByMark.has(status)) states.push(status);
  return states.filter((state) => state !== undefined).join(', ');
}

function clinical(resource: ReadableResource, type: string): string | undefined {
  if (type !== 'Condition' && type !== 'AllergyIntolerance') return undefined;
  const concept = resource.field('clinicalStatus');
  return codingsIn(concept)[0]?.code ?? textOf(fieldOf(concept, 'text'));
}

function certainty(resource: ReadableResource, type: string): string | undefined {
  if (type !== 'Condition' && type !== 'AllergyIntolerance') return undefined;
  return codingsIn(resource.field('verificationStatus')).find(
    ({ code }) => code !== undefined && uncertain.has(code),
  )?.code;
}
