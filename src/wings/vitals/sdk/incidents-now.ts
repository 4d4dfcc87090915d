import type { Action } from '../../../sdk/action.ts';
import { type IncidentAnswer, incidentsGet } from '../api/routes/incidents-get.ts';

/** What happened to what an operator’s hospital keeps, the newest first. Throws FORBIDDEN to everybody else. Rule VT-26. */
export const incidentsNow: Action<undefined, readonly IncidentAnswer[]> = {
  name: 'vitals/incidents',
  run: async (ctx, _input, { signal }) =>
    (await ctx.gateway.call(incidentsGet, { signal })).incidents,
};
