import * as z from 'zod/mini';
import { base64urlText } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { hexId, struct, uint } from '../../../../primitives/shape.ts';
import { mostQuestionBytes } from './stat-ask-post.ts';

/** So many at once: more of the longest do not pass a gateway (VS-3a). */
export const questionsAtOnce = 500;

/** Which dataset, hex, and how many were shown before: the payload of a statement `questions`. Rule VQ-38. */
export const questionsWanted = struct({ dataset: hexId(16), skip: uint });

/** Who asked what of a dataset: for the patients in it, and for the researcher himself. */
export const statQuestionsPost = defineRoute({
  method: 'POST',
  path: '/v1/stat/questions',
  who: 'signed-body',
  summary: 'The signed questions on a dataset that this data server answered',
  rule: 'VQ-38',
  stream: 'application/cbor',
  bodyBytes: 1024,
  answer: z.object({ questions: z.array(base64urlText(mostQuestionBytes)) }),
  repeatable: true,
});
