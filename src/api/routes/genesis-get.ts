import * as z from 'zod/mini';
import { base64urlText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** `trustRoot` is the JSON `{chain, genesisHash, height, headerHash, validatorsHash, witnesses}`. */
export const genesisGet = defineRoute({
  method: 'GET',
  path: '/v1/genesis',
  who: 'anybody',
  summary: 'The genesis and a trust root to start from',
  rule: 'H-8',
  answer: z.object({
    genesis: base64urlText(1024 * 1024),
    trustRoot: z.record(z.string(), z.unknown()),
  }),
  isEarly: true,
});
