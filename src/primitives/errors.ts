import { type Code, catalogue, type Kind } from '../codes/index.ts';

/** Ids, numbers and codes only: never a key, a token, a name or text from a record. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/**
 * The one error class of Salus: what went wrong is its `code`, an entry of the catalogue. `message` is for
 * people alone, the code's sentence and who or what it is about; nothing is told apart by it.
 */
export class CodedError extends Error {
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(code: Code, details: ErrorDetails = {}, cause?: unknown) {
    super(tell(code, details), cause === undefined ? undefined : { cause });
    this.name = 'CodedError';
    this.code = code;
    this.details = details;
  }

  get kind(): Kind {
    return catalogue[this.code].kind;
  }

  get sentence(): string {
    return catalogue[this.code].sentence;
  }
}

/** Details may come from a hospital: no more of them than this is shown. */
const maxToldLength = 400;
/** What would move a terminal's cursor, break a line of a log or turn the direction of the text. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** `There is no such grant. (CONSENT_UNKNOWN: consent 3f2a..., height 12)` on one line. */
function tell(code: Code, details: ErrorDetails): string {
  const { sentence } = catalogue[code];
  const told = Object.entries(details)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  if (told === '') return `${sentence} (${code})`;
  const bounded = told.length > maxToldLength ? `${told.slice(0, maxToldLength)}…` : told;
  return `${sentence} (${code}: ${bounded.replaceAll(unprintable, ' ')})`;
}

/** Whether it is an error of Salus, and of this code if one is asked for. */
export function isCoded(error: unknown, code?: Code): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code);
}

/** The end of a `switch` that names every case. Throws INTERNAL. */
export function assertNever(value: never): never {
  throw new CodedError('INTERNAL', { unexpected: typeof value });
}
