import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { serversOf } from '../../../../server/process.ts';
import { pageArithmetic } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { rebuildShare } from '../../node/pages/rebuild-share.ts';
import { rowMacsOf } from '../../node/stores/row-macs.ts';
import { SqlitePageStore } from '../../node/stores/sqlite/sqlite-page-store.ts';
import {
  dataServerFolder,
  makeDataServer,
  recoveryKey,
  recoveryPublicKey,
} from '../../server/data-server-keys.ts';
import { type AnchoredPages, pagesAreAnchored } from '../settings/anchored-pages.ts';
import { drawn } from '../settings/pages.ts';

test('three processes take a sensor’s pages in and anchor them on the ledger, and one of them could be rebuilt', (t) =>
  pagesAreAnchored(t, { meanwhile: northIsRebuilt }));

/** North's shares once more, from what Harbour keeps and the key that only North has. */
async function northIsRebuilt(home: string, anchored: AnchoredPages): Promise<void> {
  const { trio, pseudonym, hour } = anchored;
  const arithmetic = await pageArithmetic();
  const folderOf = (name: string) => join(serversOf(home), name);
  const storeOf = (name: string) =>
    new SqlitePageStore(
      join(dataServerFolder(folderOf(name)), 'pages.db'),
      arithmetic,
      rowMacsOf(new Uint8Array(readFileSync(join(dataServerFolder(folderOf(name)), 'server.key')))),
    );
  const [own, keeper] = [storeOf('north'), storeOf('harbour')];
  const recovery = await recoveryKey(folderOf('north'));
  assert.ok(recovery);
  // North learns of its batch by its block, a moment after everybody else could.
  const sealedHere = () => own.pagesOf(pseudonym, 3, { from: hour, until: hour + 2 });
  while ((await sealedHere()).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const { page, manifest, kept } of await sealedHere()) {
    const [envelope] = await keeper.envelopes([page]);
    assert.ok(envelope);
    const of = { trio, server: 1, manifest, envelope: envelope.bytes } as const;
    assert.deepEqual(await rebuildShare(arithmetic, recovery, of), kept);
  }
  await own.close();
  await keeper.close();
}

test('a server publishes its recovery key when the secret was taken to another place', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-recovery-key-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  makeDataServer(folder);
  const key = await recoveryPublicKey(folder);
  assert.deepEqual((await recoveryKey(folder))?.publicKey, key);
  const path = join(dataServerFolder(folder), 'recovery.key');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  rmSync(path);
  assert.deepEqual(await recoveryPublicKey(folder), key);
  assert.equal(await recoveryKey(folder), undefined);
  // Another one in its place is not taken for it.
  writeFileSync(path, drawn('another seed'));
  await assert.rejects(recoveryKey(folder), { code: 'HOME_INVALID' });
});
