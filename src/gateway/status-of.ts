import { type Code, catalogue, type Kind } from '../codes/index.ts';

/** A new kind without a status does not compile. */
const statusOfKind: Readonly<Record<Kind, number>> = {
  'not-shared': 403,
  'no-key': 422,
  'not-trusted': 403,
  'not-valid': 422,
  usage: 400,
  verification: 422,
  unavailable: 503,
  fault: 500,
};

/**
 * The HTTP status of a code: its kind decides, but where the code's own line has a better word.
 * Source: docs/protocol/http.md, rule H-3.
 */
export function httpStatusOf(code: Code): number {
  const { kind, status } = catalogue[code];
  return status ?? statusOfKind[kind];
}
