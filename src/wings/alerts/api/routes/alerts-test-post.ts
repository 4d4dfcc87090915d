import { okAnswer } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

/** A letter to oneself, to see that one arrives. */
export const alertsTestPost = defineRoute({
  method: 'POST',
  path: '/v1/alerts/test',
  who: 'session',
  summary: 'Be told once, on every way that one has chosen',
  rule: 'AL-8',
  answer: okAnswer,
  perMinute: 4,
});
