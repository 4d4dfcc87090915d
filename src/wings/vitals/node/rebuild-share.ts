import type { KemKey } from '../../../crypto/kem.ts';
import { openWith } from '../../../crypto/letter.ts';
import { equalBytes, hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { BlobId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { blobIdOf } from '../../../storage/blob-id.ts';
import {
  bareHashOf,
  boundOf,
  envelopeParts,
  type RecoveryEnvelope,
  recoveryEnvelope,
  sealedLength,
} from '../api/envelope.ts';
import { type PageManifest, pageManifest } from '../api/page.ts';
import type { PageArithmetic } from '../crypto/page-arithmetic.ts';
import type { ServerNumber } from '../crypto/page-head.ts';
import { type KeptShare, keptHash } from '../crypto/page-keep.ts';
import { envelopedBytes, keptFromPart } from '../crypto/page-rebuild.ts';
import { vitalsNames } from '../names.ts';
import { headOf } from './page-bodies.ts';

const none = new Uint8Array(0);

/** Why an envelope is none; nothing is told of what stands in it. */
export type BadEnvelope =
  | 'missing'
  | 'not the one that is named'
  | 'of other pages'
  | 'does not open'
  | 'another share';
export const envelopeBad = (because: BadEnvelope): CodedError =>
  new CodedError('ENVELOPE_BAD', { because });

/** The envelopes of one upload: what an envelope says in clear must be what it was made for. */
export interface EnvelopeOf {
  /** Hex. */
  readonly trio: string;
  /** Whose shares it holds. */
  readonly server: ServerNumber;
  readonly manifests: readonly PageManifest[];
}

/**
 * Whether these bytes are the envelope of one server that all of these manifests name, as far as anybody can see without its
 * key: by id, trio, server, pages in their order, and length. Throws ENVELOPE_BAD. Rule VS-32.
 */
export function requireEnvelope(bytes: Uint8Array, { trio, server, manifests }: EnvelopeOf): void {
  if (bytes.length === 0) throw envelopeBad('missing');
  const id = blobIdOf(bytes);
  if (manifests.some(({ envelopes }) => envelopes[server - 1] !== id))
    throw envelopeBad('not the one that is named');
  const envelope = readEnvelope(bytes);
  const hashes = manifests.map(bareHashOf);
  const isOfThese =
    envelope.trio === trio &&
    envelope.server === server &&
    envelope.manifests.length === hashes.length &&
    hashes.every((hash, at) => equalBytes(hash, envelope.manifests[at] ?? none));
  const lengths = manifests.map((it) => envelopedBytes(server, headOf(it)));
  const expected = sealedLength(lengths);
  if (!isOfThese || envelope.sealed.length !== expected) throw envelopeBad('of other pages');
}

/** What is in envelopes that were opened, by their ids: secret, so of one piece of work alone. */
export type OpenedParts = Map<BlobId, readonly Uint8Array[]>;

/**
 * Exactly the share that a server kept of one page: from the envelope that the page's manifest names, and the server's
 * recovery key. Nothing is believed: what comes out has the hash of the manifest, which
 * stands in its batch on the ledger. Throws ENVELOPE_BAD. Rule VS-33.
 */
export async function rebuildShare(
  arithmetic: PageArithmetic,
  key: KemKey,
  of: {
    /** Hex. */
    readonly trio: string;
    readonly server: ServerNumber;
    /** The page's, as the sensor signed it. */
    readonly manifest: Uint8Array;
    readonly envelope: Uint8Array;
  },
  opened: OpenedParts = new Map(),
): Promise<KeptShare> {
  const { trio, server, envelope: bytes } = of;
  const manifest = decodeAs(pageManifest, of.manifest);
  if (bytes.length === 0) throw envelopeBad('missing');
  const id = blobIdOf(bytes);
  if (manifest.envelopes[server - 1] !== id) throw envelopeBad('not the one that is named');
  const envelope = readEnvelope(bytes);
  if (envelope.trio !== trio || envelope.server !== server) throw envelopeBad('of other pages');
  const parts = opened.get(id) ?? (await openParts(key, envelope));
  opened.set(id, parts);
  const part = partOf(parts, envelope, { server, manifest });
  const head = headOf(manifest);
  const kept = await keptFromPart(arithmetic, { server, head, part });
  const hash = manifest.hashes[server - 1] ?? manifest.hashes[0];
  if (!equalBytes(keptHash(server, head, kept), hash)) throw envelopeBad('another share');
  return kept;
}

function readEnvelope(bytes: Uint8Array): RecoveryEnvelope {
  try {
    return decodeAs(recoveryEnvelope, bytes);
  } catch (error) {
    if (isCoded(error)) throw envelopeBad('of other pages');
    throw error;
  }
}

/** The part of one page in an envelope that is opened. Throws ENVELOPE_BAD. */
function partOf(
  parts: readonly Uint8Array[],
  envelope: RecoveryEnvelope,
  of: { readonly server: ServerNumber; readonly manifest: PageManifest },
): Uint8Array {
  const bare = bareHashOf(of.manifest);
  const at = envelope.manifests.findIndex((it) => equalBytes(it, bare));
  if (at === -1) throw envelopeBad('of other pages');
  const part = parts[at];
  if (part?.length !== envelopedBytes(of.server, headOf(of.manifest)))
    throw envelopeBad('another share');
  return part;
}

async function openParts(key: KemKey, of: RecoveryEnvelope): Promise<readonly Uint8Array[]> {
  const context = [hexToBytes(of.trio) ?? none, of.server];
  const { envelope: label } = vitalsNames.labels;
  try {
    const plain = await openWith(key, label, context, boundOf(of.manifests), of.sealed);
    return decodeAs(envelopeParts, plain);
  } catch (error) {
    if (isCoded(error)) throw envelopeBad('does not open');
    throw error;
  }
}
