import type { Act, Role } from '../acts.ts';

type Kinds = readonly Act['kind'][];

/** Every account may change and give up its own keys. */
const everybody: Kinds = ['RotateKey', 'RevokeKey'];

/**
 * Which acts an account of a role may send. What the table allows, a rule may still refuse.
 * Source: docs/protocol/roles.md, tested row by row.
 */
export const actsOfRole: Readonly<Record<Role, Kinds>> = {
  patient: [
    ...everybody,
    'KeySet',
    'ConsentGrant',
    'ConsentRevoke',
    'DataAnchor',
    'DiagnosisAnchor',
  ],
  clinician: everybody,
  nurse: everybody,
  pharmacist: everybody,
  lab: everybody,
  insurer: everybody,
  researcher: everybody,
  device: everybody,
  auditor: everybody,
  'security-officer': everybody,
  operator: everybody,
  organisation: [...everybody, 'Enrol', 'AccessLog', 'BatchAnchor'],
};

/** What a frozen account may still send under its own key: a patient must always be able to take back. */
export const actsWhileFrozen: Kinds = ['ConsentRevoke', 'RotateKey'];
