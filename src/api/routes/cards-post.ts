import * as z from 'zod/mini';
import { maxNameLength } from '../display-name.ts';
import { base64urlText } from '../message-parts.ts';
import { defineRoute } from '../route.ts';

/** So many of one name are told. */
export const maxCardsOfName = 20;

/** The whole name: who works here is not listed. It is in the body and not in the address, which servers write down. */
export const cardsPost = defineRoute({
  method: 'POST',
  path: '/v1/cards',
  who: 'session',
  summary: 'Cards of those who work here and are called so',
  rule: 'H-13',
  body: z.strictObject({ name: z.string().check(z.minLength(1), z.maxLength(maxNameLength)) }),
  answer: z.object({ cards: z.array(base64urlText(2048)).check(z.maxLength(maxCardsOfName)) }),
});
