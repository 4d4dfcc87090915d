import * as z from 'zod/mini';
import { okAnswer } from '../message-parts.ts';
import { invitationIdText } from '../registration-desk.ts';
import { defineRoute } from '../route.ts';

/** Its code is worth nothing from then on; one that was used is refused. */
export const invitationDelete = defineRoute({
  method: 'DELETE',
  path: '/v1/invitations/:id',
  who: 'desk',
  summary: 'An invitation is taken back',
  rule: 'H-19',
  params: z.strictObject({ id: invitationIdText }),
  answer: okAnswer,
});
