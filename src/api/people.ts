import * as z from 'zod/mini';
import { roles } from '../ledger/roles.ts';
import { base64urlText, height, txIdText } from './message-parts.ts';
import { licenceField, nameField } from './registration-desk.ts';

/** Enrolment. Source: docs/protocol/http.md, rule H-13. */
export const enrolRequest = z.strictObject({
  invitation: z.string().check(z.maxLength(64)),
  /** CBOR of the Identity, signed for this chain, organisation and role. */
  identity: base64urlText(2048),
  role: z.enum(roles),
  /** What the asker believes to be enrolled as: refused unless the desk wrote the same. */
  name: z.optional(nameField),
  licence: z.optional(licenceField),
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

export const enrolAnswer = z.object({ txId: txIdText, height, card: base64urlText(2048) });
export type EnrolAnswer = z.infer<typeof enrolAnswer>;
