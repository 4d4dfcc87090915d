import { sha256 } from '../../../crypto/hash.ts';
import { leafHash } from '../../../ledger/merkle.ts';
import { concatBytes, utf8 } from '../../../primitives/bytes.ts';
import type { PageManifest } from './page.ts';

/** What of a page is a leaf's content in its batch. Source: docs/protocol/vitals-servers.md, rule VS-15. */
export const batchLeafContent = (
  manifest: Uint8Array,
  { hashes, envelopes }: Pick<PageManifest, 'hashes' | 'envelopes'>,
): Uint8Array => concatBytes(sha256(manifest), ...hashes, ...envelopes.map((it) => utf8(it)));

/** The leaf itself, as it stands in the tree of RFC 9162. */
export const batchLeaf = (
  manifest: Uint8Array,
  of: Pick<PageManifest, 'hashes' | 'envelopes'>,
): Uint8Array => leafHash(batchLeafContent(manifest, of));
