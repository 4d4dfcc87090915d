import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { layout3 } from '../../../../test/gateway/layout-3.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { type BlobId, consentIdOf, parseAccountId } from '../../../primitives/ids.ts';
import { openFileBlobStore } from '../../../storage/file/file-blob-store.ts';
import { indexStore } from '../../ledger-index.ts';
import { storesOf } from '../../part.ts';
import { Store } from '../../store.ts';
import { spineParts } from '../all.ts';
import { BodyClaims } from './body-claims.ts';
import { claimOwnerOf } from './claim-owner.ts';

const [ana, bea, doctor] = ['aa', 'bb', 'dd'].map((byte) => parseAccountId(byte.repeat(32)));
const consents = [1, 2].map(() => consentIdOf(randomBytes(16)));

test('in a home of before, the claims of who wrote into charts become those of the charts', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-claims-'));
  const blobs = openFileBlobStore({ folder: join(folder, 'blobs'), now: () => 0 });
  t.after(async () => {
    await blobs.close();
    rmSync(folder, { recursive: true });
  });
  assert.ok(ana && bea && doctor && consents[0] && consents[1]);
  const put = async () => (await blobs.put(randomBytes(50), { owner: doctor })).id;
  const [shared, note, waiting, own] = [await put(), await put(), await put(), await put()];
  await blobs.markAnchored([shared, note, own], doctor);
  const path = join(folder, 'gateway.db');
  const items: readonly (readonly [number, string, string, readonly BlobId[], number | null])[] = [
    [1, ana, consents[0], [shared, note], 7],
    [2, bea, consents[1], [shared], 8],
    [3, bea, consents[1], [waiting], null],
    [4, doctor, '', [own], 9],
  ];
  layout3(path, (db) => {
    for (const [delivery, account, consent, bodies, height] of items) {
      db.prepare(
        `INSERT INTO deliveries (delivery, account, root, epoch, consent, count, deliverer, receivedMs, height)
         VALUES (?, ?, ?, 1, ?, ?, ?, 1000, ?)`,
      ).run(delivery, account, randomBytes(32), consent, bodies.length, doctor, height);
      for (const [position, blob] of bodies.entries()) {
        db.prepare(
          "INSERT INTO items VALUES (?, ?, ?, 'record', x'01', x'0102', x'03', x'040506', 'lab', ?, NULL, NULL)",
        ).run(delivery, position, account, blob);
      }
    }
  });

  const db = new Store(path, [indexStore, ...storesOf(spineParts)]);
  t.after(() => db.close());
  const claims = new BodyClaims({ db, blobs });
  await claims.release();
  assert.equal(await blobs.hasClaim(note, doctor), true, 'not before the chart has its own');
  await claims.move();
  await claims.release();
  await claims.move();
  const [first, second] = [
    claimOwnerOf({ account: ana, consent: consents[0] }),
    claimOwnerOf({ account: bea, consent: consents[1] }),
  ];
  const owners = [doctor, first, second];
  const claimed = async (id: BlobId) =>
    await Promise.all(owners.map((owner) => blobs.hasClaim(id, owner)));
  assert.deepEqual(await claimed(shared), [false, true, true]);
  assert.deepEqual(await claimed(note), [false, true, false]);
  assert.deepEqual(await claimed(waiting), [false, false, true]);
  assert.deepEqual(await claimed(own), [true, false, false]);
  // What is anchored stays, what waits goes when nothing comes for it.
  await blobs.collect({ nowMs: 48 * 3_600_000 });
  assert.deepEqual(await Promise.all([shared, note, waiting, own].map((id) => blobs.has(id))), [
    true,
    true,
    false,
    true,
  ]);
  const kept = db.all('SELECT deliverer, waitsUntilMs, bytes FROM deliveries ORDER BY delivery');
  assert.deepEqual(
    kept.map((row) => [row.text('deliverer'), row.uint('waitsUntilMs'), row.uint('bytes')]),
    [
      ['', 0, 12],
      ['', 0, 6],
      [doctor, 86_401_000, 6],
      ['', 0, 6],
    ],
  );
  assert.deepEqual(
    db.all('SELECT rows, bytes FROM kept_rows ORDER BY account').map((row) => row.uint('bytes')),
    [12, 12, 6],
  );
});
