import * as z from 'zod/mini';
import { storedAnswer } from '../items.ts';
import { blobIdText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** A large body, alone; stored only when it is the one that its id names. */
export const blobPut = defineRoute({
  method: 'PUT',
  path: '/v1/blobs/:id',
  who: 'session',
  summary: 'Store one blob',
  rule: 'H-9',
  params: z.object({ id: blobIdText }),
  stream: 'application/octet-stream',
  answer: storedAnswer,
  timeoutMs: 60 * 60_000,
  repeatable: true,
});
