import { CodedError } from '../../../../primitives/errors.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { expandClinical, expandShare, expandWires, jointPartOf, saltOf } from './page-expansion.ts';
import { type PageHead, type ServerNumber, sizeOf } from './page-head.ts';
import { type PageSize, pageProofs, usedLength, usedRuns, valuesPerProof } from './page-layout.ts';
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
  requireBody(arithmetic, of, size);
  const salt = saltOf(secret, head);
  if ('elements' in body) {
    const measured = measurementOf(body, size);
    const part = jointPartOf(3, secret, head, measured.used);
    const share = await measured.share(arithmetic, head);
    return { share, clinical: body.clinical, salt, part };
  }
  const [share, clinical] = await Promise.all([
    expandShare(arithmetic, secret, head),
    expandClinical(secret, head, size.n * size.k),
  ]);
  const part = jointPartOf(server, secret, head);
  return { share: arithmetic.clearUnused(share, size), clinical, salt, part };
}

const measuredBytes = (size: PageSize): number => 8 * usedLength(size);

/** Throws BODY_LENGTH, ELEMENT_NOT_CANONICAL. */
export function requireBody(
  arithmetic: PageArithmetic,
  { server, body }: { readonly server: ServerNumber; readonly body: SeedBody | ExplicitBody },
  size: PageSize,
): void {
  const proofs = 8 * pageProofs * valuesPerProof;
  const isFit =
    'elements' in body
      ? server === 3 &&
        body.elements.length === measuredBytes(size) + proofs &&
        body.clinical.length === 2 * size.n * size.k
      : server !== 3;
  if (body.secret.length !== 32 || !isFit) throw new CodedError('BODY_LENGTH', { server });
  if ('elements' in body && !arithmetic.isCanonical(body.elements))
    throw new CodedError('ELEMENT_NOT_CANONICAL', { server });
}

/** Of a body that fits: the measurement as it was sent, and the whole share. */
export function measurementOf(
  { secret, elements }: ExplicitBody,
  size: PageSize,
): {
  readonly used: Uint8Array;
  readonly share: (arithmetic: PageArithmetic, head: PageHead) => Promise<Uint8Array>;
} {
  const used = elements.subarray(0, measuredBytes(size));
  return {
    used,
    share: async (arithmetic, head) =>
      wholeShare({
        measurement: { used, runs: usedRuns(size) },
        wires: await expandWires(arithmetic, secret, head),
        values: elements.subarray(used.length),
      }),
  };
}
