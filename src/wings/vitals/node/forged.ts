import { type Keys, keys } from '../../../ledger/tables/keys.ts';
import { CodedError, type ErrorDetails, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';

/** An account, and how often its keys had been changed when this server looked. */
export interface Signer {
  readonly account: AccountId;
  readonly keyGeneration: number;
}

/** Why this process refused something, beside the code that its sender is told. Never leaves the process. */
class Forged {
  readonly isSure: boolean;
  /** Not sure yet: it is where this account's keys were not changed by then. */
  readonly signer: Signer | undefined;
  constructor(isSure: boolean, signer?: Signer) {
    this.isSure = isSure;
    this.signer = signer;
  }
}

/**
 * A refusal of what says that another sent it: a signature that is not his whose name it bears, a word of an office that its
 * sender does not have. `perhaps`: it may also be his own, from before or after a change. Source: vitals-tampering.md, rule VT-18.
 */
export const forged = (code: CodedError['code'], details: ErrorDetails = {}): CodedError =>
  new CodedError(code, details, new Forged(true));
export const perhapsForged = (code: CodedError['code'], details: ErrorDetails = {}): CodedError =>
  new CodedError(code, details, new Forged(false));

/**
 * A refusal of a signature that is not by the key in use. By a key of before it may be its owner's, who does not know of the change; by
 * none, of one whose change this server has not seen yet. `holds`: by that key. Throws what asking the ledger throws. Rule VT-18.
 */
export async function wronglySigned(
  code: CodedError['code'],
  { account, keyGeneration }: Signer,
  of: {
    readonly ledger: { row(table: typeof keys, account: string): Promise<Keys | undefined> };
    readonly holds: (signKey: Uint8Array) => Promise<boolean>;
  },
): Promise<CodedError> {
  const directory = keyGeneration === 0 ? undefined : await of.ledger.row(keys, account);
  for (const { identity } of directory?.identities ?? [])
    if (await of.holds(identity.signKey)) return perhapsForged(code);
  return new CodedError(code, {}, new Forged(false, { account, keyGeneration }));
}

/** Undefined: whatever it was, nobody wrote in another's name. */
export function forgeryIn(error: unknown): Forged | undefined {
  return isCoded(error) && error.cause instanceof Forged ? error.cause : undefined;
}
