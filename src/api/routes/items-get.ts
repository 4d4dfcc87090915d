import * as z from 'zod/mini';
import { accountIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';
import { rowsMediaType } from '../rows.ts';

/** A chart, page by page, to whom it belongs. */
export const itemsGet = defineRoute({
  method: 'GET',
  path: '/v1/items',
  who: 'session',
  summary: 'One’s own rows',
  rule: 'H-10',
  query: z.strictObject({
    account: accountIdText,
    /** Rows anchored above this height. */
    since: z._default(z.coerce.number<number>().check(z.int(), z.minimum(0)), 0),
    /** Only what was shown or erased after this count of `changes`. */
    changed: z._default(z.coerce.number<number>().check(z.int(), z.minimum(0)), 0),
    cursor: z.optional(z.string().check(z.maxLength(64))),
  }),
  answer: 'bytes',
  media: rowsMediaType,
});
