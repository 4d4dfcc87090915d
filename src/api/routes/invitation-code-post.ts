import * as z from 'zod/mini';
import { invitationIdText, reissueAnswer } from '../registration-desk.ts';
import { defineRoute } from '../route.ts';

/** For a sheet that was lost: a new code for the same person, the old one ends. */
export const invitationCodePost = defineRoute({
  method: 'POST',
  path: '/v1/invitations/:id/code',
  who: 'desk',
  summary: 'A new code for an invitation',
  rule: 'H-19',
  params: z.strictObject({ id: invitationIdText }),
  answer: reissueAnswer,
});
