import * as z from 'zod/mini';
import { defineRoute } from '../route.ts';
import { keptCopy } from '../wallet-copy.ts';

/** For who lost every device: all copies that are kept, the newest first. */
export const walletKeptGet = defineRoute({
  method: 'GET',
  path: '/v1/wallet/kept',
  who: 'wallet',
  summary: 'Which copies of one’s wallet are kept; asked with the printed code',
  rule: 'H-14',
  answer: z.object({ copies: z.array(keptCopy).check(z.maxLength(128)) }),
  noStore: true,
});
