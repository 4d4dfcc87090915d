import { itemsAnswer, maxItemsBytes } from '../items.ts';
import { defineRoute } from '../route.ts';

/** Rows wait here for the anchor that covers them. The body is `encodeItems`; the same again changes nothing. */
export const itemsPost = defineRoute({
  method: 'POST',
  path: '/v1/items',
  who: 'session',
  summary: 'Deliver the rows of an anchor to come (a CBOR sequence)',
  rule: 'H-9',
  stream: 'application/cbor-seq',
  bodyBytes: maxItemsBytes,
  answer: itemsAnswer,
  repeatable: true,
});
