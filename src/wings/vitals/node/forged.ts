import { CodedError, type ErrorDetails, isCoded } from '../../../primitives/errors.ts';

/** Why this process refused something, beside the code that its sender is told. Never leaves the process. */
class Forged {
  readonly isSure: boolean;
  constructor(isSure: boolean) {
    this.isSure = isSure;
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

/** Undefined: whatever it was, nobody wrote in another's name. */
export function forgeryIn(error: unknown): { readonly isSure: boolean } | undefined {
  return isCoded(error) && error.cause instanceof Forged ? error.cause : undefined;
}
