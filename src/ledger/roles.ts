import { wingRoles } from '../wings/names.ts';
import { word } from './shapes.ts';

/**
 * What an account may be. Which acts it may send stands with each act (`senders`).
 * Source: docs/protocol/roles.md.
 */
export const spineRoles = [
  'patient',
  'clinician',
  'nurse',
  'pharmacist',
  'lab',
  'insurer',
  'researcher',
  'device',
  'auditor',
  'security-officer',
  'operator',
  'organisation',
] as const;

export const roles = [...spineRoles, ...wingRoles] as const;
export type Role = (typeof roles)[number];

/** Throws CBOR_SHAPE, ROLE_UNKNOWN. */
export const role = word<Role>(roles, 'ROLE_UNKNOWN');
