import { type IncidentAnswer, incidentsNow } from '@salus/salus/sdk/vitals';
import type { Call } from '../../worker/call.ts';

export type IncidentView = IncidentAnswer;

export interface IncidentsView {
  readonly incidents: readonly IncidentView[];
  readonly askedMs: number;
}

/** What happened to what this operator’s hospital keeps for others. */
const list: Call<void, IncidentsView> = async (session, _input, { signal }) => {
  const incidents = await session.person.run(incidentsNow, undefined, { ...session.as, signal });
  return { incidents, askedMs: Date.now() };
};

export const incidentsCalls = { 'incidents.list': list };
