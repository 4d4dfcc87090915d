import { z } from 'zod';
import { anySlotText, relayLimits, relaySessionText } from '../relay.ts';
import { defineRoute } from '../route.ts';

/** No bytes: nobody has written this slot yet. */
export const relayGet = defineRoute({
  method: 'GET',
  path: '/v1/relay/:session/:slot',
  who: 'anybody',
  summary: 'Read a message of a session between two devices, or wait for it',
  rule: 'D-7',
  params: z.object({ session: relaySessionText, slot: anySlotText }),
  query: z.strictObject({
    waitMs: z.coerce.number<number>().int().min(0).max(relayLimits.waitMs).default(0),
  }),
  answer: 'bytes',
  media: 'application/octet-stream',
  answerBytes: relayLimits.releaseSlotBytes,
  timeoutMs: relayLimits.sessionMs,
  noHead: true,
  noStore: true,
});
