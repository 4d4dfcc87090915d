import * as z from 'zod/mini';
import { accountIdText, blobIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** The header that carries a ticket for bodies, as `POST /read` gave it. */
export const ticketHeader = 'x-salus-ticket';

/** Sealed bytes, here or `at` another hospital, which this one asks. */
export const blobGet = defineRoute({
  method: 'GET',
  path: '/v1/blobs/:id',
  who: 'ticket',
  summary: 'A blob, or a range of it',
  rule: 'R-11',
  params: z.object({ id: blobIdText }),
  query: z.strictObject({ at: z.optional(accountIdText) }),
  answer: 'bytes',
  media: 'application/octet-stream',
  answerBytes: 256 * 1024 * 1024,
  noHead: true,
});
