import { z } from 'zod';
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
    waitMs: z.coerce.number<number>().int().min(0).max(60_000).default(30_000),
  }),
  body: z.strictObject({ tx: base64urlText(maxTxBytes) }),
  bodyBytes: 2 * maxTxBytes,
  answer: txOutcome,
  repeatable: true,
  neverLimited: true,
});
