import { storedAnswer } from '../items.ts';
import { defineRoute } from '../route.ts';

export const carMediaType = 'application/vnd.ipld.car';

/** Small bodies, many at a time: one round trip, and little to repeat. */
export const blobsPost = defineRoute({
  method: 'POST',
  path: '/v1/blobs',
  who: 'session',
  summary: 'Store many blobs of at most 1 MiB (a CAR stream)',
  rule: 'H-9',
  stream: carMediaType,
  answer: storedAnswer,
  repeatable: true,
});
