import * as z from 'zod/mini';
import { uint } from '../message-parts.ts';
import { defineRoute } from '../route.ts';
import { maxSignedCopyBytes } from '../wallet-copy.ts';

/** The body is `encodeSignedCopy`, with the serial that follows the one that is kept. */
export const walletPut = defineRoute({
  method: 'PUT',
  path: '/v1/wallet',
  who: 'session',
  summary: 'Keep a sealed copy of one’s wallet (CBOR)',
  rule: 'H-14',
  stream: 'application/cbor',
  bodyBytes: maxSignedCopyBytes,
  answer: z.object({ serial: uint }),
});
