import * as z from 'zod/mini';
import { base64urlText, height, uint } from './message-parts.ts';

/** How a ledger shows that its logs only grew. Source: docs/protocol/following.md, rules F-1 and F-2. */

export const logName = z.enum(['user', 'doc']);

const logHead = z.object({ size: uint, root: base64urlText(32) });

/** What an app hash is made of. */
export const logHeads = z.object({ stateRoot: base64urlText(32), user: logHead, doc: logHead });

/** They lead to the app hash after block `height`. */
export const logHeadsAnswer = z.extend(logHeads, { height });
export type LogHeadsAnswer = z.infer<typeof logHeadsAnswer>;

/** A log has fewer than 2^53 leaves: a proof is one hash a level of its tree, and one more. */
export const logConsistencyAnswer = z.object({
  path: z.array(base64urlText(32)).check(z.maxLength(54)),
});
