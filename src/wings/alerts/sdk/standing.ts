import type { Action } from '../../../sdk/action.ts';
import { alertsStandingGet } from '../api/routes/alerts-standing-get.ts';
import type { AlertsStanding } from '../api/standing.ts';

/** For an operator: how letters of this hospital go; undefined: it has made none. */
export const standingNow: Action<undefined, AlertsStanding | undefined> = {
  name: 'alerts/standing',
  run: async (ctx, _input, { signal }) =>
    (await ctx.gateway.call(alertsStandingGet, { signal })).standing,
};
