import * as z from 'zod/mini';
import { accountIdText, base64urlText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** Signed by the hospital, so that a patient sees to whom she grants. */
export const cardGet = defineRoute({
  method: 'GET',
  path: '/v1/cards/:account',
  who: 'session',
  summary: 'The card of somebody who works here',
  rule: 'H-13',
  params: z.object({ account: accountIdText }),
  answer: z.object({ card: base64urlText(2048) }),
});
