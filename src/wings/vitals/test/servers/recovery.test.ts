import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Code } from '../../../../codes/index.ts';
import { sealTo } from '../../../../crypto/letter.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { merkleRoot } from '../../../../ledger/merkle.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../../primitives/cbor.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, hexId, list, struct } from '../../../../primitives/shape.ts';
import { blobIdOf } from '../../../../storage/blob-id.ts';
import { batchLeaf } from '../../api/batch-leaf.ts';
import { boundOf, envelopeParts, keeperOf, keptFor, recoveryEnvelope } from '../../api/envelope.ts';
import { pageManifest } from '../../api/page.ts';
import { pageUpload } from '../../api/upload.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { vitalsNames } from '../../names.ts';
import { askEnvelopes } from '../../node/pages/envelopes.ts';
import { openEnvelope, rebuildShare, requireEnvelope } from '../../node/pages/rebuild-share.ts';
import { askPeer } from '../../node/statements.ts';
import { ownTrio } from '../../node/trio.ts';
import { ForgetfulServers } from '../../sdk/sensor/forgetful-servers.ts';
import { type SignedPages, uploadsOf } from '../../sdk/sensor/page-upload.ts';
import { Uplink } from '../../sdk/sensor/uplink.ts';
import { SqliteSensorQueue } from '../../server/sqlite-sensor-queue.ts';
import { openServers } from '../settings/opened-servers.ts';
import { drawn, valuesOf } from '../settings/pages.ts';
import { hour, type Place, type ThreeServers } from '../settings/three-servers.ts';

const places: readonly Place[] = [0, 1, 2];
const kernel = await openKernel();
const none = new Uint8Array(0);
const askedEnvelopes = struct({ trio: hexId(32), pages: list(bytes(16)) });

const refused = (
  work: Promise<unknown>,
  because: string | undefined,
  code: Code = 'ENVELOPE_BAD',
) =>
  assert.rejects(work, (error) => {
    assert.ok(isCoded(error, code), `expected ${code}, got ${String(error)}`);
    if (because !== undefined) assert.equal(error.details.because, because);
    return true;
  });
const numberOf = (place: Place): ServerNumber => ([1, 2, 3] as const)[place];

/** What `rebuildShare` is given for a page of one server, and its key. */
function wayOf(three: ThreeServers, signed: SignedPages, place: Place, page: number) {
  const key = three.recovery[place];
  const manifest = signed.pages[page]?.signed.manifest;
  const envelope = signed.envelopes?.[place];
  if (key === undefined || manifest === undefined || envelope === undefined)
    throw new Error('test');
  return { key, of: { trio: three.trio, server: numberOf(place), manifest, envelope } };
}

/** A server's envelope with a change, in manifests that name it: what a sensor that is not honest makes. */
async function resealed(
  three: ThreeServers,
  signed: SignedPages,
  of: {
    readonly place: Place;
    readonly parts: (honest: readonly Uint8Array[]) => readonly Uint8Array[];
  },
): Promise<SignedPages> {
  const { place, parts } = of;
  const key = three.recovery[place];
  const honest = signed.envelopes?.[place] ?? none;
  const before = decodeAs(recoveryEnvelope, honest);
  const owner = { key: key ?? assert.fail(), trio: three.trio, server: numberOf(place) };
  const opened = await openEnvelope(owner, { id: blobIdOf(honest), bytes: honest });
  const context = [hexToBytes(three.trio) ?? none, numberOf(place)];
  const { envelope: label, pageManifest: manifestLabel } = vitalsNames.labels;
  const plain = encodeAs(envelopeParts, parts(opened.parts));
  const bound = boundOf(before.manifests);
  const sealed = await sealTo(key?.publicKey ?? none, label, context, bound, plain);
  const bytes = encodeAs(recoveryEnvelope, { ...before, sealed });
  const all = places.map((it) => (it === place ? bytes : (signed.envelopes?.[it] ?? none)));
  const [first = none, second = none, third = none] = all;
  const pages = await Promise.all(
    signed.pages.map(async ({ shared, signed: { manifest } }) => {
      const envelopes = all.map((it) => blobIdOf(it));
      const named = encodeAs(pageManifest, { ...decodeAs(pageManifest, manifest), envelopes });
      const signature = await signLabelled(three.sensor, manifestLabel, named);
      return { shared, signed: { manifest: named, signature } };
    }),
  );
  return { pages, envelopes: [first, second, third] };
}

