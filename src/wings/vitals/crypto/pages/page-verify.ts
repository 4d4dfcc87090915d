import { equalBytes } from '../../../../primitives/bytes.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { expandJointRand, expandQueryRand } from './page-expansion.ts';
import { type OfThree, type PageHead, type ServerNumber, sizeOf } from './page-head.ts';
import type { OpenedShare } from './page-open.ts';

/** What a server says of its share to the other two. Both parts are worth nothing without the others'. */
export interface VerifierShare {
  /** What its share gives to the joint randomness, as it found it itself: 32 bytes. */
  readonly part: Uint8Array;
  /** 3 x 191 elements. */
  readonly verifier: Uint8Array;
}

/** A verifier share, and the joint randomness that it was made with: where all parts agree, everybody's. */
export interface PreparedShare extends VerifierShare {
  readonly jointRand: Uint8Array;
}

/** How a page was judged; all three servers come to the same. */
export type Verdict = 'accepted' | 'JOINT_RAND_MISMATCH' | 'PROOF_REJECTED';

/**
 * A server's verifier share. `parts`: those of the manifest; its own is put in place of what the manifest says, so that
 * a share that is not the device's answers to another question. Rule VP-13.
 */
export async function prepareShare(
  arithmetic: PageArithmetic,
  of: {
    readonly server: ServerNumber;
    readonly head: PageHead;
    readonly parts: OfThree<Uint8Array>;
    readonly opened: OpenedShare;
    /** 32 bytes that the three servers share and no device knows. */
    readonly verifyKey: Uint8Array;
  },
): Promise<PreparedShare> {
  const { server, head, opened } = of;
  const { part } = opened;
  const parts = withOwnPart(of.parts, server, part);
  const [jointRand, queryRand] = await Promise.all([
    expandJointRand(arithmetic, parts, head),
    expandQueryRand(arithmetic, of.verifyKey, head),
  ]);
  const at = { ...sizeOf(head), jointRand, queryRand, isFirst: server === 1 };
  return { part, verifier: arithmetic.query(opened.share, at), jointRand };
}

/** The parts of a manifest with a server's own in its place. */
export const withOwnPart = (
  [first, second, third]: OfThree<Uint8Array>,
  server: ServerNumber,
  part: Uint8Array,
): OfThree<Uint8Array> => [
  server === 1 ? part : first,
  server === 2 ? part : second,
  server === 3 ? part : third,
];

/**
 * What the three verifier shares, in the order of the servers, say together. `jointRand`: this server's own, of
 * `prepareShare`; its part is among those that are compared first. Rule VP-14.
 */
export function decidePage(
  arithmetic: PageArithmetic,
  of: {
    readonly parts: OfThree<Uint8Array>;
    readonly said: OfThree<VerifierShare>;
    readonly jointRand: Uint8Array;
  },
): Verdict {
  const { parts, said, jointRand } = of;
  const agree = said.every(({ part }, i) => equalBytes(part, parts[i] ?? new Uint8Array(0)));
  if (!agree) return 'JOINT_RAND_MISMATCH';
  const verifiers = said.map(({ verifier }) => verifier);
  return arithmetic.decide(verifiers, jointRand) ? 'accepted' : 'PROOF_REJECTED';
}
