import { concatBytes } from '../../../../primitives/bytes.ts';
import { histogramBins } from '../histogram-edges.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { expandClinical, measurementStream, saltOf } from './page-expansion.ts';
import { type PageHead, type ServerNumber, sizeOf } from './page-head.ts';
import { type KeptShare, keptOf, truncateShare } from './page-keep.ts';
import { keptLength, type PageSize, pageVitals, type Run, rollLength } from './page-layout.ts';
import { openBody } from './page-open.ts';

const secretBytes = 32;
const saltBytes = 32;

/** Where the elements of a kept share stand that are not zero for everybody: k sums, their products, k histograms. */
function keptRuns({ k }: PageSize): readonly Run[] {
  const products: Run[] = [];
  for (let u = 0, from = pageVitals; u < k; u++) {
    products.push({ from, length: k - u });
    from += pageVitals - u;
  }
  const counters = { from: rollLength, length: histogramBins * k };
  return [{ from: 0, length: k }, ...products, counters];
}

const elementsIn = (runs: readonly Run[]): number =>
  runs.reduce((sum, { length }) => sum + length, 0);
/** By k. */
const usedElements = Array.from({ length: pageVitals + 1 }, (_, k) =>
  elementsIn(keptRuns({ n: 0, k })),
);

const packedBytes = ({ n, k }: PageSize): number =>
  8 * (usedElements[k] ?? 0) + 2 * n * k + saltBytes;

/** How long the part of one page is in the envelope of this server. Throws what `sizeOf` throws. Rule VS-30. */
export function envelopedBytes(server: ServerNumber, head: PageHead): number {
  const size = sizeOf(head);
  return server === 3 ? packedBytes(size) : secretBytes;
}

/** What server 3 keeps of a page, without what is zero for everybody: elements ‖ clinical ‖ salt. Rule VS-30. */
export function packKept(head: PageHead, kept: KeptShare): Uint8Array {
  const elements = concatBytes(kept.roll, kept.histogram);
  const used = keptRuns(sizeOf(head)).map(({ from, length }) =>
    elements.subarray(8 * from, 8 * (from + length)),
  );
  return concatBytes(...used, kept.clinical, kept.salt);
}

/** The other way; `packed` is as long as `envelopedBytes` says. Where all elements are used these are views of it. */
function unpackKept(head: PageHead, packed: Uint8Array): KeptShare {
  const size = sizeOf(head);
  const clinicalFrom = 8 * (usedElements[size.k] ?? 0);
  const saltFrom = clinicalFrom + 2 * size.n * size.k;
  const clinical = packed.subarray(clinicalFrom, saltFrom);
  return keptOf(elementsOf(size, packed), { clinical, salt: packed.subarray(saltFrom) });
}

function elementsOf(size: PageSize, packed: Uint8Array): Uint8Array {
  if (usedElements[size.k] === keptLength) return packed.subarray(0, 8 * keptLength);
  const elements = new Uint8Array(8 * keptLength);
  let at = 0;
  for (const { from, length } of keptRuns(size)) {
    elements.set(packed.subarray(at, at + 8 * length), 8 * from);
    at += 8 * length;
  }
  return elements;
}

/** The kept share of one page from its part of an envelope; that it is the one of the manifest is for the caller to see. */
export async function keptFromPart(
  arithmetic: PageArithmetic,
  of: { readonly server: ServerNumber; readonly head: PageHead; readonly part: Uint8Array },
): Promise<KeptShare> {
  const { server, head, part } = of;
  if (server === 3) return unpackKept(head, part);
  const size = sizeOf(head);
  const [stream, clinical] = await Promise.all([
    measurementStream(part, head),
    expandClinical(part, head, size.n * size.k),
  ]);
  const kept = arithmetic.keep(stream, size);
  if (kept !== undefined) return keptOf(kept, { clinical, salt: saltOf(part, head) });
  const body = { secret: part };
  return truncateShare(arithmetic, await openBody(arithmetic, { server, head, body }));
}
