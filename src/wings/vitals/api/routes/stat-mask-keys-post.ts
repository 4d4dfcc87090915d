import * as z from 'zod/mini';
import { base64urlText, uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';

/** A data server hands its neighbour the key that they share. */
export const statMaskKeysPost = defineRoute({
  method: 'POST',
  path: '/v1/stat/mask-keys',
  who: 'signed-body',
  summary: 'A key between two data servers, signed by the one and sealed to the other',
  rule: 'VQ-37',
  body: z.strictObject({ key: base64urlText(2 * 1024) }),
  answer: z.object({ kept: uint }),
  repeatable: true,
});
