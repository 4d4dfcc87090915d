import * as z from 'zod/mini';
import { accountIdText } from '../../../../api/message-parts.ts';
import { defineRoute } from '../../../../api/route.ts';
import { maxSensorReadBytes, maxSensorReadingBytes } from '../sensor-read.ts';
import { halvesAskedPost } from './halves-asked-post.ts';
import { halvesPost } from './halves-post.ts';
import { readingsPost } from './readings-post.ts';
import { registrationsPost } from './registrations-post.ts';
import { statAskPost } from './stat-ask-post.ts';
import { statCheckPost } from './stat-check-post.ts';
import { statEncryptedPost } from './stat-encrypted-post.ts';
import { statKeysPost } from './stat-keys-post.ts';
import { statQuestionsPost } from './stat-questions-post.ts';

/** What people say to data servers, by the word that stands for it on the way through a gateway. */
export const relayedRoutes = {
  readings: readingsPost,
  registrations: registrationsPost,
  check: statCheckPost,
  ask: statAskPost,
  questions: statQuestionsPost,
  keys: statKeysPost,
  encrypted: statEncryptedPost,
  half: halvesPost,
  'half-asked': halvesAskedPost,
} as const;
/** So many a minute one person may have passed on, of each word and to each server. Rule VS-3b. */
export const relayedPerMinute = 120;
/** On their way at a time, each an answer of 4 MiB at most in memory: of one person, and in all. Rule VS-3b. */
export const relayedAtOnce = { each: 12, all: 96 };
/** All whom one gateway passes on come from one address: a data server takes as much of it as of so many at their limit. */
export const relayedPeople = 50;
export type RelayedWord = keyof typeof relayedRoutes;
export type RelayedRoute = (typeof relayedRoutes)[RelayedWord];

/**
 * To a gateway, from somebody of its hospital whose device reaches gateways alone: what is signed for a data server, passed on
 * as it is. The answer is the server's, its refusals too.
 */
export const dataServerRelayPost = defineRoute({
  method: 'POST',
  path: '/v1/data-servers/:server/:word',
  who: 'session',
  summary: 'Pass something signed on to a data server',
  rule: 'VS-3a',
  params: z.strictObject({
    server: accountIdText,
    word: z.enum([
      ...['readings', 'registrations', 'check', 'ask', 'questions', 'keys', 'encrypted'],
      ...['half', 'half-asked'],
    ] as const),
  }),
  stream: 'application/cbor',
  bodyBytes: maxSensorReadBytes,
  answer: 'bytes',
  media: 'application/cbor',
  answerBytes: maxSensorReadingBytes,
});
