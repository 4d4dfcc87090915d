import * as z from 'zod/mini';
import { base64urlText, uint } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { mostQuestionBytes } from './stat-ask-post.ts';

/** What would be refused once it is paid is refused here. */
export const statCheckPost = defineRoute({
  method: 'POST',
  path: '/v1/stat/check',
  who: 'signed-body',
  summary: 'Whether a question would be answered, before it is paid',
  rule: 'VQ-33',
  stream: 'application/cbor',
  bodyBytes: mostQuestionBytes,
  answer: z.object({ patients: uint, selection: base64urlText(32) }),
  // Sums over a large dataset take their time.
  timeoutMs: 60_000,
  repeatable: true,
});
