import { sha256 } from '../../../../crypto/hash.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { keptHashIn } from '../../api/batch-leaf.ts';
import { headIn } from '../../api/page.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { keptHash } from '../../crypto/pages/page-keep.ts';
import type { Row } from './page-rows.ts';
import type { StoredShare } from './page-store.ts';

/** What the row of a page is held to beside its MAC (VT-5): its manifest to the hash of it, its share to H_k. */

/** Whether the manifest is the one that the row names; what of it is a leaf is, too. */
export function isManifestHeld({ manifest, manifest_hash: hash, leaf }: Row): boolean {
  return (
    manifest instanceof Uint8Array &&
    hash instanceof Uint8Array &&
    leaf instanceof Uint8Array &&
    equalBytes(sha256(manifest), hash) &&
    equalBytes(leaf.subarray(0, 32), hash)
  );
}

/** Whether a share is the one that was accepted, of the page of this row, whose manifest is held. */
export function isShareKept({ manifest, leaf }: Row, number: ServerNumber, kept: StoredShare) {
  if (!(manifest instanceof Uint8Array) || !(leaf instanceof Uint8Array)) return false;
  // The leaf is under the MAC and, sealed, under the root: its hashes are the manifest's.
  return equalBytes(keptHash(number, headIn(manifest), kept), keptHashIn(leaf, number));
}
