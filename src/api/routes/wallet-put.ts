import { z } from 'zod';
import { locatorText, uint } from '../message-parts.ts';
import { maxWalletPutBytes } from '../people.ts';
import { defineRoute } from '../route.ts';

/** The body is `encodeWalletPut`; `expectedVersion` 0: there is none yet. */
export const walletPut = defineRoute({
  method: 'PUT',
  path: '/v1/wallet/:locator',
  who: 'session',
  summary: 'Keep a sealed copy of one’s wallet (CBOR)',
  rule: 'H-14',
  params: z.object({ locator: locatorText }),
  stream: 'application/cbor',
  bodyBytes: maxWalletPutBytes,
  answer: z.object({ version: uint }),
});
