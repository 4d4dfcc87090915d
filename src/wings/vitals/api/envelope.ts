import { sha256 } from '../../../crypto/hash.ts';
import { suite } from '../../../ledger/object-types.ts';
import { bytes, encodeAs, hexId, list, type Of, typed, uintTo } from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';
import { type ManifestHead, type PageManifest, pageManifest, pagesPerUpload } from './page.ts';

/**
 * From what one data server is rebuilt: its shares of the pages of one upload, sealed by the sensor to that server's recovery
 * key and kept by another server. Source: docs/protocol/vitals-servers.md, rules VS-27 to VS-34.
 */
export const recoveryEnvelope = typed(suite, vitalsObjects.recoveryEnvelope, {
  trio: hexId(32),
  /** Whose shares these are. */
  server: uintTo(3),
  /** `bareHashOf` of the manifests, in their order. */
  manifests: list(bytes(32), { least: 1, most: pagesPerUpload }),
  sealed: bytes(),
});
export type RecoveryEnvelope = Of<typeof recoveryEnvelope>;

/** A manifest without its envelopes: the ids name what is sealed, so what is sealed cannot be bound to them. Rule VS-29. */
export const bareHashOf = (manifest: PageManifest): Uint8Array =>
  sha256(encodeAs(pageManifest, { ...manifest, envelopes: [] }));

/** The same of a manifest as it travels: its envelopes and edges stand last, and nothing before them is written anew. */
export const bareHashIn = (bytes: Uint8Array, { bareBytes, edges }: ManifestHead): Uint8Array =>
  sha256(bytes.subarray(0, bareBytes), noEnvelopes, bytes.subarray(edges < 24 ? -1 : -2));
/** An empty list. */
const noEnvelopes = Uint8Array.of(0x80);

/** What is sealed: a page's part each, in the order of the manifests. */
export const envelopeParts = list(bytes(), { least: 1, most: pagesPerUpload });

/** X-Wing's encapsulation and a tag: what `sealTo` adds. */
const sealBytes = 1120 + 16;
/** How long `sealed` is for parts of these lengths: nobody hides more in it, or less. */
export const sealedLength = (parts: readonly number[]): number =>
  sealBytes +
  encodeAs(
    envelopeParts,
    parts.map((length) => new Uint8Array(length)),
  ).length;

/** What an envelope is bound to beside its context. */
export const boundOf = (bareHashes: readonly Uint8Array[]): Uint8Array => sha256(...bareHashes);

const places = [1, 2, 3] as const;
type Place = (typeof places)[number];

/** Who keeps the envelopes of a server: the next one in the ring 1-2-3 (rule VS-31). */
export const keeperOf = (server: Place): Place => places[server % 3] ?? 1;
/** Whose envelopes a server keeps. */
export const keptFor = (keeper: Place): Place => places[(keeper + 1) % 3] ?? 1;
