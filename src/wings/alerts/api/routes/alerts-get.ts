import * as z from 'zod/mini';
import { base64urlText, timeMs, uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { channels } from '../choice.ts';

/** The key that a choice is sealed to, and what is kept of one's own. */
export const alertsGet = defineRoute({
  method: 'GET',
  path: '/v1/alerts',
  who: 'session',
  summary: 'The alert service’s key, the ways on which it tells, and which of one’s own it has',
  rule: 'AL-8',
  answer: z.object({
    /** Missing: this hospital sends no alerts. */
    service: z.optional(
      z.object({
        keyId: base64urlText(32),
        publicKey: base64urlText(1_216),
        pushKey: base64urlText(65),
        codeKeyId: base64urlText(16),
      }),
    ),
    channels: z.array(z.enum(channels)),
    set: z.array(
      z.object({
        channel: z.enum(channels),
        keyId: base64urlText(32),
        counter: uint,
        isSet: z.boolean(),
        /** False: another hand was at it, and nothing is sent to it (AL-4). Missing: as true. */
        isWhole: z.optional(z.boolean()),
      }),
    ),
    /** From when a letter with a code goes again to an address of this account; missing: one goes now (AL-20). */
    codesFromMs: z.optional(timeMs),
  }),
  noStore: true,
});
