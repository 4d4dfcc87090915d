import { defineRoute } from '../../../../api/route.ts';

/** A signed question: manifest and signature. */
export const mostQuestionBytes = 4 * 1024;

/** Asked again, it gives the same bytes. */
export const statAskPost = defineRoute({
  method: 'POST',
  path: '/v1/stat/ask',
  who: 'signed-body',
  summary: 'This data server’s part of the answer to a question that was paid',
  rule: 'VQ-32',
  stream: 'application/cbor',
  bodyBytes: mostQuestionBytes,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 64 * 1024,
  // Sums over a large dataset take their time.
  timeoutMs: 60_000,
  repeatable: true,
});
