import * as z from 'zod/mini';
import { defineRoute } from '../../../../api/route.ts';

/** To a data server: a patient's registration (`signedRegistration`). */
export const registrationsPost = defineRoute({
  method: 'POST',
  path: '/v1/registrations',
  who: 'signed-body',
  summary: 'Say which sensors and datasets a patient has',
  rule: 'VS-6',
  stream: 'application/cbor',
  bodyBytes: 16 * 1024,
  answer: z.object({}),
  repeatable: true,
});