test('each server keeps the envelope of the one before it, and from it that one has exactly its kept shares again', async (t) => {
  const three = await openServers(t);
  const values = [valuesOf(1, 64, 1), valuesOf(1, 3, 2), valuesOf(3, 10, 3)];
  const signed = await three.signTogether(values);
  await three.uploadTogether(signed);
  await three.judge();
  assert.equal(await three.server(0).seal(), 1);
  for (const place of places) {
    await three.server(place).seal();
    const keeper = places[keeperOf(numberOf(place)) - 1] ?? 0;
    assert.equal(keptFor(numberOf(keeper)), numberOf(place));
    for (const [at, panel] of [1, 1, 3].entries()) {
      const { key, of } = wayOf(three, signed, place, at);
      const page = decodeAs(pageManifest, of.manifest).page;
      const stored = await three
        .store(place)
        .pagesOf(three.pseudonym, panel, { from: hour, until: hour + 1 });
      const kept = stored.find((it) => Buffer.compare(it.page, page) === 0)?.kept;
      const [held] = await three.store(keeper).envelopes([page]);
      assert.deepEqual(held?.bytes, of.envelope);
      const rebuilt = await rebuildShare(kernel, key, { ...of, envelope: held.bytes });
      assert.deepEqual(rebuilt, kept);
      // Nobody keeps the envelope of its own, or both.
      for (const other of places.filter((it) => it !== keeper)) {
        const theirs = await three.store(other).envelopes([page]);
        assert.ok(theirs.every(({ id }) => id !== held.id));
      }
    }
  }
});

test('one byte of an envelope that is another: it is not the one that is named, wherever the byte stands', async (t) => {
  const three = await openServers(t);
  const signed = await three.signTogether([valuesOf(3, 2, 1), valuesOf(3, 1, 2)]);
  for (const place of places) {
    const { key, of } = wayOf(three, signed, place, 0);
    for (let at = 0; at < of.envelope.length; at += 97) {
      const envelope = of.envelope.slice();
      envelope[at] = (envelope[at] ?? 0) ^ 1;
      await refused(rebuildShare(kernel, key, { ...of, envelope }), 'not the one that is named');
      // Named by the manifest, it is refused all the same: by its form, by its seal.
      const manifest = decodeAs(pageManifest, of.manifest);
      const envelopes = manifest.envelopes.map((id, it) =>
        it === place ? blobIdOf(envelope) : id,
      );
      const named = encodeAs(pageManifest, { ...manifest, envelopes });
      await refused(rebuildShare(kernel, key, { ...of, envelope, manifest: named }), undefined);
    }
  }
});

test('with the key of another server, for another trio or place, or for another page, nothing is rebuilt', async (t) => {
  const three = await openServers(t);
  const signed = await three.signTogether([valuesOf(3, 2, 1)]);
  const elsewhere = await three.signTogether([valuesOf(3, 2, 2)], 7);
  const { key, of } = wayOf(three, signed, 0, 0);
  const other = three.recovery[1];
  assert.ok(other);
  await refused(rebuildShare(kernel, other, of), 'does not open');
  await refused(rebuildShare(kernel, key, { ...of, trio: 'ab'.repeat(32) }), 'of other pages');
  await refused(rebuildShare(kernel, key, { ...of, server: 2 }), 'not the one that is named');
  await refused(rebuildShare(kernel, key, { ...of, envelope: none }), 'missing');
  const manifest = wayOf(three, elsewhere, 0, 0).of.manifest;
  await refused(rebuildShare(kernel, key, { ...of, manifest }), 'not the one that is named');
  const stolen = { ...decodeAs(pageManifest, manifest), envelopes: [blobIdOf(of.envelope)] };
  await refused(
    rebuildShare(kernel, key, { ...of, manifest: encodeAs(pageManifest, stolen) }),
    'of other pages',
  );
});

