import * as z from 'zod/mini';
import { defineRoute } from '../../../../api/route.ts';
import { alertsStanding } from '../standing.ts';

/** For the operator: how letters of this hospital go. */
export const alertsStandingGet = defineRoute({
  method: 'GET',
  path: '/v1/alerts/standing',
  who: 'operator',
  summary: 'How many letters wait, were sent and were not, for the operator',
  rule: 'AL-17',
  /** Missing: this hospital has no alert service. */
  answer: z.object({ standing: z.optional(alertsStanding) }),
  noStore: true,
});
