import { z } from 'zod';
import { locatorText } from '../message-parts.ts';
import { maxWalletPutBytes } from '../people.ts';
import { defineRoute } from '../route.ts';

/** For who lost every device: the locator follows from the recovery code. The answer is `decodeWalletAnswer`’s. */
export const walletGet = defineRoute({
  method: 'GET',
  path: '/v1/wallet/:locator',
  who: 'anybody',
  summary: 'A sealed copy of a wallet (CBOR)',
  rule: 'H-14',
  params: z.object({ locator: locatorText }),
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: maxWalletPutBytes,
  noHead: true,
  noStore: true,
  neverLimited: true,
});
