import * as z from 'zod/mini';
import { okAnswer } from '../message-parts.ts';
import { openersSlotText, relayLimits, relaySessionText } from '../relay.ts';
import { defineRoute } from '../route.ts';

/** The first slot opens the session; the same bytes again change nothing, others end it. */
export const relayPost = defineRoute({
  method: 'POST',
  path: '/v1/relay/:session/:slot',
  who: 'session',
  summary: 'Write a message of one’s own session between two devices (slots 1, 3, 6)',
  rule: 'D-7',
  params: z.object({ session: relaySessionText, slot: openersSlotText }),
  stream: 'application/octet-stream',
  bodyBytes: relayLimits.releaseSlotBytes,
  answer: okAnswer,
  repeatable: true,
});
