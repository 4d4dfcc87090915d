import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';

/** For a member that joins: no hash holds it, so it asks two. */
export const headerTurnsGet = defineRoute({
  method: 'GET',
  path: '/v1/headers/:height/turns',
  who: 'peer',
  summary: 'Whose turn it is to propose the block of this height, for another hospital',
  rule: 'H-35',
  params: z.object({ height: z.coerce.number<number>().check(z.int(), z.minimum(1)) }),
  answer: z.object({
    height: z.int(),
    /** In the order of the set. */
    turns: z.array(z.int()),
  }),
  // The node counts them from where it wrote them down last, a hundred thousand heights at most: no flood is for free.
  perMinute: 600,
  isEarly: true,
});
