import { defineRoute } from '../../../../api/route.ts';
import { maxUploadBytes } from '../upload.ts';

/** To a data server: pages of one sensor (`pageUpload`); what became of them, as the server signs it. */
export const pagesPost = defineRoute({
  method: 'POST',
  path: '/v1/pages',
  who: 'signed-body',
  summary: 'Hand pages of vital signs in',
  rule: 'VS-7',
  stream: 'application/cbor',
  bodyBytes: maxUploadBytes,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 64 * 1024,
  repeatable: true,
});
