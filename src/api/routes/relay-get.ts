import * as z from 'zod/mini';
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
    waitMs: z._default(
      z.coerce.number<number>().check(z.int(), z.minimum(0), z.maximum(relayLimits.waitMs)),
      0,
    ),
  }),
  answer: 'bytes',
  media: 'application/octet-stream',
  answerBytes: relayLimits.releaseSlotBytes,
  timeoutMs: relayLimits.sessionMs,
  noHead: true,
  noStore: true,
});
