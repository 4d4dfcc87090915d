import { suite } from '../../../ledger/object-types.ts';
import { CodedError } from '../../../primitives/errors.ts';
import {
  blobId,
  bytes,
  list,
  type Of,
  type Shape,
  struct,
  typed,
  uint,
  uintTo,
} from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';

/** One of each server, in the order of the dataset. */
const ofThree = <T>(shape: Shape<T>): Shape<readonly [T, T, T]> => {
  const entries = list(shape, { least: 3, most: 3 });
  return {
    encode: (three) => entries.encode(three),
    decode(value, field) {
      const [first, second, third] = entries.decode(value, field);
      if (first === undefined || second === undefined || third === undefined) {
        throw new CodedError('CBOR_SHAPE', { field });
      }
      return [first, second, third];
    },
  };
};
/** As many pages as travel under one encapsulation. */
export const pagesPerUpload = 16;

/** What all three servers are sent of a page, the same bytes; the sensor signs them (rule VP-16). */
export const pageManifest = typed(suite, vitalsObjects.pageManifest, {
  page: bytes(16),
  pseudonym: bytes(16),
  panel: uintTo(255),
  sequence: uint,
  startHour: uintTo(2 ** 32 - 1),
  n: uintTo(64),
  nonce: bytes(16),
  parts: ofThree(bytes(32)),
  hashes: ofThree(bytes(32)),
  /** The recovery envelopes of the three servers, or none. */
  envelopes: list(blobId, { most: 3 }),
  edges: uintTo(255),
});
export type PageManifest = Of<typeof pageManifest>;

/** What of a manifest binds a share to its page. */
export interface ManifestHead {
  readonly page: Uint8Array;
  readonly nonce: Uint8Array;
  readonly n: number;
  readonly panel: number;
  readonly edges: number;
  /** So many bytes stand before its envelopes. */
  readonly bareBytes: number;
}

/**
 * The same from bytes that were decoded once, or are bound to some that were: views. Of thousands of pages, of which nothing
 * else is wanted, decoding costs as much as the hash of a share.
 */
export function headIn(manifest: Uint8Array): ManifestHead {
  // The array's head, suite and type; then the fields of `pageManifest` in their order.
  let at = uintEnd(manifest, uintEnd(manifest, 1));
  const page = manifest.subarray(at + 1, at + 17);
  const panel = uintEnd(manifest, at + 34) - 1;
  const sequence = uintEnd(manifest, panel + 1);
  at = uintEnd(manifest, sequence);
  const n = uintEnd(manifest, at) - 1;
  const nonce = manifest.subarray(n + 2, n + 18);
  const bareBytes = n + 18 + 2 * hashesBytes;
  // Of a number of up to two bytes the last one is the number.
  const [ofPanel = 0, ofN = 0, edges = 0] = [manifest[panel], manifest[n], manifest.at(-1)];
  return { page, nonce, n: ofN, panel: ofPanel, edges, bareBytes };
}
/** A list of three hashes, with heads of one and of two bytes. */
const hashesBytes = 1 + 3 * (2 + 32);

/** Where a whole number ends that begins at a place. */
function uintEnd(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) & 31;
  return at + 1 + (low < 24 ? 0 : 1 << (low - 24));
}

/** What server 1 or 2 is sent of several pages, in the order of their manifests (rule VP-17). */
export const seedBodies = typed(suite, vitalsObjects.seedBodies, {
  secrets: list(bytes(32), { most: pagesPerUpload }),
});
export type SeedBodies = Of<typeof seedBodies>;

/** What server 3 is sent of them. */
export const explicitBodies = typed(suite, vitalsObjects.explicitBodies, {
  pages: list(struct({ secret: bytes(32), elements: bytes(), clinical: bytes() }), {
    most: pagesPerUpload,
  }),
});
export type ExplicitBodies = Of<typeof explicitBodies>;
