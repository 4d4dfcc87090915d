import { CodedError } from '../../../primitives/errors.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { expandClinical, expandShare, expandWires, jointPartOf, saltOf } from './page-expansion.ts';
import { type PageHead, type ServerNumber, sizeOf } from './page-head.ts';
import { pageProofs, usedLength, usedRuns, valuesPerProof } from './page-layout.ts';
import { wholeShare } from './page-parts.ts';

/** What servers 1 and 2 are sent: everything follows from 32 bytes. */
export interface SeedBody {
  readonly secret: Uint8Array;
}
/** What server 3 is sent: its own secret, and what is left of the page when the other two shares are taken away. */
export interface ExplicitBody extends SeedBody {
  /** The used elements of the measurement, then 128 values of each of the three proofs; 8 bytes each. */
  readonly elements: Uint8Array;
  /** n x k numbers of 16 bits, little-endian. */
  readonly clinical: Uint8Array;
}
export type PageBodies = readonly [SeedBody, SeedBody, ExplicitBody];

/** One server's whole share of a page, as it works with it. */
export interface OpenedShare {
  /** 1923 elements, zero where the page's size says so. */
  readonly share: Uint8Array;
  readonly clinical: Uint8Array;
  readonly salt: Uint8Array;
  /** What this share gives to the joint randomness. */
  readonly part: Uint8Array;
}

/**
 * The share in a body. Throws what `sizeOf` throws, BODY_LENGTH for a body of another length than the page's, and
 * ELEMENT_NOT_CANONICAL.
 */
export async function openBody(
  arithmetic: PageArithmetic,
  of: {
    readonly server: ServerNumber;
    readonly head: PageHead;
    readonly body: SeedBody | ExplicitBody;
  },
): Promise<OpenedShare> {
  const { server, head, body } = of;
  const { secret } = body;
  const size = sizeOf(head);
  if (secret.length !== 32) throw new CodedError('BODY_LENGTH', { server });
  const salt = saltOf(secret, head);
  if (server !== 3) {
    if ('elements' in body) throw new CodedError('BODY_LENGTH', { server });
    const [share, clinical] = await Promise.all([
      expandShare(arithmetic, secret, head),
      expandClinical(secret, head, size.n * size.k),
    ]);
    const part = jointPartOf(server, secret, head);
    return { share: arithmetic.clearUnused(share, size), clinical, salt, part };
  }
  const measured = 8 * usedLength(size);
  const proofs = 8 * pageProofs * valuesPerProof;
  if (
    !('elements' in body) ||
    body.elements.length !== measured + proofs ||
    body.clinical.length !== 2 * size.n * size.k
  ) {
    throw new CodedError('BODY_LENGTH', { server });
  }
  if (!arithmetic.isCanonical(body.elements))
    throw new CodedError('ELEMENT_NOT_CANONICAL', { server });
  const used = body.elements.subarray(0, measured);
  const share = wholeShare({
    measurement: { used, runs: usedRuns(size) },
    wires: await expandWires(arithmetic, secret, head),
    values: body.elements.subarray(measured),
  });
  return { share, clinical: body.clinical, salt, part: jointPartOf(3, secret, head, used) };
}
