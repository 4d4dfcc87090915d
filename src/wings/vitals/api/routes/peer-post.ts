import { defineRoute } from '../../../../api/route.ts';

/** To a data server from another one of its trio: a signed statement, answered by one. */
export const peerPost = defineRoute({
  method: 'POST',
  path: '/v1/peer',
  who: 'signed-body',
  summary: 'What data servers say to each other',
  rule: 'VS-5',
  stream: 'application/cbor',
  // 256 verifier shares of 4,700 bytes.
  bodyBytes: 2 * 1024 * 1024,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 2 * 1024 * 1024,
  repeatable: true,
  neverLimited: true,
});
