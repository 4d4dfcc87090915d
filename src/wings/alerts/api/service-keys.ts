import * as z from 'zod/mini';
import { base64urlText } from '../../../api/message-parts.ts';
import { channels } from './choice.ts';
import { alertsStanding } from './standing.ts';

/** What the alert service of each hospital of a home tells its gateway: by the hospital’s name. */
export const serviceFacts = z.record(
  z.string(),
  z.object({
    keyId: base64urlText(32),
    publicKey: base64urlText(1_216),
    /** Who sends pushes: what browsers ask for them with. */
    pushKey: base64urlText(65),
    /** Whose codes confirm mail addresses: of a key that nobody is told. */
    codeKeyId: base64urlText(16),
    channels: z.array(z.enum(channels)),
    /** Missing: no letter was ever made here. */
    standing: z.optional(alertsStanding),
  }),
);
export type ServiceFacts = z.infer<typeof serviceFacts>;
