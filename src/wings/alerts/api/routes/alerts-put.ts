import * as z from 'zod/mini';
import { base64urlText, okAnswer, uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { channels } from '../choice.ts';

export const maxSealedChoiceBytes = 4_096;

/** Where and of what somebody wants to be told; the gateway cannot read it. */
export const alertsPut = defineRoute({
  method: 'PUT',
  path: '/v1/alerts/:channel',
  who: 'session',
  summary: 'Keep how one wants to be told, sealed to the alert service',
  rule: 'AL-8',
  params: z.object({ channel: z.enum(channels) }),
  body: z.strictObject({
    keyId: base64urlText(32),
    counter: uint,
    sealed: base64urlText(maxSealedChoiceBytes),
  }),
  answer: okAnswer,
  repeatable: true,
  perMinute: 30,
});
