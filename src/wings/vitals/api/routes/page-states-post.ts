import { defineRoute } from '../../../../api/route.ts';

/** To a data server: what became of these pages (a list of page ids), as the server signs it. */
export const pageStatesPost = defineRoute({
  method: 'POST',
  path: '/v1/pages/states',
  who: 'anybody',
  summary: 'What became of pages that were handed in',
  rule: 'VS-10',
  stream: 'application/cbor',
  bodyBytes: 16 * 1024,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 64 * 1024,
  repeatable: true,
});
