import { z } from 'zod';
import { roles } from '../ledger/roles.ts';
import { isDisplayName, isLicence, maxLicenceLength, maxNameLength } from './display-name.ts';
import { accountIdText, base64urlText, height, timeMs, txIdText, uint } from './message-parts.ts';

/** Enrolment, the registration desk and copies of wallets. Source: docs/protocol/http.md, rules H-13, H-14 and H-18. */
const nameText = z
  .string()
  .min(1)
  .max(maxNameLength)
  .refine((name) => isDisplayName(name));
const licenceText = z.string().max(maxLicenceLength).refine(isLicence);

export const enrolRequest = z.strictObject({
  invitation: z.string().max(64),
  /** CBOR of the Identity, signed for this chain, organisation and role. */
  identity: base64urlText(2048),
  role: z.enum(roles),
  /** What the asker believes to be enrolled as: refused unless the desk wrote the same. */
  name: nameText.optional(),
  licence: licenceText.optional(),
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

export const enrolAnswer = z.object({ txId: txIdText, height, card: base64urlText(2048) });
export type EnrolAnswer = z.infer<typeof enrolAnswer>;

export const maxWalletCopyBytes = 4 * 1024 * 1024;
export const walletAnswer = z.object({ version: uint, sealed: base64urlText(maxWalletCopyBytes) });
export type WalletAnswer = z.infer<typeof walletAnswer>;

/** Whom the desk has seen: all that the hospital will sign of them. */
export const invitationRequest = z.strictObject({
  role: z.enum(roles).exclude(['organisation']),
  name: nameText,
  licence: licenceText.default(''),
});
export type InvitationRequest = z.output<typeof invitationRequest>;

/** The number of an invitation, by which the desk speaks of it; no secret. */
export const invitationIdText = z.string().regex(/^[0-9a-f]{16}$/);

/** The one-time code is in no other answer. */
const invitationCode = {
  id: invitationIdText,
  invitation: z.string().max(64),
  expiresMs: timeMs,
};
export const invitationAnswer = z.object({
  ...invitationCode,
  /** Accounts of this hospital and role with this name: the desk says whether it is one person. */
  sameName: z.array(accountIdText).max(100),
});
/** For the sheet that takes the place of the lost one. */
export const reissueAnswer = z.object({
  ...invitationCode,
  role: z.enum(roles),
  name: z.string().max(maxNameLength),
  licence: z.string().max(maxLicenceLength),
});

export const invitationStates = ['waiting', 'used', 'ended', 'expired'] as const;

export const listedInvitation = z.object({
  id: invitationIdText,
  role: z.enum(roles),
  state: z.enum(invitationStates),
  createdMs: timeMs,
  expiresMs: timeMs,
  /** Missing: it was forgotten (a patient's, once she has her card; one that ended or ran out). */
  name: z.string().max(maxNameLength).optional(),
  licence: z.string().max(maxLicenceLength).optional(),
  account: accountIdText.optional(),
});
export type ListedInvitation = z.infer<typeof listedInvitation>;

/** So many invitations to a page. */
export const maxListedInvitations = 500;
export const invitationsPage = z.object({
  invitations: z.array(listedInvitation).max(maxListedInvitations),
  next: z.string().max(64).optional(),
});
export type InvitationsPage = z.infer<typeof invitationsPage>;

/** Accounts of this hospital that the desk asked for. */
export const foundPeople = z.object({
  people: z
    .array(
      z.object({
        account: accountIdText,
        role: z.enum(roles),
        frozen: z.boolean(),
        enrolledHeight: height,
        name: z.string().max(maxNameLength).optional(),
        licence: z.string().max(maxLicenceLength).optional(),
        invitation: invitationIdText.optional(),
      }),
    )
    .max(100),
});
export type FoundPeople = z.infer<typeof foundPeople>;
