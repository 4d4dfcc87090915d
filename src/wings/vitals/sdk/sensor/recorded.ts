import { CodedError } from '../../../../primitives/errors.ts';
import { readingsOfHeartRates, readingsOfNumerics } from './csv-readings.ts';
import { readingsOfObservation } from './fhir-observation.ts';
import type { SensorInput } from './reading.ts';
import { readingsOfSenml } from './senml.ts';

/** What a message of a sensor says: SenML or a FHIR Observation, in JSON. Throws REQUEST_INVALID. Rule VS-23. */
export function readingsOfMessage(text: string, nowMs: number): SensorInput {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CodedError('REQUEST_INVALID', { at: 'JSON' });
  }
  return Array.isArray(json) ? readingsOfSenml(json, nowMs) : readingsOfObservation(json);
}

/** What stands in a recorded file, and whether its times are of long ago and may be moved. Throws REQUEST_INVALID. */
export function readingsOfFile(
  text: string,
  nowMs: number,
): { readonly input: SensorInput; readonly isRecording: boolean } {
  if (text.startsWith('minute,')) return { input: readingsOfNumerics(text, 0), isRecording: true };
  if (text.startsWith('Id,')) return { input: readingsOfHeartRates(text), isRecording: true };
  return { input: readingsOfMessage(text, nowMs), isRecording: false };
}
