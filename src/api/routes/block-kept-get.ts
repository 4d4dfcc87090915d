import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';

/** For a member that joined by a snapshot: the blocks before it, of which it believes what follows from what it has. */
export const blockKeptGet = defineRoute({
  method: 'GET',
  path: '/v1/blocks/:height/kept',
  who: 'peer',
  summary: 'A block with all that is kept of it, for another hospital (CBOR)',
  rule: 'H-35',
  params: z.object({ height: z.coerce.number<number>().check(z.int(), z.minimum(1)) }),
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 16 * 1024 * 1024,
  perMinute: 60_000,
  isEarly: true,
});
