import { z } from 'zod';
import { locatorText } from '../message-parts.ts';
import { walletAnswer } from '../people.ts';
import { defineRoute } from '../route.ts';

/** For who lost every device: the locator follows from the recovery code. */
export const walletGet = defineRoute({
  method: 'GET',
  path: '/v1/wallet/:locator',
  who: 'anybody',
  summary: 'A sealed copy of a wallet',
  rule: 'H-14',
  params: z.object({ locator: locatorText }),
  answer: walletAnswer,
  noHead: true,
  noStore: true,
});
