import * as z from 'zod/mini';
import { accountIdText, base64urlText, uint } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** For everybody, as the directory's row is: the keys are public. */
export const identitiesGet = defineRoute({
  method: 'GET',
  path: '/v1/identities/:account/:key',
  who: 'anybody',
  summary: 'An old identity of an account by its signing key, with its proof to the account’s row',
  rule: 'H-8',
  params: z.object({ account: accountIdText, key: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }),
  answer: z.object({
    /** CBOR `[identity, from height, until height]`. */
    entry: base64urlText(2048),
    /** 0: that of the enrolment. */
    index: uint,
    /** How many are folded in the row that it was proven to. */
    count: uint,
    path: z.array(base64urlText(32)).check(z.maxLength(53)),
  }),
  isEarly: true,
});
