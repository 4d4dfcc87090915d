import { defineRoute } from '../route.ts';

/** Each `event: block` is a `blockEvent` of tx.ts; `Last-Event-ID` resumes. */
export const eventsGet = defineRoute({
  method: 'GET',
  path: '/v1/events',
  who: 'session',
  summary: 'Accepted acts, block by block (server-sent events)',
  rule: 'H-8',
  answer: 'events',
  media: 'text/event-stream',
  noHead: true,
  noStore: true,
});
