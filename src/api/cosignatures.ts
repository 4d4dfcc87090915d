import * as z from 'zod/mini';
import { maxWitnesses } from '../ledger/chain/trust-root.ts';
import { base64urlText, height } from './message-parts.ts';

/** Signatures of witnesses under headers: handed over, and shown. Source: docs/protocol/following.md, rules F-9 and F-15. */

/** In one call; who has more calls again. */
export const maxCosignatures = 256;

/** One witness's, of the headers of these heights. */
export const cosignaturesBody = z.strictObject({
  publicKey: base64urlText(32),
  signatures: z
    .array(z.strictObject({ height, signature: base64urlText(64) }))
    .check(z.minLength(1), z.maxLength(maxCosignatures)),
});

/** Those of one header. */
export const witnessSignatures = z
  .array(z.object({ publicKey: base64urlText(32), signature: base64urlText(64) }))
  .check(z.maxLength(maxWitnesses));
