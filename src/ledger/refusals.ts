import type { Code, Kind } from '../primitives/catalogue.ts';
import { catalogue } from '../primitives/catalogue.ts';

/**
 * The number of every refusal, as it stands in block results for ever. Append-only: a number is never
 * used again and never changes its meaning. 0 means accepted. Kind and sentence are the catalogue's.
 * Source: docs/protocol/transactions.md, rule T-9.
 */
const numbers = {
  TX_UNDECODABLE: 1,
  TX_TOO_LARGE: 2,
  SUITE_UNKNOWN: 3,
  TYPE_UNKNOWN: 4,
  CHAIN_WRONG: 5,
  LOG_WRONG: 6,
  EXPIRED: 7,
  TOO_FAR: 8,
  NONCE_USED: 9,
  NONCE_OLD: 10,
  NONCE_FAR: 11,
  SENDER_UNKNOWN: 12,
  SENDER_BUSY: 13,
  SENDER_WRONG: 14,
  SIGNATURE_WRONG: 15,
  SIGNATURE_MISSING: 16,
  KEY_NOT_CURRENT: 17,
  KEY_WEAK: 18,
  KEY_TAKEN: 19,
  KEYS_FULL: 20,
  ACCOUNT_UNKNOWN: 21,
  ACCOUNT_EXISTS: 22,
  ACCOUNT_FROZEN: 23,
  ROLE_WRONG: 24,
  ROLE_UNKNOWN: 25,
  IDENTITY_WRONG: 26,
  KEYSET_STALE: 27,
  KEYSET_SCHEDULE: 28,
  EPOCH_STALE: 29,
  EPOCH_NONE: 30,
  CONSENT_ID_TAKEN: 31,
  CONSENT_UNKNOWN: 32,
  CONSENT_ENDED: 33,
  CONSENT_NOT_LIVE: 34,
  CONSENT_CANNOT_WRITE: 35,
  NOT_AFTER_PASSED: 36,
  NOT_AFTER_FAR: 37,
  CONSENT_TIMES: 38,
  ANCHOR_EMPTY: 39,
  ANCHOR_TAKEN: 40,
  ACCESS_LOG_SIZE: 41,
  BATCH_KIND: 42,
  BATCH_TIMES: 43,
  PROFILE_HEIGHT: 44,
  PROFILE_PENDING: 45,
  PROFILE_SHRINKS: 46,
  PROFILE_APPROVAL: 47,
} as const satisfies Partial<Record<Code, number>>;

export type RefusalCode = keyof typeof numbers;

export interface Refusal {
  readonly number: number;
  readonly code: RefusalCode;
  readonly kind: Kind;
  readonly sentence: string;
}

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(numbers, code);
}

export function refusalNumber(code: RefusalCode): number {
  return numbers[code];
}

/** Every refusal, by rising number. */
export const refusals: readonly Refusal[] = Object.keys(numbers)
  .filter(isRefusalCode)
  .map((code) => ({ number: numbers[code], code, ...catalogue[code] }))
  .sort((a, b) => a.number - b.number);

const byNumber = new Map(refusals.map((refusal) => [refusal.number, refusal]));

/** Undefined for 0 (accepted) and for numbers of a later version. */
export function refusalOf(number: number): Refusal | undefined {
  return byNumber.get(number);
}
