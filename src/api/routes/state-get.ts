import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { stateAnswer, stateKey } from '../tx.ts';

/** One row, for everybody. */
export const stateGet = defineRoute({
  method: 'GET',
  path: '/v1/state/:table/:key',
  who: 'anybody',
  summary: 'A row of the ledger’s state, with its proof on request',
  rule: 'H-8',
  params: z.object(stateKey),
  query: z.strictObject({ proof: z._default(z.enum(['0', '1']), '0') }),
  answer: stateAnswer,
  isEarly: true,
});
