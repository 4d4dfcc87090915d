import * as z from 'zod/mini';
import { maxBodiesAskBytes } from '../bodies.ts';
import { accountIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';
import { carMediaType } from './blobs-post.ts';

/** The bodies of many rows, in the order asked, here or `at` another hospital, which this one asks. */
export const bodiesPost = defineRoute({
  method: 'POST',
  path: '/v1/bodies',
  who: 'session',
  summary: 'The bodies of many rows, one after the other (a CAR stream)',
  rule: 'H-25',
  query: z.strictObject({ at: z.optional(accountIdText) }),
  stream: 'application/cbor',
  bodyBytes: maxBodiesAskBytes,
  answer: 'stream',
  media: carMediaType,
  repeatable: true,
});
