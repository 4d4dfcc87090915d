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
