import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xwingKeyFromSeed } from '../../../../crypto/kem.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { decodeAs, encodeAs } from '../../../../primitives/shape.ts';
import { pageManifest, pagesPerUpload } from '../../api/page.ts';
import { maxUploadBytes } from '../../api/upload.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { type OfThree, pageIdOf } from '../../crypto/pages/page-head.ts';
import { type SharedPage, sharePage } from '../../crypto/pages/page-share.ts';
import { signPages, uploadsOf } from '../../sdk/sensor/page-upload.ts';
import { drawn, randomnessOf, valuesOf } from '../settings/pages.ts';

const manifestOf = ({ head, parts, hashes }: SharedPage, sequence: number) => ({
  ...{ page: head.page, pseudonym: drawn('patient').subarray(0, 16), panel: head.panel, sequence },
  ...{ startHour: 490_000, n: head.n, nonce: head.nonce, parts, hashes },
  ...{ envelopes: [], edges: head.edges },
});

const key = await signingKeyFromSeed(drawn('sensor'));
const server = async (name: string) => (await xwingKeyFromSeed(drawn(name))).publicKey;
const three = async (name: string): Promise<OfThree<Uint8Array>> => [
  await server(`${name} 1`),
  await server(`${name} 2`),
  await server(`${name} 3`),
];

/** Bytes a reading of sixteen full pages, as they are sent: to all three, and with what all three are sent alike counted once. */
async function bytesPerReading(recoveryKeys?: OfThree<Uint8Array>) {
  const kernel = await openKernel();
  const pseudonym = drawn('patient').subarray(0, 16);
  const line = { key, pseudonym, trio: 'ab'.repeat(32), kemKeys: await three('kem'), recoveryKeys };
  const pages = Array.from({ length: pagesPerUpload }, (_, sequence) => ({
    ...{ sequence, startHour: 490_000, values: valuesOf(1, 64, sequence) },
  }));
  const signed = await signPages(kernel, line, pages);
  const sum = (of: readonly Uint8Array[]) => of.reduce((total, { length }) => total + length, 0);
  const uploads = await uploadsOf(line, signed);
  for (const upload of uploads) assert.ok(upload.length <= maxUploadBytes, `${upload.length}`);
  const all = sum(uploads);
  const alike = sum(signed.pages.flatMap((it) => [it.signed.manifest, it.signed.signature]));
  const readings = 64 * pagesPerUpload;
  return { all: all / readings, once: (all - 2 * alike) / readings };
}

test('sixteen full pages travel in at most 192 bytes a reading, all three servers and signatures counted', async () => {
  const { all, once } = await bytesPerReading();
  assert.ok(once <= 192, `${once} bytes, ${all} where each server is sent the manifest apart`);
  assert.ok(all <= 202, `${all}`);
});

test('with the recovery envelopes of all three servers they travel in at most 252 bytes a reading', async () => {
  const [bare, enveloped] = [
    await bytesPerReading(),
    await bytesPerReading(await three('recovery')),
  ];
  assert.ok(enveloped.once <= 234, `${enveloped.once}`);
  assert.ok(enveloped.all <= 252, `${enveloped.all}`);
  // Of them the envelopes; the rest is their ids in the manifests of three servers.
  const more = enveloped.all - bare.all;
  assert.ok(more > 39 && more < 50, `${more}`);
});

test('a manifest comes back as it was, and one with two parts is none', async () => {
  const kernel = await openKernel();
  const page = drawn('page').subarray(0, 16);
  const manifest = manifestOf(
    await sharePage(kernel, page, valuesOf(3, 2), randomnessOf(1)),
    2 ** 40,
  );
  assert.deepEqual(decodeAs(pageManifest, encodeAs(pageManifest, manifest)), manifest);
  const [first, second] = manifest.parts;
  const short = { ...manifest, parts: [first, second] as unknown as typeof manifest.parts };
  assert.throws(() => decodeAs(pageManifest, encodeAs(pageManifest, short)), {
    code: 'CBOR_SHAPE',
  });
});

test('a page id is another for another sensor, panel or number, also past 32 bits', () => {
  const ids = [
    pageIdOf(drawn('a'), 1, 0),
    pageIdOf(drawn('b'), 1, 0),
    pageIdOf(drawn('a'), 2, 0),
    pageIdOf(drawn('a'), 1, 1),
    pageIdOf(drawn('a'), 1, 2 ** 32),
    pageIdOf(drawn('a'), 1, 2 ** 32 + 1),
  ].map((id) => Buffer.from(id).toString('hex'));
  assert.equal(new Set(ids).size, ids.length);
});
