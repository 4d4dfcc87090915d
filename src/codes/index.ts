import { wingCodes } from '../wings/codes.ts';
import { apiCodes } from './api.ts';
import { cliCodes } from './cli.ts';
import { cryptoCodes } from './crypto.ts';
import { encodingCodes } from './encoding.ts';
import { enginesCodes } from './engines.ts';
import { gatewayCodes } from './gateway.ts';
import { ledgerCodes } from './ledger.ts';
import { sdkCodes } from './sdk.ts';
import { serverCodes } from './server.ts';
import { storageCodes } from './storage.ts';
import { storyCodes } from './story.ts';

/**
 * What to do next: `not-shared` ask the patient · `no-key` open it where the key is · `not-trusted` do not
 * believe it · `not-valid` mend the request · `usage` mend the command · `verification` something was
 * changed · `unavailable` try later · `fault` something broke here.
 */
export type Kind = 'not-shared' | 'no-key' | 'not-trusted' | 'not-valid' | 'usage' | 'verification' | 'unavailable' | 'fault';

/** Everything that stands fast about a code. */
export interface Entry {
  readonly kind: Kind;
  /** What a person reads; begins with a capital and ends with a stop. */
  readonly sentence: string;
  /**
   * A refusal of the ledger, as it stands in block results for ever: never used again, never another
   * meaning. Source: docs/protocol/transactions.md, rule T-9; who takes which: docs/adr/0011-numbers.md.
   */
  readonly number?: number;
  /** Where HTTP has a better word than the kind's. Source: docs/protocol/http.md, rule H-3. */
  readonly status?: number;
}

/**
 * Every code that Salus can answer with. Each stands in the file of the lowest room that says it, so a
 * wing brings its own. Append-only: a code that left a release keeps its meaning. `docs/errors.md` is
 * generated from this.
 */
const table = {
  ...encodingCodes,
  ...cryptoCodes,
  ...ledgerCodes,
  ...storageCodes,
  ...apiCodes,
  ...enginesCodes,
  ...gatewayCodes,
  ...sdkCodes,
  ...serverCodes,
  ...cliCodes,
  ...storyCodes,
  ...wingCodes,
} as const satisfies Readonly<Record<string, Entry>>;

export type Code = keyof typeof table;

/** The codes that have a number: a rule of the ledger can answer with them. */
export type RefusalCode = {
  [Name in Code]: (typeof table)[Name] extends { readonly number: number } ? Name : never;
}[Code];

/** The table, each entry as what it is and as what all are. */
export const catalogue: typeof table & Readonly<Record<Code, Entry>> = table;

/** Whether this build knows a code: one that came from outside may be of a later version. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(table, text);
}
