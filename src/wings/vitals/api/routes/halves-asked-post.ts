import { defineRoute } from '../../../../api/route.ts';
import { maxSensorReadBytes } from '../sensor-read.ts';

/** To a data server: who may read a doubly encrypted record asks for its share; it comes under his Paillier key. */
export const halvesAskedPost = defineRoute({
  method: 'POST',
  path: '/v1/halves/asked',
  who: 'signed-body',
  summary: 'Give a reader under a grant this server’s share of a record’s key',
  rule: 'DE-6',
  stream: 'application/cbor',
  bodyBytes: maxSensorReadBytes,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: 4 * 1024,
  repeatable: true,
});
