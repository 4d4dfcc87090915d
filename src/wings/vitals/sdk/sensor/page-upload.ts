import { sha256 } from '../../../../crypto/hash.ts';
import { sealTo } from '../../../../crypto/letter.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { type SigningKey, signLabelled } from '../../../../crypto/signature.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { keptFor } from '../../api/envelope.ts';
import { explicitBodies, type PageManifest, pageManifest, seedBodies } from '../../api/page.ts';
import { pageUpload, type SignedManifest } from '../../api/upload.ts';
import type { PageArithmetic } from '../../crypto/pages/page-arithmetic.ts';
import { type OfThree, pageIdOf } from '../../crypto/pages/page-head.ts';
import { type SharedPage, sharePage } from '../../crypto/pages/page-share.ts';
import type { PageValues } from '../../crypto/pages/page-values.ts';
import { vitalsNames } from '../../names.ts';
import { sealEnvelopes } from './envelopes.ts';

/** A page with its number, before it is shared. */
export interface NumberedPage {
  readonly sequence: number;
  /** Hours since 1970. */
  readonly startHour: number;
  readonly values: PageValues;
}

/** A page that was shared and signed: one sharing of it, with a nonce of its own. */
export interface SignedPage {
  readonly shared: SharedPage;
  readonly signed: SignedManifest;
}

/** Pages that go to the servers together. */
export interface SignedPages {
  readonly pages: readonly SignedPage[];
  /** In the order of the trio; missing: the manifests name none. */
  readonly envelopes?: OfThree<Uint8Array>;
}

/** Whose pages are sent where. */
export interface SensorLine {
  readonly key: SigningKey;
  /** 16 bytes. */
  readonly pseudonym: Uint8Array;
  readonly trio: string;
  /** X-Wing keys, in the order of the trio. */
  readonly kemKeys: OfThree<Uint8Array>;
  /** Of the three recovery keys (rule VS-28); missing: one of the servers has published none, and no envelopes are made. */
  readonly recoveryKeys?: OfThree<Uint8Array> | undefined;
}

/**
 * Shares up to 16 pages anew, makes their recovery envelopes and signs their manifests. Throws what `sharePage` throws,
 * KEY_WEAK. Rules VP-8, VP-16, VS-29.
 */
export async function signPages(
  arithmetic: PageArithmetic,
  line: Omit<SensorLine, 'kemKeys'>,
  pages: readonly NumberedPage[],
): Promise<SignedPages> {
  const made = await Promise.all(pages.map((page) => shareNumbered(arithmetic, line, page)));
  const { recoveryKeys, trio, key } = line;
  const envelopes = recoveryKeys && (await sealEnvelopes({ trio, recoveryKeys }, made));
  const signed = await Promise.all(
    made.map(({ shared, manifest }) =>
      signManifest(key, shared, { ...manifest, envelopes: envelopes?.ids ?? [] }),
    ),
  );
  return { pages: signed, ...(envelopes && { envelopes: envelopes.bytes }) };
}

async function shareNumbered(
  arithmetic: PageArithmetic,
  { key, pseudonym }: Pick<SensorLine, 'key' | 'pseudonym'>,
  { sequence, startHour, values }: NumberedPage,
): Promise<{ readonly shared: SharedPage; readonly manifest: PageManifest }> {
  const page = pageIdOf(key.publicKey, values.panel, sequence);
  const secrets: OfThree<Uint8Array> = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const shared = await sharePage(arithmetic, page, values, { nonce: randomBytes(16), secrets });
  const { head, parts, hashes } = shared;
  const manifest = {
    ...{ page, pseudonym, panel: head.panel, sequence, startHour, n: head.n, nonce: head.nonce },
    ...{ parts, hashes, envelopes: [], edges: head.edges },
  };
  return { shared, manifest };
}

async function signManifest(
  key: SigningKey,
  shared: SharedPage,
  of: PageManifest,
): Promise<SignedPage> {
  const manifest = encodeAs(pageManifest, of);
  const signature = await signLabelled(key, vitalsNames.labels.pageManifest, manifest);
  return { shared, signed: { manifest, signature } };
}

/** What each of the three servers is sent of up to 16 pages. Rules VS-7 and VS-31. */
export async function uploadsOf(
  { trio, kemKeys }: Pick<SensorLine, 'trio' | 'kemKeys'>,
  { pages, envelopes }: SignedPages,
): Promise<OfThree<Uint8Array>> {
  const bodies = pages.map(({ shared }) => shared.bodies);
  const secrets = (at: 0 | 1) =>
    encodeAs(seedBodies, { secrets: bodies.map((body) => body[at].secret) });
  const third = encodeAs(explicitBodies, { pages: bodies.map((body) => body[2]) });
  const bound = sha256(...pages.map(({ signed }) => signed.manifest));
  const seal = async (server: 1 | 2 | 3, kemKey: Uint8Array, plain: Uint8Array) => {
    const context = [hexToBytes(trio) ?? new Uint8Array(0), server];
    const sealed = await sealTo(kemKey, vitalsNames.labels.body, context, bound, plain);
    const envelope = envelopes?.[keptFor(server) - 1] ?? new Uint8Array(0);
    return encodeAs(pageUpload, {
      trio,
      pages: pages.map(({ signed }) => signed),
      sealed,
      envelope,
    });
  };
  const [first, second, last] = kemKeys;
  return [
    await seal(1, first, secrets(0)),
    await seal(2, second, secrets(1)),
    await seal(3, last, third),
  ];
}
