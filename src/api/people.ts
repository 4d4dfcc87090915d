import { z } from 'zod';
import { roles } from '../ledger/roles.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  type Of,
  struct,
  uint as uintShape,
} from '../primitives/shape.ts';
import { base64urlText, height, txIdText } from './message-parts.ts';
import { licenceField, nameField } from './registration-desk.ts';

/** Enrolment and copies of wallets. Source: docs/protocol/http.md, rules H-13 and H-14. */
export const enrolRequest = z.strictObject({
  invitation: z.string().max(64),
  /** CBOR of the Identity, signed for this chain, organisation and role. */
  identity: base64urlText(2048),
  role: z.enum(roles),
  /** What the asker believes to be enrolled as: refused unless the desk wrote the same. */
  name: nameField.optional(),
  licence: licenceField.optional(),
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

export const enrolAnswer = z.object({ txId: txIdText, height, card: base64urlText(2048) });
export type EnrolAnswer = z.infer<typeof enrolAnswer>;

export const maxWalletCopyBytes = 4 * 1024 * 1024;
/** A copy with its version, as it travels in both directions. */
export const maxWalletPutBytes = maxWalletCopyBytes + 32;

const sealedCopy = checked(bytes(), ({ length }, field) => {
  if (length > maxWalletCopyBytes) throw new CodedError('CBOR_SHAPE', { field });
});

/** What a writer sends: the version that it had seen, and the copy that is to follow it. */
const walletPutBody = struct({ expectedVersion: uintShape, sealed: sealedCopy });
export type WalletPut = Of<typeof walletPutBody>;

/** What is kept, and its version. */
const walletAnswer = struct({ version: uintShape, sealed: sealedCopy });
export type WalletAnswer = Of<typeof walletAnswer>;

export function encodeWalletPut(copy: WalletPut): Uint8Array {
  return encodeAs(walletPutBody, copy);
}

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeWalletPut(encoded: Uint8Array): WalletPut {
  return decodeAs(walletPutBody, encoded);
}

export function encodeWalletAnswer(answer: WalletAnswer): Uint8Array {
  return encodeAs(walletAnswer, answer);
}

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeWalletAnswer(encoded: Uint8Array): WalletAnswer {
  return decodeAs(walletAnswer, encoded);
}
