import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { LedgerFollower } from './ledger-follower.ts';
import { formatPoint, type LedgerPoint } from './ledger-point.ts';

/** What does not fit together about a ledger, for anybody to check. Source: docs/protocol/following.md, rule F-8. */
export interface Evidence {
  readonly error: CodedError;
  /** What was believed before; undefined: the trust root alone. */
  readonly known: LedgerPoint | undefined;
  readonly shown: LedgerFollower['shown'];
  /** Where it was shown, and when by this clock. */
  readonly gateway: string;
  readonly seenMs: number;
}

/** JSON. */
export function formatEvidence(evidence: Evidence, trustRoot: TrustRoot): string {
  const { error, known, shown, gateway, seenMs } = evidence;
  const { code, details } = error;
  const point: unknown = known && JSON.parse(formatPoint(known, trustRoot));
  const told = { code, details, gateway, seenMs, trustRoot, known: point ?? null, shown };
  return `${JSON.stringify(told, undefined, 2)}\n`;
}

/** The error that also says where the evidence lies. */
export function withEvidence(error: CodedError, file: string): CodedError {
  return new CodedError(error.code, { ...error.details, evidence: file }, error);
}
