import { sha256 } from '../../../crypto/hash.ts';
import { leafHash } from '../../../ledger/merkle.ts';
import { concatBytes, utf8, utf8ToText } from '../../../primitives/bytes.ts';
import { type BlobId, parseBlobId } from '../../../primitives/ids.ts';
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

/** Of a leaf's content H_k of a server. */
export const keptHashIn = (leaf: Uint8Array, server: number): Uint8Array =>
  leaf.subarray(32 * server, 32 * (server + 1));

const hashesEnd = 32 * 4;
/** Of an id, which is text of this length. */
const idBytes = 59;

/** Of a leaf's content the name of the recovery envelope of a server; undefined: the page names none. Throws ID_FORMAT. */
export function envelopeIn(leaf: Uint8Array, server: number): BlobId | undefined {
  const from = hashesEnd + idBytes * (server - 1);
  if (from >= leaf.length) return undefined;
  return parseBlobId(utf8ToText(leaf.subarray(from, from + idBytes)));
}

/** Whether it is this one, without a text made of it. */
export function namesEnvelope(leaf: Uint8Array, server: number, id: BlobId): boolean {
  const from = hashesEnd + idBytes * (server - 1);
  for (let at = 0; at < idBytes; at++) if (leaf[from + at] !== id.charCodeAt(at)) return false;
  return true;
}
