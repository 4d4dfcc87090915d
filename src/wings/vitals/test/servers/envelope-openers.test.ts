import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeAs } from '../../../../primitives/shape.ts';
import { blobIdOf } from '../../../../storage/blob-id.ts';
import { batchLeafContent } from '../../api/batch-leaf.ts';
import { pageManifest } from '../../api/page.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { type EnvelopeOpener, openedHere } from '../../node/pages/envelope-opener.ts';
import { rebuildShare } from '../../node/pages/rebuild-share.ts';
import type { SignedPages } from '../../sdk/sensor/page-upload.ts';
import { dataServerFolder } from '../../server/data-server-keys.ts';
import { envelopeThread } from '../../server/envelope-thread.ts';
import { openServers } from '../settings/opened-servers.ts';
import { valuesOf } from '../settings/pages.ts';
import { type Place, ThreeServers } from '../settings/three-servers.ts';
import { tampered } from '../tampering/tampered-file.ts';

/** Who makes shares of envelopes: the thread that asks, and one of its own, do the same. */

const kernel = await openKernel();
const places: readonly Place[] = [0, 1, 2];

/** A hospital's folder with the recovery key of one server. */
function hospitalOf(t: TestContext, place: Place): string {
  const hospital = mkdtempSync(join(tmpdir(), 'salus-opener-'));
  t.after(() => rmSync(hospital, { recursive: true }));
  mkdirSync(dataServerFolder(hospital));
  writeFileSync(keyFile(hospital), ThreeServers.recoverySeed(place), { mode: 0o600 });
  return hospital;
}
const keyFile = (hospital: string): string => join(dataServerFolder(hospital), 'recovery.key');

const openers: readonly [
  name: string,
  open: (t: TestContext, three: ThreeServers, place: Place) => EnvelopeOpener,
][] = [
  ['here', (_, three, place) => openedHere(kernel, three.recovery[place] ?? assert.fail())],
  ['on a thread', (t, _, place) => envelopeThread(hospitalOf(t, place))],
];

/** A server's envelope of an upload, with its pages from the last to the first. */
function toOpen(signed: SignedPages, place: Place) {
  const bytes = signed.envelopes?.[place] ?? assert.fail();
  const manifests = signed.pages.map((it) => it.signed.manifest).toReversed();
  return {
    envelope: { id: blobIdOf(bytes), bytes },
    pages: manifests.map((manifest) => ({
      ...{ manifest, leaf: batchLeafContent(manifest, decodeAs(pageManifest, manifest)) },
    })),
  };
}

for (const [name, openerFor] of openers) {
  test(`opened ${name}: shares come in the order of what was asked, also of several questions at once`, async (t) => {
    const three = await openServers(t);
    const one = await three.signTogether([valuesOf(1, 64, 1), valuesOf(3, 2, 2)], 0);
    const two = await three.signTogether([valuesOf(1, 3, 3)], 10);
    for (const place of places) {
      const opener = openerFor(t, three, place);
      const server = ([1, 2, 3] as const)[place];
      const of = { trio: three.trio, server };
      const [both, last, nothing] = await Promise.all([
        opener.open(of, [toOpen(two, place), toOpen(one, place)]),
        opener.open(of, [toOpen(two, place)]),
        opener.open(of, []),
      ]);
      const expected = await Promise.all(
        [
          ...two.pages.map((it) => [two, it] as const),
          ...one.pages.toReversed().map((it) => [one, it] as const),
        ].map(([{ envelopes }, { signed }]) =>
          rebuildShare(kernel, three.recovery[place] ?? assert.fail(), {
            ...{ ...of, manifest: signed.manifest, envelope: envelopes?.[place] ?? assert.fail() },
          }),
        ),
      );
      assert.deepEqual(both, expected);
      assert.deepEqual(last, expected.slice(0, 1));
      assert.deepEqual(nothing, []);
      await opener.close();
    }
  });

  test(`opened ${name}: an envelope of another server or of other pages is refused, and the next question is answered`, async (t) => {
    const three = await openServers(t);
    const one = await three.signTogether([valuesOf(1, 3, 1)], 0);
    const two = await three.signTogether([valuesOf(1, 3, 2)], 10);
    const opener = openerFor(t, three, 0);
    const of = { trio: three.trio, server: 1 } as const;
    const refused = async (envelopes: Parameters<EnvelopeOpener['open']>[1], because: string) =>
      assert.rejects(opener.open(of, envelopes), { code: 'ENVELOPE_BAD', details: { because } });
    await refused([toOpen(one, 1)], 'of other pages');
    const { envelope } = toOpen(one, 0);
    await refused([{ envelope, pages: toOpen(two, 0).pages }], 'not the one that is named');
    const bytes = envelope.bytes.slice();
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    await refused([{ ...toOpen(one, 0), envelope: { ...envelope, bytes } }], 'does not open');
    assert.equal((await opener.open(of, [toOpen(one, 0)])).length, 1);
    await opener.close();
  });
}

test('a thread without its key says so, and one that ended leaves nobody waiting', async (t) => {
  const three = await openServers(t);
  const signed = await three.signTogether([valuesOf(1, 3, 1)], 0);
  const of = { trio: three.trio, server: 1 } as const;
  const hospital = hospitalOf(t, 0);
  rmSync(keyFile(hospital));
  const away = envelopeThread(hospital);
  await assert.rejects(away.open(of, [toOpen(signed, 0)]), { code: 'RECOVERY_KEY_AWAY' });
  await away.close();
  await assert.rejects(away.open(of, [toOpen(signed, 0)]), { code: 'INTERNAL' });

  // Ended before it has begun: it answers nothing.
  const begun = envelopeThread(hospitalOf(t, 0));
  const waits = assert.rejects(begun.open(of, [toOpen(signed, 0)]), { code: 'INTERNAL' });
  await begun.close();
  await waits;

  const stolen = hospitalOf(t, 0);
  writeFileSync(join(dataServerFolder(stolen), 'recovery.pub'), new Uint8Array(1216));
  const another = envelopeThread(stolen);
  await assert.rejects(another.open(of, [toOpen(signed, 0)]), { code: 'HOME_INVALID' });
  await another.close();
});

test('a server with a thread for envelopes is rebuilt by it, which is ended then', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-rebuilt-aside-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  const [asked, closed]: [number[], number[]] = [[], []];
  three.openerAside = (place) => {
    const opener = envelopeThread(hospitalOf(t, place));
    return {
      open: (of, envelopes) => {
        asked.push(envelopes.length);
        return opener.open(of, envelopes);
      },
      close: async () => {
        closed.push(place);
        await opener.close();
      },
    };
  };
  await three.registerEverywhere();
  await three.uploadTogether(await three.signTogether([valuesOf(1, 64, 1), valuesOf(3, 10, 3)], 0));
  await three.judge();
  for (const place of places) await three.server(place).seal();
  tampered(join(folder, '2.db'), (db) => db.exec('UPDATE sealed SET shares = zeroblob(32)'));
  const { tampering, rebuilding } = three.server(2);
  assert.ok((await tampering.fullScrub()).bad.length > 0);
  const [rebuilt] = await rebuilding.rebuild(three.recovery[2] ?? assert.fail());
  assert.equal(rebuilt?.fromEnvelopes, 2);
  assert.deepEqual([asked, closed], [[1], [2]]);
  assert.deepEqual((await tampering.fullScrub()).bad, []);
});
