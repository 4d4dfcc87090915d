import type { OfThree, ServerNumber } from './page-head.ts';
import type { PageSize } from './page-layout.ts';

/**
 * The arithmetic of page proofs: everything that is no cryptography, and `judge`. Vectors are little-endian elements of 8 bytes.
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
   * A share as its server judges it, with all expansions that it takes and the hash of what is kept. Undefined where it is to
   * be made of its parts: without a kernel, for its expansions are the platform's, and when a stream holds too few elements.
   */
  judge(of: SharePage): JudgedShare | undefined;
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

/** A share and what its server knows beside it. */
export interface SharePage extends PageSize {
  readonly server: ServerNumber;
  /** Of servers 1 and 2 the stream that it is sampled from; of server 3 what it was sent, which is elements, and that of its wires. */
  readonly share:
    | { readonly stream: Uint8Array }
    | { readonly sent: Uint8Array; readonly wires: Uint8Array };
  readonly secret: Uint8Array;
  readonly binder: Uint8Array;
  readonly verifyKey: Uint8Array;
  /** The manifest's; server 3 has its own in its place, servers 1 and 2 find theirs. */
  readonly parts: OfThree<Uint8Array>;
  /** Of server 3, which was sent it; undefined for servers 1 and 2, who expand it. */
  readonly clinical: Uint8Array | undefined;
}

export interface JudgedShare {
  /** What the share gives to the joint randomness. */
  readonly part: Uint8Array;
  readonly jointRand: Uint8Array;
  readonly verifier: Uint8Array;
  /** 20 + 160 elements, clinical lane and salt: what is kept. */
  readonly elements: Uint8Array;
  readonly clinical: Uint8Array;
  readonly salt: Uint8Array;
  /** Of what is kept, as the manifest has it. */
  readonly hash: Uint8Array;
}