test('an upload without its envelope, with another or with one of another length is refused by who would keep it', async (t) => {
  const three = await openServers(t);
  const signed = await three.signTogether([valuesOf(3, 2, 1), valuesOf(3, 4, 2)]);
  const uploads = await uploadsOf(three.line, signed);
  const elsewhere = await three.signTogether([valuesOf(3, 2, 3)], 9);
  for (const place of places) {
    const upload = decodeAs(pageUpload, uploads[place]);
    const send = (change: Partial<typeof upload>) =>
      three.server(place).upload(encodeAs(pageUpload, { ...upload, ...change }));
    await refused(send({ envelope: none }), 'missing');
    const [first, second, third] = signed.envelopes ?? [none, none, none];
    const own = [first, second, third][place] ?? none;
    await refused(send({ envelope: own }), 'not the one that is named');
    const flipped = upload.envelope.slice();
    flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1;
    await refused(send({ envelope: flipped }), 'not the one that is named');
    const mixed = [...upload.pages, ...elsewhere.pages.map((it) => it.signed)];
    await refused(send({ pages: mixed }), 'of other pages');
  }
  const longer = await resealed(three, signed, {
    place: 0,
    parts: (parts) => parts.map((it) => Uint8Array.of(...it, 0)),
  });
  const [, second] = await uploadsOf(three.line, longer);
  await refused(three.server(1).upload(second), 'of other pages');
  // Without envelopes at all a page is taken: nobody is rebuilt from it, and who needs to know sees it in the manifest.
  const bare = await three.sign(valuesOf(3, 2, 4), 30);
  const [plain] = await three.uploads([bare]);
  const { envelope } = decodeAs(pageUpload, uploads[0]);
  const smuggled = encodeAs(pageUpload, { ...decodeAs(pageUpload, plain), envelope });
  await refused(three.server(0).upload(smuggled), 'not the one that is named');
  await three.server(0).upload(plain);
});

const sealedOtherwise: Readonly<
  Record<string, (honest: readonly Uint8Array[]) => readonly Uint8Array[]>
> = {
  'another share': ([first = none, second = none]) => [first, second.map((it) => it ^ 1)],
  'its pages in another order': (honest) => honest.toReversed(),
  'the very shares, by coins of its own': (honest) => honest,
};
for (const [what, parts] of Object.entries(sealedOtherwise))
  test(`an envelope with ${what} is refused by the server whose it is, and by no other`, async (t) => {
    const three = await openServers(t);
    const signed = await three.signTogether([valuesOf(3, 4, 1), valuesOf(3, 4, 2)]);
    for (const place of places) {
      const wrong = await resealed(three, signed, { place, parts });
      const uploads = await uploadsOf(three.line, wrong);
      for (const at of places) {
        const sent = three.server(at).upload(uploads[at]);
        await (at === place ? refused(sent, 'another share') : sent);
      }
    }
    await three.uploadTogether(signed);
    await three.judge();
    assert.equal(await three.server(0).seal(), 1);
  });

test('pages without envelopes are refused where all three have published a recovery key, as far as a server has heard', async (t) => {
  const three = await openServers(t);
  const without = [await three.sign(valuesOf(3, 5, 4), 20)];
  three.havePublished = true;
  await refused(three.upload(without), 'missing');
  three.havePublished = false;
  await three.upload(without);
  await three.uploadTogether(await three.signTogether([valuesOf(3, 2, 1)]));
});

test('a sensor that seals another share than it sent is found by the hash of its own manifest', async (t) => {
  const three = await openServers(t, { checksEnvelopes: false });
  const signed = await three.signTogether([valuesOf(3, 2, 1), valuesOf(3, 4, 2)]);
  const wrong = await resealed(three, signed, {
    place: 0,
    parts: (parts) => [...parts.slice(0, 1), drawn('another secret')],
  });
  // A server that has published no key does not see it.
  await three.uploadTogether(wrong);
  const honest = wayOf(three, wrong, 0, 0);
  await rebuildShare(kernel, honest.key, honest.of);
  const { key, of } = wayOf(three, wrong, 0, 1);
  await refused(rebuildShare(kernel, key, of), 'another share');
});

test('what an envelope shows is how long its pages are, and nothing that two servers could try values against', async (t) => {
  const three = await openServers(t);
  const lengths = async (seed: number) => {
    const { envelopes } = await three.signTogether([valuesOf(1, 17, seed), valuesOf(3, 5, seed)]);
    return envelopes?.map((it) => it.length);
  };
  assert.deepEqual(await lengths(1), await lengths(2));
  const first = await three.signTogether([valuesOf(3, 1, 1)]);
  const again = await three.signTogether([valuesOf(3, 1, 1)]);
  for (const place of places)
    assert.notDeepEqual(first.envelopes?.[place], again.envelopes?.[place]);
});

