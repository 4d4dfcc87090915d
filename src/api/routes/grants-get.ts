import * as z from 'zod/mini';
import { consentIdText, height } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** So many in one answer; who gave more gets the newest. */
export const maxListedGrants = 1_000;

/** Which grants the account that is signed in gave: what a wallet that lost some asks, and proves one by one. */
export const grantsGet = defineRoute({
  method: 'GET',
  path: '/v1/grants',
  who: 'session',
  summary: 'The grants that the account gave and did not revoke or let run out',
  rule: 'H-26',
  answer: z.object({
    grants: z
      .array(z.object({ consent: consentIdText, height }))
      .check(z.maxLength(maxListedGrants)),
    /** There are older ones. */
    more: z.boolean(),
  }),
  noStore: true,
});
