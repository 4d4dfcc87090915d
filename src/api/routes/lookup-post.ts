import * as z from 'zod/mini';
import { maxNameLength } from '../display-name.ts';
import { foundPeople } from '../registration-desk.ts';
import { defineRoute } from '../route.ts';

/** A name is in the body and not in the address, which is what servers on the way write down. */
export const lookupPost = defineRoute({
  method: 'POST',
  path: '/v1/desk/lookup',
  who: 'desk',
  summary: 'Accounts of this hospital: by account, number of the invitation, or a colleague’s name',
  rule: 'H-19',
  body: z.strictObject({ who: z.string().check(z.minLength(1), z.maxLength(maxNameLength)) }),
  answer: foundPeople,
});
