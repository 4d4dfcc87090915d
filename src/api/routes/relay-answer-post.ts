import * as z from 'zod/mini';
import { okAnswer } from '../message-parts.ts';
import { answerersSlotText, relayLimits, relaySessionText } from '../relay.ts';
import { defineRoute } from '../route.ts';

/** For a device that has no account yet: knowing the session is all it has. */
export const relayAnswerPost = defineRoute({
  method: 'POST',
  path: '/v1/relay/:session/answers/:slot',
  who: 'anybody',
  summary: 'Answer in a session between two devices (slots 2, 4)',
  rule: 'D-7',
  params: z.object({ session: relaySessionText, slot: answerersSlotText }),
  stream: 'application/octet-stream',
  bodyBytes: relayLimits.smallSlotBytes,
  answer: okAnswer,
  repeatable: true,
});
