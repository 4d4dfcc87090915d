import { z } from 'zod';
import { roles } from '../ledger/roles.ts';
import { maxLicenceLength, maxNameLength } from './card.ts';
import {
  accountIdText,
  base64urlText,
  height,
  locatorText,
  txIdText,
  uint,
} from './message-parts.ts';

/** Enrolment, cards and copies of wallets. Source: docs/protocol/http.md, rules H-13 and H-14. */
export const invitationRequest = z.strictObject({ role: z.enum(roles) });
export type InvitationRequest = z.infer<typeof invitationRequest>;
export const invitationAnswer = z.object({ invitation: z.string().max(64) });
export type InvitationAnswer = z.infer<typeof invitationAnswer>;

export const enrolRequest = z.strictObject({
  invitation: z.string().max(64),
  /** CBOR of the Identity, signed for this chain, organisation and role. */
  identity: base64urlText(2048),
  role: z.enum(roles),
  name: z.string().min(1).max(maxNameLength),
  licence: z.string().max(maxLicenceLength).optional(),
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

export const enrolAnswer = z.object({ txId: txIdText, height, card: base64urlText(2048) });
export type EnrolAnswer = z.infer<typeof enrolAnswer>;

export const cardParams = z.object({ account: accountIdText });
export const cardAnswer = z.object({ card: base64urlText(2048) });
export type CardAnswer = z.infer<typeof cardAnswer>;

export const whoAnswer = z.object({
  organisation: accountIdText,
  name: z.string(),
  chainId: z.string(),
  genesisHash: z.string(),
  gateways: z.array(z.object({ organisation: accountIdText, name: z.string(), url: z.string() })),
});
export type WhoAnswer = z.infer<typeof whoAnswer>;

export const maxWalletCopyBytes = 4 * 1024 * 1024;
export const walletParams = z.object({ locator: locatorText });

/** `expectedVersion` 0: there is none yet. */
export const walletPut = z.strictObject({
  expectedVersion: uint,
  sealed: base64urlText(maxWalletCopyBytes),
});
export type WalletPut = z.infer<typeof walletPut>;
export const walletPutAnswer = z.object({ version: uint });
export type WalletPutAnswer = z.infer<typeof walletPutAnswer>;
export const walletAnswer = z.object({ version: uint, sealed: base64urlText(maxWalletCopyBytes) });
export type WalletAnswer = z.infer<typeof walletAnswer>;
