import * as z from 'zod/mini';
import { base64urlText } from '../../../api/message-parts.ts';
import { channels } from './choice.ts';
import { alertsStanding } from './standing.ts';

const fault = z.enum(['HOME_INVALID', 'RELAY_INVALID', 'ROW_CORRUPT', 'STORE_BUSY']);
export type Fault = z.infer<typeof fault>;

const facts = z.object({
  keyId: base64urlText(32),
  publicKey: base64urlText(1_216),
  /** Who sends pushes: what browsers ask for them with. */
  pushKey: base64urlText(65),
  /** Whose codes confirm mail addresses: of a key that nobody is told. */
  codeKeyId: base64urlText(16),
  channels: z.array(z.enum(channels)),
  /** Missing: no letter was ever made here; or why it cannot be read, which is its operator’s matter alone. */
  standing: z.optional(z.union([alertsStanding, z.object({ fault })])),
});
export type HospitalFacts = z.infer<typeof facts>;

/** What the alert service of each hospital of a home tells its gateway: by the hospital’s name; or why its keys cannot be read. */
export const serviceFacts = z.record(z.string(), z.union([facts, z.object({ fault })]));
export type ServiceFacts = z.infer<typeof serviceFacts>;
