import { itemsAnswer, itemsRequest } from '../items.ts';
import { defineRoute } from '../route.ts';

/** Rows wait here for the anchor that covers them. */
export const itemsPost = defineRoute({
  method: 'POST',
  path: '/v1/items',
  who: 'session',
  summary: 'Deliver the rows of an anchor to come',
  rule: 'H-9',
  body: itemsRequest,
  bodyBytes: 48 * 1024 * 1024,
  answer: itemsAnswer,
});
