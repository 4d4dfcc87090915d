import * as z from 'zod/mini';
import { accountIdText, height, txIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** For a device that was stolen: the hospital sends RevokeKey. The person comes back by the printed code. */
export const freezePost = defineRoute({
  method: 'POST',
  path: '/v1/desk/freeze',
  who: 'desk',
  neverLimited: true,
  summary: 'Freezes an account of this hospital',
  rule: 'H-19',
  body: z.strictObject({ account: accountIdText }),
  answer: z.object({ txId: txIdText, height }),
});
