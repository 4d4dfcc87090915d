import { invitationAnswer, invitationRequest } from '../registration-desk.ts';
import { defineRoute } from '../route.ts';

/** The desk has seen who comes, and writes down whom: the code stands for that. */
export const invitationsPost = defineRoute({
  method: 'POST',
  path: '/v1/invitations',
  who: 'desk',
  summary: 'An invitation for somebody whom the registration desk has seen',
  rule: 'H-13',
  body: invitationRequest,
  answer: invitationAnswer,
});
