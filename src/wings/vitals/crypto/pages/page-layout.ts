import { histogramBins } from '../histogram-edges.ts';
import { pageRows } from './page-values.ts';

/**
 * Where what stands in a page's measurement, its proofs and what a server says of them, in elements of 8 bytes.
 * Source: docs/protocol/vitals-pages.md, rules VP-7 and VP-12.
 */
export const pageVitals = 5;
export const pageProofs = 3;
export const pairs = (pageVitals * (pageVitals + 1)) / 2;
/** Two base-16 digits, low first, of each of 64 x 5 statistics codes. */
export const digits = pageRows * pageVitals * 2;
/** Then those of 5 x 32 counters: everything that is proven to be a digit. */
export const ranged = digits + pageVitals * histogramBins * 2;
/** Then the 15 sums of products. */
export const measurementLength = ranged + pairs;

/** The calls of a gadget; with the random point a wire has 8 nodes. */
export const calls = 7;
export const wireNodes = 8;
export const rangeDegree = 16;
export const rangeWires = Math.ceil(ranged / calls);
export const rangeValues = rangeDegree * (wireNodes - 1) + 1;
export const productRows = Math.ceil(pageRows / calls);
export const productWires = productRows * pageVitals;
export const productValues = 2 * (wireNodes - 1) + 1;
/** Of the polynomials' nodes; a point of query is no root of unity of this order. */
export const polynomialNodes = 128;

export const wiresPerProof = rangeWires + productWires;
export const valuesPerProof = rangeValues + productValues;
export const shareLength = measurementLength + pageProofs * (wiresPerProof + valuesPerProof);
/** r and tau of each proof. */
export const jointRandLength = 2 * pageProofs;
/** rho and z of each proof. */
export const queryRandLength = 2 * pageProofs;
export const verifierLength = 1 + rangeWires + 1 + productWires + 1;
/** 5 sums, 15 sums of products, 160 counters. */
export const rollLength = pageVitals + pairs;
export const keptLength = rollLength + pageVitals * histogramBins;

/** What may stand on a page: n rows of k vital signs. */
export interface PageSize {
  readonly n: number;
  readonly k: number;
}

/** A stretch of elements. */
export interface Run {
  readonly from: number;
  readonly length: number;
}

/** Where the elements of the measurement stand that are not zero for everybody, ascending: what the third body carries. */
export function usedRuns({ n, k }: PageSize): readonly Run[] {
  const width = 2 * pageVitals;
  const rows =
    k === pageVitals
      ? [{ from: 0, length: n * width }]
      : Array.from({ length: n }, (_, row) => ({ from: row * width, length: 2 * k }));
  const products: Run[] = [];
  for (let u = 0, from = ranged; u < k; u++) {
    products.push({ from, length: k - u });
    from += pageVitals - u;
  }
  return [...rows, { from: digits, length: 2 * histogramBins * k }, ...products];
}

/** How many those are. */
export const usedLength = ({ n, k }: PageSize): number =>
  2 * n * k + 2 * histogramBins * k + (k * (k + 1)) / 2;
