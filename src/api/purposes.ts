import { CodedError } from '../primitives/errors.ts';
import { parsed } from '../primitives/shape.ts';

/** HL7 v3 PurposeOfUse, the part that Salus serves. Source: docs/protocol/reading.md, rule R-3. */
export const purposes = [
  'TREAT',
  'ETREAT',
  'HPAYMT',
  'HRESCH',
  'FAMRQT',
  'PATRQT',
  'HOPERAT',
] as const;

export type Purpose = (typeof purposes)[number];

/** Throws PURPOSE_UNKNOWN. */
export function parsePurpose(text: string): Purpose {
  const known = purposes.find((purpose) => purpose === text);
  if (known === undefined) throw new CodedError('PURPOSE_UNKNOWN');
  return known;
}

/** A purpose as it stands in objects. Also throws PURPOSE_UNKNOWN. */
export const purpose = parsed(parsePurpose, 16);
