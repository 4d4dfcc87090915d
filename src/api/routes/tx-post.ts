import * as z from 'zod/mini';
import { maxTxBytes } from '../../ledger/genesis.ts';
import { base64urlText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';
import { txOutcome } from '../tx.ts';

/** Hands a transaction in; the same bytes again are answered with what became of them. */
export const txPost = defineRoute({
  method: 'POST',
  path: '/v1/tx',
  who: 'signed-body',
  summary: 'Hand in a signed transaction and wait for its block',
  rule: 'H-7',
  query: z.strictObject({
    /** How long to wait for the block; when it is over: COMMIT_TIMEOUT, and GET /tx/{id} tells later. */
    waitMs: z._default(
      z.coerce.number<number>().check(z.int(), z.minimum(0), z.maximum(60_000)),
      30_000,
    ),
  }),
  body: z.strictObject({ tx: base64urlText(maxTxBytes) }),
  bodyBytes: 2 * maxTxBytes,
  answer: txOutcome,
  repeatable: true,
  neverLimited: true,
});
