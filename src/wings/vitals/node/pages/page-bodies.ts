import { CodedError } from '../../../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, struct } from '../../../../primitives/shape.ts';
import { explicitBodies, type PageManifest, seedBodies } from '../../api/page.ts';
import type { PageHead, ServerNumber } from '../../crypto/pages/page-head.ts';
import type { ExplicitBody, SeedBody } from '../../crypto/pages/page-open.ts';

export const headOf = (of: PageManifest): PageHead => ({
  ...{ page: of.page, nonce: of.nonce, n: of.n, panel: of.panel, edges: of.edges },
});

const seedBody = struct({ secret: bytes(32) });
const explicitBody = struct({ secret: bytes(32), elements: bytes(), clinical: bytes() });

/** One body each of `count` pages, as they are kept while they wait. Throws CBOR_SHAPE, BODY_LENGTH: another number of pages. */
export function splitBodies(
  server: ServerNumber,
  plain: Uint8Array,
  count: number,
): readonly Uint8Array[] {
  const bodies =
    server === 3
      ? decodeAs(explicitBodies, plain).pages.map((it) => encodeAs(explicitBody, it))
      : decodeAs(seedBodies, plain).secrets.map((secret) => encodeAs(seedBody, { secret }));
  if (bodies.length !== count) throw new CodedError('BODY_LENGTH', { pages: bodies.length });
  return bodies;
}

/** The other way of `splitBodies`. */
export const keptBody = (server: ServerNumber, body: Uint8Array): SeedBody | ExplicitBody =>
  server === 3 ? decodeAs(explicitBody, body) : decodeAs(seedBody, body);
