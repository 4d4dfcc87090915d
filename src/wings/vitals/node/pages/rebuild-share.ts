import type { KemKey } from '../../../../crypto/kem.ts';
import { openWith } from '../../../../crypto/letter.ts';
import { equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { BlobId } from '../../../../primitives/ids.ts';
import { decodeAs, decodeViewsAs, encodeAs } from '../../../../primitives/shape.ts';
import { blobIdOf } from '../../../../storage/blob-id.ts';
import { batchLeafContent, keptHashIn, namesEnvelope } from '../../api/batch-leaf.ts';
import {
  bareHashIn,
  bareHashOf,
  boundOf,
  envelopeParts,
  type RecoveryEnvelope,
  recoveryEnvelope,
  sealedLength,
} from '../../api/envelope.ts';
import { headIn, type PageManifest, pageManifest } from '../../api/page.ts';
import type { PageArithmetic } from '../../crypto/pages/page-arithmetic.ts';
import { sealParts } from '../../crypto/pages/page-envelope.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { type KeptShare, keptHash } from '../../crypto/pages/page-keep.ts';
import { envelopedBytes, keptFromPart } from '../../crypto/pages/page-rebuild.ts';
import { vitalsNames } from '../../names.ts';
import type { KeptEnvelope, PageNames } from '../stores/page-store.ts';
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

/**
 * Whether the envelope that all of these manifests name for this server is of what it was just sent, made once more of that.
 * `parts`: in the order of the manifests; `secret`: of the first body. Throws ENVELOPE_BAD. Rule VS-32a.
 */
export async function requireOwnEnvelope(
  { trio, server, manifests }: EnvelopeOf,
  of: {
    /** Public, of this server. */
    readonly recoveryKey: Uint8Array;
    readonly secret: Uint8Array;
    readonly parts: readonly Uint8Array[];
  },
): Promise<void> {
  const bare = manifests.map(bareHashOf);
  const { recoveryKey, secret, parts } = of;
  const sealedFor = { trio, server, recoveryKey, bound: boundOf(bare), secret };
  const sealed = await sealParts(sealedFor, encodeAs(envelopeParts, parts));
  const made = encodeAs(recoveryEnvelope, { trio, server, manifests: bare, sealed });
  const id = blobIdOf(made);
  if (manifests.some(({ envelopes }) => envelopes[server - 1] !== id))
    throw envelopeBad('another share');
}

/** An envelope of this server that was opened: what is in it is secret, so of one piece of work alone. */
export interface OpenedEnvelope {
  readonly id: BlobId;
  readonly server: ServerNumber;
  /** The bare hashes of its pages' manifests. */
  readonly manifests: readonly Uint8Array[];
  /** In the same order. */
  readonly parts: readonly Uint8Array[];
}

/** Whose envelope it is, and what opens it. */
export interface EnvelopeOwner {
  readonly key: KemKey;
  /** Hex. */
  readonly trio: string;
  readonly server: ServerNumber;
}

/** Opens an envelope of this server, whichever pages it is of; `id` is that of its bytes. Throws ENVELOPE_BAD. Rule VS-33. */
export async function openEnvelope(
  { key, trio, server }: EnvelopeOwner,
  { id, bytes }: KeptEnvelope,
): Promise<OpenedEnvelope> {
  const envelope = readEnvelope(bytes);
  if (envelope.trio !== trio || envelope.server !== server) throw envelopeBad('of other pages');
  const parts = await openParts(key, envelope);
  return { id, server, manifests: envelope.manifests, parts };
}

/** A page as its manifest and its leaf say it, which are of each other: the leaf stands under the root of its batch. */
export type SharedPageNames = Pick<PageNames, 'manifest' | 'leaf'>;

/**
 * Exactly the share that a server kept of one page: from the envelope that the page's manifest names. Nothing is believed: what
 * comes out has the hash of the manifest, which stands in its batch on the ledger. Throws ENVELOPE_BAD. Rule VS-33.
 */
export async function shareIn(
  arithmetic: PageArithmetic,
  { id, server, manifests, parts }: OpenedEnvelope,
  page: SharedPageNames,
): Promise<KeptShare> {
  if (!namesEnvelope(page.leaf, server, id)) throw envelopeBad('not the one that is named');
  const head = headIn(page.manifest);
  const bare = bareHashIn(page.manifest, head);
  const part = parts[manifests.findIndex((it) => equalBytes(it, bare))];
  if (part === undefined) throw envelopeBad('of other pages');
  if (part.length !== envelopedBytes(server, head)) throw envelopeBad('another share');
  const kept = await keptFromPart(arithmetic, { server, head, part });
  if (!isKeptOf(page, server, kept)) throw envelopeBad('another share');
  return kept;
}

/** Whether a share has the hash of the manifest. Rule VP-15. */
export const isKeptOf = (
  { manifest, leaf }: SharedPageNames,
  server: ServerNumber,
  kept: KeptShare,
): boolean => equalBytes(keptHash(server, headIn(manifest), kept), keptHashIn(leaf, server));

/** `shareIn` of one page by itself: its manifest as the sensor signed it, its envelope as it came. Throws ENVELOPE_BAD. */
export async function rebuildShare(
  arithmetic: PageArithmetic,
  key: KemKey,
  of: {
    /** Hex. */
    readonly trio: string;
    readonly server: ServerNumber;
    readonly manifest: Uint8Array;
    readonly envelope: Uint8Array;
  },
): Promise<KeptShare> {
  const { trio, server, envelope: bytes } = of;
  const manifest = decodeAs(pageManifest, of.manifest);
  if (bytes.length === 0) throw envelopeBad('missing');
  const id = blobIdOf(bytes);
  if (manifest.envelopes[server - 1] !== id) throw envelopeBad('not the one that is named');
  const opened = await openEnvelope({ key, trio, server }, { id, bytes });
  const leaf = batchLeafContent(of.manifest, manifest);
  return shareIn(arithmetic, opened, { manifest: of.manifest, leaf });
}

function readEnvelope(bytes: Uint8Array): RecoveryEnvelope {
  try {
    return decodeViewsAs(recoveryEnvelope, bytes);
  } catch (error) {
    if (isCoded(error)) throw envelopeBad('of other pages');
    throw error;
  }
}

async function openParts(key: KemKey, of: RecoveryEnvelope): Promise<readonly Uint8Array[]> {
  const context = [hexToBytes(of.trio) ?? none, of.server];
  const { envelope: label } = vitalsNames.labels;
  try {
    const plain = await openWith(key, label, context, boundOf(of.manifests), of.sealed);
    return decodeViewsAs(envelopeParts, plain);
  } catch (error) {
    if (isCoded(error)) throw envelopeBad('does not open');
    throw error;
  }
}
