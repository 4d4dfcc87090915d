import * as z from 'zod/mini';
import { defineRoute } from '../../../../api/route.ts';

/** A key that numbers may be encrypted under, with its proof, stated by its account: kept once it was verified. */
export const statKeysPost = defineRoute({
  method: 'POST',
  path: '/v1/stat/keys',
  who: 'signed-body',
  summary: 'Show a data server the Paillier key that answers may be encrypted under',
  rule: 'VD-22',
  stream: 'application/cbor',
  bodyBytes: 64 * 1024,
  answer: z.object({ key: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }),
  // To verify a proof takes half a second, on a busy machine more.
  timeoutMs: 30_000,
  repeatable: true,
});
