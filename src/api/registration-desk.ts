import * as z from 'zod/mini';
import { type Role, roles } from '../ledger/roles.ts';
import { isDisplayName, isLicence, maxLicenceLength, maxNameLength } from './display-name.ts';
import { accountIdText, base64urlText, height, timeMs } from './message-parts.ts';

/** What a hospital's registration desk asks and is told. Source: docs/protocol/http.md, rules H-13, H-18 and H-19. */

/** A name in a request (H-18). */
export const nameField = z.string().check(
  z.minLength(1),
  z.maxLength(maxNameLength),
  z.refine((name) => isDisplayName(name)),
);
export const licenceField = z.string().check(z.maxLength(maxLicenceLength), z.refine(isLicence));

const personRoles = roles.filter(
  (it): it is Exclude<Role, 'organisation'> => it !== 'organisation',
);

/** Whom the desk has seen: all that the hospital will sign of them. */
export const invitationRequest = z.strictObject({
  role: z.enum(personRoles),
  name: nameField,
  licence: z._default(licenceField, ''),
});
export type InvitationRequest = z.output<typeof invitationRequest>;

/** The number of an invitation, by which the desk speaks of it; no secret. */
export const invitationIdText = z.string().check(z.regex(/^[0-9a-f]{16}$/));

/** The one-time code is in no other answer. */
const invitationCode = {
  id: invitationIdText,
  invitation: z.string().check(z.maxLength(64)),
  expiresMs: timeMs,
};
export const invitationAnswer = z.object({
  ...invitationCode,
  /** Accounts of this hospital and role with this name: the desk says whether it is one person. */
  sameName: z.array(accountIdText).check(z.maxLength(100)),
});
/** For the sheet that takes the place of the lost one. */
export const reissueAnswer = z.object({
  ...invitationCode,
  role: z.enum(roles),
  name: z.string().check(z.maxLength(maxNameLength)),
  licence: z.string().check(z.maxLength(maxLicenceLength)),
});

export const invitationStates = ['waiting', 'used', 'ended', 'expired'] as const;

export const listedInvitation = z.object({
  id: invitationIdText,
  role: z.enum(roles),
  state: z.enum(invitationStates),
  createdMs: timeMs,
  expiresMs: timeMs,
  /** Missing: it was forgotten (a patient's, once she has her card; one that ended or ran out). */
  name: z.optional(z.string().check(z.maxLength(maxNameLength))),
  licence: z.optional(z.string().check(z.maxLength(maxLicenceLength))),
  account: z.optional(accountIdText),
});
export type ListedInvitation = z.infer<typeof listedInvitation>;

/** So many invitations to a page. */
export const maxListedInvitations = 500;
export const invitationsPage = z.object({
  invitations: z.array(listedInvitation).check(z.maxLength(maxListedInvitations)),
  next: z.optional(z.string().check(z.maxLength(64))),
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
        name: z.optional(z.string().check(z.maxLength(maxNameLength))),
        licence: z.optional(z.string().check(z.maxLength(maxLicenceLength))),
        invitation: z.optional(invitationIdText),
        /** Of a colleague: signed, to be handed out. A patient gives hers herself. */
        card: z.optional(base64urlText(2048)),
      }),
    )
    .check(z.maxLength(100)),
});
export type FoundPeople = z.infer<typeof foundPeople>;
