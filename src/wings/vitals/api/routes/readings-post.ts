import { defineRoute } from '../../../../api/route.ts';
import { maxSensorReadBytes, maxSensorReadingBytes } from '../sensor-read.ts';

/** To a data server: what a reader under a grant asks for, as he signed it; its shares, sealed to him. */
export const readingsPost = defineRoute({
  method: 'POST',
  path: '/v1/readings',
  who: 'signed-body',
  summary: 'Show a reader under a grant this server’s shares',
  rule: 'VR-11',
  stream: 'application/cbor',
  bodyBytes: maxSensorReadBytes,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: maxSensorReadingBytes,
  repeatable: true,
});
