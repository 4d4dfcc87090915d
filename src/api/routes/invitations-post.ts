import { z } from 'zod';
import { roles } from '../../ledger/roles.ts';
import { defineRoute } from '../route.ts';

/** The desk has seen who comes: the code stands for that. */
export const invitationsPost = defineRoute({
  method: 'POST',
  path: '/v1/invitations',
  who: 'desk',
  summary: 'An invitation for somebody whom the registration desk has seen',
  rule: 'H-13',
  body: z.strictObject({ role: z.enum(roles) }),
  answer: z.object({ invitation: z.string().max(64) }),
});
