import { z } from 'zod';
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
    all: z.literal('1').optional(),
    cursor: z.string().max(64).optional(),
  }),
  answer: invitationsPage,
});
