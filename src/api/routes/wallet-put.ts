import { z } from 'zod';
import { base64urlText, locatorText, uint } from '../message-parts.ts';
import { maxWalletCopyBytes } from '../people.ts';
import { defineRoute } from '../route.ts';

/** `expectedVersion` 0: there is none yet. */
export const walletPut = defineRoute({
  method: 'PUT',
  path: '/v1/wallet/:locator',
  who: 'session',
  summary: 'Keep a sealed copy of one’s wallet',
  rule: 'H-14',
  params: z.object({ locator: locatorText }),
  body: z.strictObject({ expectedVersion: uint, sealed: base64urlText(maxWalletCopyBytes) }),
  bodyBytes: 2 * maxWalletCopyBytes,
  answer: z.object({ version: uint }),
});
