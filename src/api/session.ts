import * as z from 'zod/mini';
import { encodeCbor } from '../primitives/cbor.ts';
import { type AccountId, idBytes } from '../primitives/ids.ts';
import { accountIdText, base64urlText, timeMs } from './message-parts.ts';

/** Signing in: a challenge, signed by a current key of the account. Source: docs/protocol/http.md, H-6. */
export const challengeRequest = z.strictObject({ account: accountIdText });

export const challengeAnswer = z.object({ challenge: base64urlText(64) });

export const sessionRequest = z.strictObject({
  account: accountIdText,
  challenge: base64urlText(64),
  publicKey: base64urlText(64),
  signature: base64urlText(128),
  /** SHA-256 of the code-kem key, where `publicKey` is the printed code's: for copies of the wallet alone. */
  codeKemHash: z.optional(base64urlText(32)),
});
export type SessionRequest = z.infer<typeof sessionRequest>;

export const sessionAnswer = z.object({
  token: z.string().check(z.maxLength(128)),
  expiresMs: timeMs,
});
export type SessionAnswer = z.infer<typeof sessionAnswer>;

/** What is signed (label session/sign, with the printed code session/recover): CBOR `[chain id, organisation 32, account 32, challenge 32]`. */
export function encodeSessionProof(proof: {
  readonly chainId: string;
  readonly organisation: AccountId;
  readonly account: AccountId;
  readonly challenge: Uint8Array;
}): Uint8Array {
  return encodeCbor([
    proof.chainId,
    idBytes(proof.organisation),
    idBytes(proof.account),
    proof.challenge,
  ]);
}
