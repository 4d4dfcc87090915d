import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { maxSignedCopyBytes } from '../wallet-copy.ts';

/** One's own newest copy; an older one for who signed in with the printed code. The answer is `decodeSignedCopy`’s. */
export const walletGet = defineRoute({
  method: 'GET',
  path: '/v1/wallet',
  who: 'wallet',
  summary: 'The sealed copy of one’s wallet (CBOR)',
  rule: 'H-14',
  query: z.strictObject({
    serial: z.optional(z.coerce.number<number>().check(z.int(), z.minimum(1))),
  }),
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: maxSignedCopyBytes,
  noHead: true,
  noStore: true,
});