/** Asks server `of` as `by` does, for what it keeps of pages; how many envelopes come. */
async function asked(three: ThreeServers, by: Place, of: Place, pages: readonly Uint8Array[]) {
  const payload = encodeAs(askedEnvelopes, { trio: three.trio, pages });
  const server = three.actors[of];
  assert.ok(server);
  const question = { word: 'envelopes', payload };
  return decodeAs(list(bytes()), await askPeer(three.server(by).base, server.account, question));
}

/** Draws one number after the other where there is a choice, so that every page of the one batch comes up. */
const inTurn = () => {
  let at = 0;
  return (below: number): number => (below === 1 ? 0 : at++ % below);
};

test('a server gives an envelope to the one whose it is, and to nobody else', async (t) => {
  const three = await openServers(t);
  const signed = await three.signTogether([valuesOf(3, 2, 1), valuesOf(3, 4, 2)]);
  await three.uploadTogether(signed);
  const pages = signed.pages.map(({ shared }) => shared.head.page);
  for (const [by, of] of [
    [0, 1],
    [1, 2],
    [2, 0],
  ] as const) {
    assert.deepEqual(await asked(three, by, of, pages), [signed.envelopes?.[by]]);
    await refused(asked(three, of, by, pages), undefined, 'UNAUTHENTICATED');
  }
  assert.deepEqual(await asked(three, 0, 1, [drawn('no page').slice(0, 16)]), []);
});

test('a domain finds by a sample what it could not be rebuilt from, and why', async (t) => {
  const three = await openServers(t, { checksEnvelopes: false });
  const key = three.recovery[0];
  const other = three.recovery[1];
  assert.ok(key && other);
  const server = three.server(0);
  assert.deepEqual(await server.checkEnvelopes(key, inTurn()), []);
  const signed = await three.signTogether([valuesOf(3, 2, 1), valuesOf(3, 4, 2)]);
  await three.uploadTogether(signed);
  const wrong = await resealed(three, await three.signTogether([valuesOf(3, 3, 3)], 10), {
    place: 0,
    parts: () => [drawn('another secret')],
  });
  await three.uploadTogether(wrong);
  await three.upload([await three.sign(valuesOf(3, 5, 4), 20)]);
  await three.judge();
  await server.seal();
  const { trio } = three;
  const rubbish = wrong.pages[0]?.shared.head.page;
  const [checked] = await server.checkEnvelopes(key, inTurn());
  const bad = [{ page: rubbish, because: 'another share' }];
  assert.deepEqual(checked, { trio, tried: 4, without: 1, bad });
  // With another key none opens.
  const [closed] = await server.checkEnvelopes(other, inTurn());
  assert.deepEqual(
    closed?.bad.map(({ because }) => because),
    ['does not open', 'does not open', 'does not open'],
  );
  // A keeper that is away proves nothing; one that has lost what it kept is seen.
  three.away.add(1);
  await refused(server.checkEnvelopes(key, inTurn()), undefined, 'GATEWAY_UNREACHABLE');
  three.away.delete(1);
  await three.lose(1);
  const [lost] = await server.checkEnvelopes(key, inTurn());
  assert.deepEqual([lost?.tried, lost?.without], [4, 1]);
  assert.deepEqual(
    lost?.bad.map(({ because }) => because),
    ['missing', 'missing', 'missing'],
  );
});

test('a server whose disk is gone has every share again, and the root on the ledger, from what the others keep', async (t) => {
  const three = await openServers(t);
  for (const [at, values] of [
    [valuesOf(1, 64, 1), valuesOf(1, 3, 2)],
    [valuesOf(3, 10, 3)],
  ].entries())
    await three.uploadTogether(await three.signTogether(values, 10 * at));
  await three.judge();
  await three.server(0).seal();
  for (const place of places) await three.server(place).seal();
  const before = await three.store(0).sealedBatch(three.trio, 1);
  assert.ok(before);
  const { pages: sealed, root } = before;
  assert.equal(sealed.length, 3);
  for (const place of places) {
    const kept = await Promise.all(sealed.map((page) => shareOf(three, place, page)));
    await three.lose(place);
    const [key, base] = [three.recovery[place], three.server(place).base];
    assert.ok(key);
    const trio = await ownTrio(base, three.trio);
    const envelopes = await askEnvelopes(base, trio, sealed);
    assert.equal(envelopes.size, 2);
    const other = three.store(places.find((it) => it !== place) ?? 0);
    const leaves: Uint8Array[] = [];
    for (const [at, page] of sealed.entries()) {
      const { manifest } = (await other.page(page)) ?? { manifest: none };
      const read = decodeAs(pageManifest, manifest);
      leaves.push(batchLeaf(manifest, read));
      const envelope = envelopes.get(read.envelopes[place] ?? blobIdOf(none)) ?? none;
      const of = { trio: three.trio, server: numberOf(place), manifest, envelope };
      assert.deepEqual(await rebuildShare(kernel, key, of), kept[at]);
    }
    assert.deepEqual(merkleRoot(leaves), root);
    // Its own disk once more, before the next one loses its.
    await three.restore(place);
  }
});

