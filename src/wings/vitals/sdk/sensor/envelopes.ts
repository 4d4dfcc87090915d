import { encodeAs } from '../../../../primitives/shape.ts';
import { blobIdOf } from '../../../../storage/blob-id.ts';
import { bareHashOf, boundOf, envelopeParts, recoveryEnvelope } from '../../api/envelope.ts';
import type { PageManifest } from '../../api/page.ts';
import { sealParts } from '../../crypto/pages/page-envelope.ts';
import type { OfThree, ServerNumber } from '../../crypto/pages/page-head.ts';
import { packKept } from '../../crypto/pages/page-rebuild.ts';
import type { SharedPage } from '../../crypto/pages/page-share.ts';

/** The three envelopes of pages that are sent together, in the order of the trio, and the ids by which manifests name them. */
export interface Envelopes {
  readonly bytes: OfThree<Uint8Array>;
  readonly ids: PageManifest['envelopes'];
}

/**
 * Seals of up to 16 pages, to each server's recovery key, from what its share of them can be made again. `manifests` name no
 * envelopes yet. Throws KEY_WEAK. Rules VS-29 and VS-30.
 */
export async function sealEnvelopes(
  { trio, recoveryKeys }: { readonly trio: string; readonly recoveryKeys: OfThree<Uint8Array> },
  pages: readonly { readonly shared: SharedPage; readonly manifest: PageManifest }[],
): Promise<Envelopes> {
  const manifests = pages.map(({ manifest }) => bareHashOf(manifest));
  const bound = boundOf(manifests);
  const seal = async (server: ServerNumber, recoveryKey: Uint8Array): Promise<Uint8Array> => {
    const parts = pages.map(({ shared }) => partOf(server, shared));
    const secret = pages[0]?.shared.bodies[server - 1]?.secret ?? new Uint8Array(0);
    const of = { trio, server, recoveryKey, bound, secret };
    const sealed = await sealParts(of, encodeAs(envelopeParts, parts));
    return encodeAs(recoveryEnvelope, { trio, server, manifests, sealed });
  };
  const [first, second, third] = recoveryKeys;
  const bytes: OfThree<Uint8Array> = [
    await seal(1, first),
    await seal(2, second),
    await seal(3, third),
  ];
  return { bytes, ids: bytes.map((it) => blobIdOf(it)) };
}

/** Servers 1 and 2 expand theirs from 32 bytes; server 3 kept what is left. */
function partOf(server: ServerNumber, { head, bodies, third }: SharedPage): Uint8Array {
  if (server === 3) return packKept(head, third);
  return bodies[server === 1 ? 0 : 1].secret;
}
