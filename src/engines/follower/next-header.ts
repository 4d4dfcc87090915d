import { decodeCommit } from '../../ledger/chain/commit.ts';
import { decodeHeader, type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import {
  type SignedHeaderParts,
  type VerifyVote,
  verifyNext,
  verifySigned,
} from '../../ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { validatorsHash } from '../../ledger/chain/validators.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { LedgerIdentity } from '../blocks/stored-block.ts';
import type { SignedHeader } from '../engine.ts';

/** R-4; the clock of a ledger itself may be ten minutes ahead (B-7). */
const maxDriftMs = 10 * 60_000;

/** What a follower knows when it judges the next header. */
export interface Known {
  readonly identity: LedgerIdentity;
  readonly trustRoot: TrustRoot;
  /** Undefined: the next is the first. */
  readonly last: Header | undefined;
  /** Of its own execution: what the next header has to carry. */
  readonly appHash: Uint8Array;
  readonly lastResultsHash: Uint8Array;
  readonly nowMs: number;
}

/** Throws HEADER_INVALID. */
export const partsOf = ({ header, commit, validators }: SignedHeader): SignedHeaderParts => ({
  header: decodeHeader(header),
  commit: decodeCommit(commit),
  validators,
});

/**
 * Whether this header is signed by those who should have signed it, follows the one that is known, and carries what the blocks
 * before it gave when they were executed here. Returns it with its hash.
 *
 * Throws HEADER_INVALID; LEDGER_FORKED {height, known, shown}: it follows another header of the height that is known, or is not
 * the trust root's; LEDGER_CORRUPT {height, what: state | result}: it is signed, and carries something else; GATEWAY_LIED.
 * Source: docs/protocol/following.md, rules F-5 and F-13.
 */
export async function judgeNext(
  known: Known,
  shown: SignedHeader,
  verifyVote: VerifyVote,
): Promise<{ readonly header: Header; readonly headerHash: Uint8Array }> {
  const { identity, trustRoot, last, nowMs } = known;
  const parts = partsOf(shown);
  const { header } = parts;
  const height = (last?.height ?? 0) + 1;
  if (header.height !== height) throw new CodedError('GATEWAY_LIED', { height });
  const headerHash = headerHashBytes(header);
  if (last === undefined) await requireFirst(identity, parts, verifyVote);
  else if (equalBytes(header.lastBlockId.hash, headerHashBytes(last))) {
    // Every link is shown, so no header is too old to be a reason.
    const clock = { nowMs, trustingPeriodMs: Number.POSITIVE_INFINITY, maxDriftMs };
    await verifyNext({ header: last, nextValidators: [] }, parts, clock, verifyVote);
  } else {
    await requireSigned(last, parts, verifyVote);
    throw forked(last.height, headerHashBytes(last), header.lastBlockId.hash);
  }
  if (height === trustRoot.height && bytesToHex(headerHash) !== trustRoot.headerHash) {
    throw new CodedError('LEDGER_FORKED', {
      ...{ height, known: trustRoot.headerHash, shown: bytesToHex(headerHash) },
    });
  }
  const broken = (what: string) => new CodedError('LEDGER_CORRUPT', { height, what });
  if (!equalBytes(header.appHash, known.appHash)) throw broken('state');
  if (!equalBytes(header.lastResultsHash, known.lastResultsHash)) throw broken('result');
  return { header, headerHash };
}

async function requireFirst(
  { chainId, genesisMs, validators }: LedgerIdentity,
  parts: SignedHeaderParts,
  verifyVote: VerifyVote,
): Promise<void> {
  const { validatorsHash: named, time } = parts.header;
  if (!equalBytes(named, validatorsHash(validators))) {
    throw new CodedError('HEADER_INVALID', { reason: 'validators', height: 1 });
  }
  if (msOfTimestamp(time) < genesisMs) {
    throw new CodedError('HEADER_INVALID', { reason: 'time', height: 1 });
  }
  await verifySigned(parts, chainId, verifyVote);
}

/** What those who should have signed it did not sign is no evidence against them. */
async function requireSigned(
  { nextValidatorsHash, chainId }: Header,
  parts: SignedHeaderParts,
  verifyVote: VerifyVote,
): Promise<void> {
  const { validatorsHash: named, height } = parts.header;
  if (!equalBytes(named, nextValidatorsHash)) {
    throw new CodedError('HEADER_INVALID', { reason: 'validators', height });
  }
  await verifySigned(parts, chainId, verifyVote);
}

/** Both hashes of one height. */
export function forked(height: number, known: Uint8Array, shown: Uint8Array): CodedError {
  const hashes = { known: bytesToHex(known), shown: bytesToHex(shown) };
  return new CodedError('LEDGER_FORKED', { height, ...hashes });
}
