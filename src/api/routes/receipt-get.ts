import * as z from 'zod/mini';
import { txIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** What proves a transaction to somebody who trusts the ledger and not this gateway. */
export const receiptGet = defineRoute({
  method: 'GET',
  path: '/v1/tx/:id/receipt',
  who: 'anybody',
  summary: 'The receipt of a committed transaction (CBOR)',
  rule: 'H-7',
  params: z.object({ id: txIdText }),
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 8 * 1024 * 1024,
});
