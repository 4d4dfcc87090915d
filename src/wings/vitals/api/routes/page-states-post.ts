import { defineRoute } from '../../../../api/route.ts';

/** To a data server: what became of pages, to the sensor whose they are (`signedPagesAsked`), as the server signs it. */
export const pageStatesPost = defineRoute({
  method: 'POST',
  path: '/v1/pages/states',
  who: 'signed-body',
  summary: 'What became of pages that were handed in',
  rule: 'VS-10',
  stream: 'application/cbor',
  bodyBytes: 16 * 1024,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 64 * 1024,
  repeatable: true,
});
