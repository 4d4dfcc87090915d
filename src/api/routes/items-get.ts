import { z } from 'zod';
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
    since: z.coerce.number<number>().int().min(0).default(0),
    /** Only what was shown or erased after this count of `changes`. */
    changed: z.coerce.number<number>().int().min(0).default(0),
    cursor: z.string().max(64).optional(),
  }),
  answer: 'bytes',
  media: rowsMediaType,
});
