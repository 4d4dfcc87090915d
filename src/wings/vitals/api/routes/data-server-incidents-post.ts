import * as z from 'zod/mini';
import { base64urlText } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

/** To a gateway, from a data server of any hospital: which of this hospital's patients an incident concerns, or whose sensor fell silent (VR-35). */
export const dataServerIncidentsPost = defineRoute({
  method: 'POST',
  path: '/v1/data-servers/incidents',
  who: 'signed-body',
  summary: 'A data server says whom an incident concerns, or whose sensor fell silent',
  rule: 'VT-12',
  body: z.strictObject({ notice: base64urlText(32 * 1024) }),
  answer: z.object({}),
  repeatable: true,
});
