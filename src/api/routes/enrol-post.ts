import { enrolAnswer, enrolRequest } from '../people.ts';
import { defineRoute } from '../route.ts';

/** Again with the same invitation and identity: the same card, for who lost the answer. */
export const enrolPost = defineRoute({
  method: 'POST',
  path: '/v1/enrol',
  who: 'signed-body',
  summary: 'Become an account of this hospital, with an invitation',
  rule: 'H-13',
  body: enrolRequest,
  answer: enrolAnswer,
});
