import { CodedError } from '../../primitives/errors.ts';

/** Why somebody reads: HL7 v3 PurposeOfUse, and what a person is told (protocol 3). */
export const purposes = {
  TREAT: 'treatment',
  ETREAT: 'emergency treatment',
  HPAYMT: 'payment',
  HRESCH: 'research',
  FAMRQT: 'asked for by family',
  PATRQT: 'asked for by the patient',
  HOPERAT: 'running the hospital',
} as const;
export type Purpose = keyof typeof purposes;

/** Throws PURPOSE_UNKNOWN. */
export function parsePurpose(text: unknown): Purpose {
  if (typeof text !== 'string' || !Object.hasOwn(purposes, text)) {
    throw new CodedError('PURPOSE_UNKNOWN');
  }
  return text as Purpose;
}
