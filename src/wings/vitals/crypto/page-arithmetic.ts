import type { PageSize } from './page-layout.ts';

/**
 * The arithmetic of page proofs: everything that is no cryptography. Vectors are little-endian elements of 8 bytes.
 * Two implementations give the same bytes: `page-arithmetic-plain.ts`, to read and to compare with, and
 * `page-arithmetic-wasm.ts`, to use. What comes from others is told by `isCanonical`; the rest takes elements alone.
 */
export interface PageArithmetic {
  /** The first `count` words of a stream that are elements; undefined when it holds fewer. */
  sample(stream: Uint8Array, count: number): Uint8Array | undefined;
  isCanonical(elements: Uint8Array): boolean;
  /** Whether an element is one of the 128 roots of unity at which polynomials are given. */
  isNode(element: Uint8Array): boolean;
  /** a - b - c. */
  subtract(a: Uint8Array, b: Uint8Array, c: Uint8Array): Uint8Array;
  /** Element by element, of vectors of one length: shares become what was shared. */
  sum(vectors: readonly Uint8Array[]): Uint8Array;
  /** A share's measurement with what n and k say is not there set to zero; the rest as it is. */
  clearUnused(share: Uint8Array, size: PageSize): Uint8Array;
  /** A whole measurement with the wires' random points becomes one with the proofs' values too. */
  prove(whole: Uint8Array, jointRand: Uint8Array): Uint8Array;
  /** One server's verifier share, 3 x 191 elements, of its cleared share. `isFirst`: it adds the constants. */
  query(share: Uint8Array, at: QueryPoint): Uint8Array;
  /**
   * What a server says and keeps of its share, in one call: `query` and `truncate` of the share once it is cleared. `share`:
   * 1923 elements, or a stream that they are sampled from; undefined when it holds fewer.
   */
  prepare(
    share: { readonly elements: Uint8Array } | { readonly stream: Uint8Array },
    at: QueryPoint,
  ): { readonly verifier: Uint8Array; readonly kept: Uint8Array } | undefined;
  /** Whether the verifier shares of all three accept; false too for words that are no elements. */
  decide(verifiers: readonly Uint8Array[], jointRand: Uint8Array): boolean;
  /** Of a cleared share: 20 + 160 elements that a server keeps. */
  truncate(share: Uint8Array): Uint8Array;
  /** The same of a share that is sampled from a stream, whose measurement is enough; undefined when it holds fewer. */
  keep(stream: Uint8Array, size: PageSize): Uint8Array | undefined;
}

/** Where a share is asked. */
export interface QueryPoint extends PageSize {
  readonly jointRand: Uint8Array;
  readonly queryRand: Uint8Array;
  readonly isFirst: boolean;
}
