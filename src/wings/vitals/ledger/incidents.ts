import { oneOf } from '../../../primitives/shape.ts';

/**
 * What happened to what somebody keeps for others, in a word: bytes are others than they were, somebody else wrote or tried to, a
 * store is older than it was, something is gone, a server signed what does not fit the ledger. Source: vitals-ledger.md, rule VL-19.
 */
export const incidentKinds = ['tampering', 'write-attempt', 'set-back', 'lost', 'lied'] as const;
export type IncidentKind = (typeof incidentKinds)[number];
export const incidentKind = oneOf(incidentKinds);
