import * as z from 'zod/mini';
import { invitationsPage } from '../registration-desk.ts';
import { defineRoute } from '../route.ts';

/** Newest first; the codes themselves are kept by nobody. */
export const invitationsGet = defineRoute({
  method: 'GET',
  path: '/v1/invitations',
  who: 'desk',
  summary: 'The invitations of this desk',
  rule: 'H-19',
  query: z.strictObject({
    /** Also those that were used, ended or ran out. */
    all: z.optional(z.literal('1')),
    cursor: z.optional(z.string().check(z.maxLength(64))),
  }),
  answer: invitationsPage,
});
