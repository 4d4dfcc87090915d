import { sha256 } from '../../../../crypto/hash.ts';
import { sealTo } from '../../../../crypto/letter.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { type SigningKey, signLabelled } from '../../../../crypto/signature.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { explicitBodies, pageManifest, seedBodies } from '../../api/page.ts';
import { pageUpload, type SignedManifest } from '../../api/upload.ts';
import type { PageArithmetic } from '../../crypto/page-arithmetic.ts';
import { type OfThree, pageIdOf } from '../../crypto/page-head.ts';
import { type SharedPage, sharePage } from '../../crypto/page-share.ts';
import type { PageValues } from '../../crypto/page-values.ts';
import { vitalsNames } from '../../names.ts';

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

/** Whose pages are sent where. */
export interface SensorLine {
  readonly key: SigningKey;
  /** 16 bytes. */
  readonly pseudonym: Uint8Array;
  readonly trio: string;
  /** X-Wing keys, in the order of the trio. */
  readonly kemKeys: OfThree<Uint8Array>;
}

/** Shares a page anew and signs its manifest. Throws what `sharePage` throws. Rules VP-8, VP-16. */
export async function signPage(
  arithmetic: PageArithmetic,
  { key, pseudonym }: Pick<SensorLine, 'key' | 'pseudonym'>,
  { sequence, startHour, values }: NumberedPage,
): Promise<SignedPage> {
  const page = pageIdOf(key.publicKey, values.panel, sequence);
  const secrets: OfThree<Uint8Array> = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const shared = await sharePage(arithmetic, page, values, { nonce: randomBytes(16), secrets });
  const { head, parts, hashes } = shared;
  const manifest = encodeAs(pageManifest, {
    ...{ page, pseudonym, panel: head.panel, sequence, startHour, n: head.n, nonce: head.nonce },
    ...{ parts, hashes, envelopes: [], edges: head.edges },
  });
  const signature = await signLabelled(key, vitalsNames.labels.pageManifest, manifest);
  return { shared, signed: { manifest, signature } };
}

/** What each of the three servers is sent of up to 16 pages. Rule VS-7. */
export async function uploadsOf(
  { trio, kemKeys }: Pick<SensorLine, 'trio' | 'kemKeys'>,
  pages: readonly SignedPage[],
): Promise<OfThree<Uint8Array>> {
  const bodies = pages.map(({ shared }) => shared.bodies);
  const secrets = (at: 0 | 1) =>
    encodeAs(seedBodies, { secrets: bodies.map((body) => body[at].secret) });
  const third = encodeAs(explicitBodies, { pages: bodies.map((body) => body[2]) });
  const bound = sha256(...pages.map(({ signed }) => signed.manifest));
  const seal = async (server: 1 | 2 | 3, kemKey: Uint8Array, plain: Uint8Array) => {
    const context = [hexToBytes(trio) ?? new Uint8Array(0), server];
    const sealed = await sealTo(kemKey, vitalsNames.labels.body, context, bound, plain);
    return encodeAs(pageUpload, { trio, pages: pages.map(({ signed }) => signed), sealed });
  };
  const [first, second, last] = kemKeys;
  return [
    await seal(1, first, secrets(0)),
    await seal(2, second, secrets(1)),
    await seal(3, last, third),
  ];
}