/** What a server keeps of a sealed page. */
async function shareOf(three: ThreeServers, place: Place, page: Uint8Array) {
  const stored = await three.store(place).page(page);
  assert.ok(stored);
  const { pseudonym, panel } = stored;
  const hours = { from: hour, until: hour + 1 };
  const found = await three.store(place).pagesOf(pseudonym, panel, hours);
  return found.find((it) => Buffer.compare(it.page, page) === 0)?.kept;
}

test('whatever bytes come as an envelope, nothing but ENVELOPE_BAD comes of them', async (t) => {
  const three = await openServers(t);
  const signed = await three.signTogether([valuesOf(3, 2, 1)]);
  const { key, of } = wayOf(three, signed, 2, 0);
  const manifest = decodeAs(pageManifest, of.manifest);
  const honest = decodeAs(recoveryEnvelope, of.envelope);
  const forged = fc.record({
    trio: fc.constantFrom(honest.trio, 'ab'.repeat(32)),
    server: fc.constantFrom(0, 1, 2, 3),
    manifests: fc.constantFrom(
      honest.manifests,
      [drawn('another')],
      [...honest.manifests, ...honest.manifests],
    ),
    sealed: fc.uint8Array({ minLength: 0, maxLength: 3_000 }),
  });
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    forged.map((it) => encodeAs(recoveryEnvelope, it)),
  );
  await fc.assert(
    fc.asyncProperty(any, async (envelope) => {
      const envelopes = [...manifest.envelopes.slice(0, 2), blobIdOf(envelope)];
      const named = { ...manifest, envelopes };
      const asManifest = encodeAs(pageManifest, named);
      await refused(
        rebuildShare(kernel, key, { ...of, manifest: asManifest, envelope }),
        undefined,
      );
      const door = { trio: three.trio, server: 3, manifests: [named] } as const;
      assert.throws(() => requireEnvelope(envelope, door), { code: 'ENVELOPE_BAD' });
    }),
    { numRuns: 60 },
  );
});

test('what a sensor had written down before there were envelopes is shared anew, with them', async (t) => {
  const three = await openServers(t);
  const queue = new SqliteSensorQueue(':memory:', { pauseMs: 1 });
  await queue.add([{ panel: 3, timeMs: hour * 3_600_000, values: [{ value: 5, unit: 'mmol/L' }] }]);
  await queue.close(three.now + 3_600_000);
  const servers = places.map((place) => ({
    signKey: three.actors[place]?.sign.publicKey ?? none,
    upload: (upload: Uint8Array) => three.server(place).upload(upload),
    states: (asked: Uint8Array) => three.server(place).pageStates(asked),
    register: async () => false,
  }));
  const forgetful = new ForgetfulServers(() => three.now);
  const uplink = new Uplink({ arithmetic: kernel, line: three.line, servers, queue, forgetful });
  assert.equal(uplink.makesEnvelopes, true);
  const [page] = await queue.closed(1);
  assert.ok(page);
  const before = await three.sign(valuesOf(3, 1, 1), page.sequence);
  const uploads = (await three.uploads([before])).map((upload) => {
    const fields = decodeCbor(upload);
    assert.ok(Array.isArray(fields));
    return encodeCbor(fields.slice(0, -1));
  });
  await queue.keepShared(page, encodeCbor([uploads, [before.shared.head.page]]));
  const { panel, sequence } = page;
  assert.deepEqual((await uplink.send()).refused, [{ panel, sequence, code: 'CBOR_SHAPE' }]);
  assert.equal((await uplink.send()).waiting, 1);
  await three.judge();
  assert.equal((await uplink.send()).done, 1);
  for (const place of places)
    assert.equal((await three.store(place).envelopes([before.shared.head.page])).length, 1);
  await queue.end();
});
