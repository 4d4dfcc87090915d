import { type Code, catalogue, type Kind } from '../codes/index.ts';

/** Ids, numbers and codes only: never a key, a token, a name or text from a record. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** The one error class of Salus: what went wrong is its `code`, an entry of the catalogue. */
export class CodedError extends Error {
  readonly code: Code;
  readonly details: ErrorDetails;

  constructor(code: Code, details: ErrorDetails = {}, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
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

export function isCoded(error: unknown, code?: Code): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code);
}

export function assertNever(value: never): never {
  throw new CodedError('INTERNAL', { unexpected: typeof value });
}
