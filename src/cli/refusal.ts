import type { Code, Kind } from '../codes/index.ts';
import type { CodedError, ErrorDetails } from '../primitives/errors.ts';

/** Exit codes of docs/protocol/commands.md (protocol 11). */
const exitCodes: Readonly<Record<Kind, number>> = {
  fault: 1,
  usage: 2,
  'not-shared': 3,
  'no-key': 3,
  'not-trusted': 3,
  'not-valid': 3,
  verification: 4,
  unavailable: 5,
};

/** Follows from the kind alone; 130 after Ctrl-C. */
export function exitCodeOf(error: CodedError): number {
  return error.code === 'INTERRUPTED' ? 130 : exitCodes[error.kind];
}

/** One of several that a word may mean: columns by name, as short text. */
export type Choice = Readonly<Record<string, string>>;

export interface Refusal {
  readonly ok: false;
  readonly code: Code;
  readonly kind: Kind;
  readonly sentence: string;
  readonly details?: ErrorDetails;
  readonly choices?: readonly Choice[];
}

/** The line that `--json` prints. */
export function refusalOf(error: CodedError): Refusal {
  const { code, kind, sentence, details } = error;
  const { choices: shown = [] } = error as CodedError & { readonly choices?: readonly Choice[] };
  const choices = shown.length > 0 ? { choices: shown } : {};
  if (Object.keys(details).length === 0) return { ok: false, code, kind, sentence, ...choices };
  // What broke first stands beside the code, where a checker looks for it.
  const known = kind === 'verification' ? details : {};
  return { ...known, ok: false, code, kind, sentence, details, ...choices };
}
