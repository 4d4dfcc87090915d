import { defineRoute } from '../../../../api/route.ts';
import { mostQuestionBytes } from './stat-ask-post.ts';

/** Asked again, it gives the same bytes. */
export const statEncryptedPost = defineRoute({
  method: 'POST',
  path: '/v1/stat/encrypted',
  who: 'signed-body',
  summary:
    'This data server’s part of a paid answer, encrypted under the researcher’s Paillier key',
  rule: 'VD-23',
  stream: 'application/cbor',
  bodyBytes: mostQuestionBytes + 1024,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 4 * 1024,
  timeoutMs: 60_000,
  repeatable: true,
});
