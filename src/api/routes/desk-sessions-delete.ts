import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';

/** Every desk that is open in a browser is closed. */
export const deskSessionsDelete = defineRoute({
  method: 'DELETE',
  path: '/v1/desk/sessions',
  who: 'desk-token',
  summary: 'End every session of a desk, and the links that wait',
  rule: 'H-31',
  answer: z.object({ ended: z.int().check(z.nonnegative()) }),
  repeatable: true,
});
