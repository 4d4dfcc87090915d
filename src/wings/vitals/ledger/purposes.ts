import { list, oneOf } from '../../../primitives/shape.ts';

/**
 * What an answer may be used for: HL7 v3 PurposeOfUse HRESCH, CLINTRCH, PUBHLTH, HQUALIMP. Words of a closed list:
 * free text would be the place where a name gets onto the ledger. Source: vitals-ledger.md, rule VL-4.
 */
export const statPurposes = ['research', 'trial', 'public-health', 'quality'] as const;
export type StatPurpose = (typeof statPurposes)[number];

export const purposeWord = oneOf(statPurposes);
export const purposeWords = list(purposeWord, { most: statPurposes.length });
