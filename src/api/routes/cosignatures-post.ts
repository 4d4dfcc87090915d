import * as z from 'zod/mini';
import { cosignaturesBody } from '../cosignatures.ts';
import { uint } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** How a hospital that follows the ledger hands its signatures to who orders it. */
export const cosignaturesPost = defineRoute({
  method: 'POST',
  path: '/v1/cosignatures',
  who: 'peer',
  summary: "A witness's signatures of headers, to be served with headers and receipts",
  rule: 'F-15',
  body: cosignaturesBody,
  answer: z.object({ kept: uint }),
  repeatable: true,
});
