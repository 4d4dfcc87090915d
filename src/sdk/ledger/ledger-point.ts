import * as z from 'zod/mini';
import { logHeads } from '../../api/logs.ts';
import { textOfBytes } from '../../api/message-parts.ts';
import { type HeaderAnswer, headerAnswer } from '../../api/tx.ts';
import type { LogHead, StateHeads } from '../../ledger/app-hash.ts';
import { type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { CodedError } from '../../primitives/errors.ts';
import { bytesOfAnswer, headerPartsOf } from './header-answer.ts';

/** How far somebody has verified a ledger. Source: docs/protocol/following.md, rule F-3. */
export interface LedgerPoint {
  /** The newest header with its votes, as it was shown: evidence, should another one of this height turn up. */
  readonly answer: HeaderAnswer;
  readonly header: Header;
  readonly headerHash: Uint8Array;
  /** What the app hash in it, or in an earlier header, is made of; undefined: it was not shown yet. */
  readonly heads: StateHeads | undefined;
}

/** What was verified of this answer is its sender's concern. Throws HEADER_INVALID, GATEWAY_LIED. */
export function pointOf(answer: HeaderAnswer, heads?: StateHeads): LedgerPoint {
  return pointOfHeader(answer, headerPartsOf(answer).header, heads);
}

/** Where the header was read already. */
export function pointOfHeader(
  answer: HeaderAnswer,
  header: Header,
  heads?: StateHeads,
): LedgerPoint {
  return { answer, header, headerHash: headerHashBytes(header), heads };
}

/** As `GET /logs` answers them. Throws GATEWAY_LIED. */
export function headsOf({ stateRoot, user, doc }: z.infer<typeof logHeads>): StateHeads {
  const logs = { user: headOf(user), doc: headOf(doc) };
  return { stateRoot: bytesOfAnswer(stateRoot, 32), logs };
}

const headOf = ({ size, root }: { size: number; root: string }): LogHead => ({
  size,
  root: bytesOfAnswer(root, 32),
});

function messageOf({ stateRoot, logs }: StateHeads): z.infer<typeof logHeads> {
  const textOf = ({ size, root }: LogHead) => ({ size, root: textOfBytes(root) });
  return {
    stateRoot: textOfBytes(stateRoot),
    user: textOf(logs.user),
    doc: textOf(logs.doc),
  };
}

const keptPoint = z.strictObject({
  chain: z.string(),
  genesisHash: z.string(),
  answer: headerAnswer,
  heads: z.optional(logHeads),
});

/** JSON, as a follower keeps it between visits. */
export function formatPoint(point: LedgerPoint, { chain, genesisHash }: TrustRoot): string {
  const { answer, heads } = point;
  const kept = { chain, genesisHash, answer, heads: heads && messageOf(heads) };
  return `${JSON.stringify(kept, undefined, 2)}\n`;
}

/** Throws HOME_INVALID (no such JSON), TRUST_ROOT_WRONG: it is of another ledger. */
export function parsePoint(text: string, trustRoot: TrustRoot): LedgerPoint {
  const { kept, point } = readPoint(text);
  if (kept.chain !== trustRoot.chain || kept.genesisHash !== trustRoot.genesisHash) {
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'chain' });
  }
  return point;
}

function readPoint(text: string): { kept: z.infer<typeof keptPoint>; point: LedgerPoint } {
  try {
    const kept = keptPoint.parse(JSON.parse(text));
    return { kept, point: pointOf(kept.answer, kept.heads && headsOf(kept.heads)) };
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { what: 'point' }, cause);
  }
}
