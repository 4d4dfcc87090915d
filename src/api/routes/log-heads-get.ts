import { logHeadsAnswer } from '../logs.ts';
import { defineRoute } from '../route.ts';

/** Where a follower takes the newest sizes of the logs from; what they lead to is signed. */
export const logHeadsGet = defineRoute({
  method: 'GET',
  path: '/v1/logs',
  who: 'anybody',
  summary: 'Size and root of both logs, and the root of the state',
  rule: 'F-1',
  answer: logHeadsAnswer,
  isEarly: true,
});
