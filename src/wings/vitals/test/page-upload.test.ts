import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import { explicitBodies, pageManifest, pagesPerUpload, seedBodies } from '../api/page.ts';
import { openKernel } from '../crypto/page-arithmetic-wasm.ts';
import { pageIdOf } from '../crypto/page-head.ts';
import { type SharedPage, sharePage } from '../crypto/page-share.ts';
import { drawn, randomnessOf, valuesOf } from './pages.ts';

const manifestOf = ({ head, parts, hashes }: SharedPage, sequence: number) => ({
  ...{ page: head.page, pseudonym: drawn('patient').subarray(0, 16), panel: head.panel, sequence },
  ...{ startHour: 490_000, n: head.n, nonce: head.nonce, parts, hashes },
  ...{ envelopes: [], edges: head.edges },
});

test('sixteen full pages travel in at most 192 bytes a reading, all three servers and signatures counted', async () => {
  const kernel = await openKernel();
  const pages: SharedPage[] = [];
  for (let i = 0; i < pagesPerUpload; i++) {
    const page = pageIdOf(drawn('sensor'), 1, i);
    pages.push(await sharePage(kernel, page, valuesOf(1, 64, i), randomnessOf(i)));
  }
  const signature = 64;
  const manifests = pages.map(
    (page, i) => encodeAs(pageManifest, manifestOf(page, i)).length + signature,
  );
  const secrets = (server: 0 | 1) =>
    encodeAs(seedBodies, { secrets: pages.map(({ bodies }) => bodies[server].secret) });
  const third = encodeAs(explicitBodies, { pages: pages.map(({ bodies }) => bodies[2]) });
  // X-Wing: 1,120 bytes of encapsulation and a tag of 16. The manifest goes to each server.
  const sealed = [secrets(0), secrets(1), third].map(({ length }) => length + 1120 + 16);
  const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0);
  const perReading = (3 * sum(manifests) + sum(sealed)) / (64 * pagesPerUpload);
  const once = (sum(manifests) + sum(sealed)) / (64 * pagesPerUpload);
  assert.ok(
    once <= 192,
    `${once} bytes, ${perReading} where each server is sent the manifest apart`,
  );
  assert.ok(perReading <= 202, `${perReading}`);
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
