import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';

/** What anybody needs to hash a ledger from its first block to its newest, and to execute what is open to him. */
export const blockGet = defineRoute({
  method: 'GET',
  path: '/v1/blocks/:height',
  who: 'anybody',
  summary:
    'A block: each transaction of a log that is open to everybody, of the others their hashes (CBOR)',
  rule: 'F-10',
  params: z.object({ height: z.coerce.number<number>().check(z.int(), z.minimum(1)) }),
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 8 * 1024 * 1024,
  isEarly: true,
});
