import { suite } from '../../../ledger/object-types.ts';
import { bytes, hexId, list, type Of, struct, typed } from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';
import { pagesPerUpload } from './page.ts';

/** The manifest's bytes as they are signed, and the sensor's signature. */
const signedManifest = struct({ manifest: bytes(), signature: bytes(64) });
export type SignedManifest = Of<typeof signedManifest>;

/** Pages of one sensor on their way to one server. Source: vitals-servers.md, rule VS-7. */
export const pageUpload = typed(suite, vitalsObjects.pageUpload, {
  trio: hexId(32),
  pages: list(signedManifest, { least: 1, most: pagesPerUpload }),
  /** The bodies, sealed to the server's X-Wing key. */
  sealed: bytes(),
  /** The recovery envelope that this server keeps for another one; empty: the manifests name none. */
  envelope: bytes(),
});
export type PageUpload = Of<typeof pageUpload>;

/** 16 pages of 64 x 5 for server 3, their manifests and an envelope take 200 kB. */
export const maxUploadBytes = 256 * 1024;
