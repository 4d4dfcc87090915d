import * as z from 'zod/mini';
import { okAnswer } from '../message-parts.ts';
import { relaySessionText } from '../relay.ts';
import { defineRoute } from '../route.ts';

/** Whoever waits in it is told at once. */
export const relayDelete = defineRoute({
  method: 'DELETE',
  path: '/v1/relay/:session',
  who: 'session',
  summary: 'End one’s own session between two devices',
  rule: 'D-7',
  params: z.object({ session: relaySessionText }),
  answer: okAnswer,
});
