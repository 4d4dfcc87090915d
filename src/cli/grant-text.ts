import type { ListedGrant, ReceivedGrant } from '../sdk/index.ts';
import { when } from './format.ts';

/** A grant as its patient or its grantee lists it. */
type Standing = ListedGrant | ReceivedGrant;

/** What a grant allows, in words: `read lab, medication and write diagnosis`. */
export function mayText(terms: {
  readonly readClasses: readonly string[];
  readonly writeClasses: readonly string[];
  readonly recordIds: readonly string[];
}): string {
  const { readClasses, writeClasses, recordIds } = terms;
  const what = recordIds.length > 0 ? `${recordIds.length} named records of ` : '';
  return [
    ...(readClasses.length > 0 ? [`read ${what}${readClasses.join(', ')}`] : []),
    ...(writeClasses.length > 0 ? [`write ${writeClasses.join(', ')}`] : []),
  ].join(' and ');
}

/** State, terms and times, for `--json`. */
export function standingFacts({ state, terms, notBeforeMs, notAfterMs }: Standing) {
  const { readClasses, writeClasses, recordIds: records, purposes, fromMs } = terms;
  return { state, readClasses, writeClasses, records, purposes, fromMs, notBeforeMs, notAfterMs };
}

/** When it ended, where it has. */
export const endedFacts = ({ endedMs }: Standing) => (endedMs === undefined ? {} : { endedMs });

/** A received grant, for `--json`. */
export function receivedFacts(it: ReceivedGrant): Record<string, unknown> {
  const { consent, patient, patientName } = it;
  return { consent, patient, patientName, ...standingFacts(it), ...endedFacts(it) };
}

/** `live`, `not yet`, or `ended 2026-12-24 00:00 EST`. */
export function stateText({ state, endedMs }: Standing): string {
  return endedMs === undefined ? state : `ended ${when(endedMs)}`;
}
