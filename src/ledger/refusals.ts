import { catalogue, isCode, type Kind, type RefusalCode } from '../codes/index.ts';

export type { RefusalCode };

/** A rule's no, as block results name it. Source: docs/protocol/transactions.md, rule T-9. */
export interface Refusal {
  /** From 1: 0 in a block result means accepted. */
  readonly number: number;
  readonly code: RefusalCode;
  readonly kind: Kind;
  readonly sentence: string;
}

/** Whether a rule can say this code: it has a number. */
export function isRefusalCode(code: string): code is RefusalCode {
  return isCode(code) && catalogue[code].number !== undefined;
}

/** As it stands in a block’s results, for ever. */
export function refusalNumber(code: RefusalCode): number {
  return catalogue[code].number;
}

/** Every refusal, by rising number. */
export const refusals: readonly Refusal[] = Object.keys(catalogue)
  .filter(isRefusalCode)
  .map((code) => {
    const { number, kind, sentence } = catalogue[code];
    return { number, code, kind, sentence };
  })
  .sort((a, b) => a.number - b.number);

/** No rule says these any more; their numbers stay theirs, for blocks of before may hold them. */
export const retiredRefusals: readonly RefusalCode[] = ['SIGNATURE_MISSING', 'KEYS_FULL'];

const byNumber = new Map(refusals.map((refusal) => [refusal.number, refusal]));

/** Undefined for 0 (accepted) and for numbers of a later version. */
export function refusalOf(number: number): Refusal | undefined {
  return byNumber.get(number);
}
