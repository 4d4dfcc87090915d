import * as z from 'zod/mini';
import { defineRoute } from '../../../../api/route.ts';

/** To a data server: a share of the second half of a record's key, as its owner signed it. */
export const halvesPost = defineRoute({
  method: 'POST',
  path: '/v1/halves',
  who: 'signed-body',
  summary: 'Keep a share of the key of a doubly encrypted record',
  rule: 'DE-4',
  stream: 'application/cbor',
  bodyBytes: 4 * 1024,
  answer: z.object({}),
  repeatable: true,
});
