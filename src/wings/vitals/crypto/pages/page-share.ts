import { concatBytes } from '../../../../primitives/bytes.ts';
import { elementsToBytes, field64 } from '../field.ts';
import { histogramBins } from '../histogram-edges.ts';
import { bytesToCodes, codesToBytes } from './clinical-lane.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import {
  expandClinical,
  expandJointRand,
  expandShare,
  expandWires,
  jointPartOf,
} from './page-expansion.ts';
import { type OfThree, type PageHead, type ServerNumber, sizeOf } from './page-head.ts';
import { type KeptShare, keptHash, truncateShare } from './page-keep.ts';
import { digits, measurementLength, pageVitals, ranged, usedRuns } from './page-layout.ts';
import { openBody, type PageBodies } from './page-open.ts';
import { elementsIn, measurementIn, valuesIn, wholeShare } from './page-parts.ts';
import type { PageValues } from './page-values.ts';

export interface SharedPage {
  readonly head: PageHead;
  /** For the manifest: what each share gives to the joint randomness, and the hash of what each server will keep. */
  readonly parts: OfThree<Uint8Array>;
  readonly hashes: OfThree<Uint8Array>;
  readonly bodies: PageBodies;
  /** What server 3 will keep, which does not follow from a secret: for its recovery envelope. */
  readonly third: KeptShare;
}

/** Fresh for every sharing, also of the same page: 16 bytes, and 32 for each server. */
export interface PageRandomness {
  readonly nonce: Uint8Array;
  readonly secrets: OfThree<Uint8Array>;
}

/** A page as elements: digits of the statistics codes and of the counters, and the sums of products. Rule VP-7. */
export function encodeMeasurement(values: PageValues): Uint8Array {
  const { n, statistics, counters } = values;
  const k = statistics.length / n;
  const numbers = new Array<number>(measurementLength).fill(0);
  const setDigits = (at: number, code: number): void => {
    numbers[at] = code & 15;
    numbers[at + 1] = code >> 4;
  };
  for (let row = 0; row < n; row++) {
    const codes = statistics.subarray(row * k, (row + 1) * k);
    for (const [v, code] of codes.entries()) setDigits(2 * (row * pageVitals + v), code);
    let pair = ranged;
    for (let u = 0; u < pageVitals; u++) {
      for (let v = u; v < pageVitals; v++, pair++) {
        numbers[pair] = (numbers[pair] ?? 0) + (codes[u] ?? 0) * (codes[v] ?? 0);
      }
    }
  }
  for (let i = 0; i < k * histogramBins; i++) setDigits(digits + 2 * i, counters[i] ?? 0);
  return elementsToBytes(field64, numbers.map(BigInt));
}

/** Shares a page among three servers, with the proof that it is well formed. */
export function sharePage(
  arithmetic: PageArithmetic,
  page: Uint8Array,
  values: PageValues,
  random: PageRandomness,
): Promise<SharedPage> {
  const { n, panel, edges, clinical } = values;
  const head = { page, nonce: random.nonce, n, panel, edges };
  return shareMeasurement(arithmetic, head, {
    ...{ measurement: encodeMeasurement(values), clinical, secrets: random.secrets },
  });
}

/** As `sharePage`, of a measurement that may say anything: what it proves is for the servers to find. */
export async function shareMeasurement(
  arithmetic: PageArithmetic,
  head: PageHead,
  of: {
    readonly measurement: Uint8Array;
    readonly clinical: Uint16Array;
    readonly secrets: OfThree<Uint8Array>;
  },
): Promise<SharedPage> {
  const size = sizeOf(head);
  const [secret1, secret2, secret3] = of.secrets;
  const share1 = await expandShare(arithmetic, secret1, head);
  const share2 = await expandShare(arithmetic, secret2, head);
  // The measurement first: the proofs depend on the joint randomness, and that on each share of the measurement.
  const rest = arithmetic.subtract(of.measurement, measurementIn(share1), measurementIn(share2));
  const measurement = concatBytes(...usedRuns(size).map((run) => elementsIn(rest, run)));
  const parts: OfThree<Uint8Array> = [
    jointPartOf(1, secret1, head),
    jointPartOf(2, secret2, head),
    jointPartOf(3, secret3, head, measurement),
  ];
  // A wire's random point is the sum of three expansions: nobody has to be sent it.
  const wires3 = wholeShare({ wires: await expandWires(arithmetic, secret3, head) });
  const wires = arithmetic.sum([share1, share2, wires3]);
  const unproven = concatBytes(of.measurement, wires.subarray(8 * measurementLength));
  const proven = arithmetic.prove(unproven, await expandJointRand(arithmetic, parts, head));
  const explicit = arithmetic.subtract(proven, share1, share2);
  const bodies: PageBodies = [
    { secret: secret1 },
    { secret: secret2 },
    {
      secret: secret3,
      elements: concatBytes(measurement, valuesIn(explicit)),
      clinical: await clinicalRest(of.clinical, head, [secret1, secret2]),
    },
  ];
  const third = await keptOf(arithmetic, 3, head, bodies[2]);
  const hashes: OfThree<Uint8Array> = [
    keptHash(1, head, await keptOf(arithmetic, 1, head, bodies[0])),
    keptHash(2, head, await keptOf(arithmetic, 2, head, bodies[1])),
    keptHash(3, head, third),
  ];
  return { head, parts, hashes, bodies, third };
}

/** By opening the body as its server will. */
async function keptOf(
  arithmetic: PageArithmetic,
  server: ServerNumber,
  head: PageHead,
  body: PageBodies[number],
): Promise<KeptShare> {
  return truncateShare(arithmetic, await openBody(arithmetic, { server, head, body }));
}

/** The clinical codes less what the first two servers expand, mod 2^16. Rule VP-10. */
async function clinicalRest(
  codes: Uint16Array,
  head: PageHead,
  secrets: readonly Uint8Array[],
): Promise<Uint8Array> {
  const rest = codes.slice();
  for (const secret of secrets) {
    const expanded = bytesToCodes(await expandClinical(secret, head, codes.length));
    for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] ?? 0) - (expanded[i] ?? 0);
  }
  return codesToBytes(rest);
}
