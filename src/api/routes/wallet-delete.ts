import * as z from 'zod/mini';
import { timeMs } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/**
 * For who closes an account. With its key: all copies go 30 days after that key is revoked, if it is within the hour. With the printed
 * code, once the key is revoked: they go now. `goneMs`: when, at the earliest.
 */
export const walletDelete = defineRoute({
  method: 'DELETE',
  path: '/v1/wallet',
  who: 'wallet',
  summary: 'Let go every copy of one’s wallet, with the account that is closed',
  rule: 'H-28',
  answer: z.object({ goneMs: timeMs }),
  repeatable: true,
});
