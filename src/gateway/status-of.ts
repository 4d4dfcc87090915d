import { type Code, catalogue, type Kind } from '../primitives/catalogue.ts';

/**
 * The HTTP status of every code: its kind decides, and the table of exceptions says where HTTP has a better
 * word. A new kind without a status does not compile. Source: docs/protocol/http.md, rule H-3.
 */
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

const exceptions: Readonly<Partial<Record<Code, number>>> = {
  REQUEST_INVALID: 400,
  UNAUTHENTICATED: 401,
  SESSION_EXPIRED: 401,
  NOT_FOUND: 404,
  BLOB_UNKNOWN: 404,
  TX_UNKNOWN: 404,
  HEIGHT_UNKNOWN: 404,
  WALLET_CONFLICT: 409,
  RECORD_ID_TAKEN: 409,
  REQUEST_REPLAYED: 409,
  BODY_TOO_LARGE: 413,
  TX_TOO_LARGE: 413,
  BLOB_RANGE: 416,
  RATE_LIMITED: 429,
  SENDER_BUSY: 429,
  GATEWAY_UNREACHABLE: 502,
  GATEWAY_LIED: 502,
  COMMIT_TIMEOUT: 504,
  QUOTA_EXCEEDED: 507,
  DISK_FULL: 507,
};

export function httpStatusOf(code: Code): number {
  return exceptions[code] ?? statusOfKind[catalogue[code].kind];
}
