import * as z from 'zod/mini';
import { timeMs, uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

const hex32 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const rebuilt = z.object({
  trio: hex32,
  batches: uint,
  pages: uint,
  fromEnvelopes: uint,
});

/** To a data server, from who runs it: how it stands, a full scrub, rebuilding. */
export const operatorPost = defineRoute({
  method: 'POST',
  path: '/v1/operator',
  who: 'signed-body',
  summary: 'How a data server stands, a scrub of all of it, rebuilding it',
  rule: 'VT-15',
  stream: 'application/cbor',
  bodyBytes: 1024,
  answer: z.object({
    quarantines: z.array(z.object({ trio: hex32, first: uint, last: uint, began: hex32 })),
    incidents: uint,
    owed: uint,
    toTell: uint,
    wholeMs: timeMs,
    work: z.optional(
      z.object({
        what: z.enum(['scrub', 'rebuild']),
        isOver: z.boolean(),
        rows: uint,
        bad: uint,
        ms: z.number(),
        code: z.optional(z.string()),
        rebuilt: z.array(rebuilt),
      }),
    ),
  }),
  repeatable: true,
});
