import * as z from 'zod/mini';
import { txIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';
import { txOutcome } from '../tx.ts';

/** For who lost the answer to `POST /tx`, and for whoever knows a transaction's id. */
export const txGet = defineRoute({
  method: 'GET',
  path: '/v1/tx/:id',
  who: 'anybody',
  summary: 'What became of a transaction',
  rule: 'H-7',
  params: z.object({ id: txIdText }),
  answer: txOutcome,
});
