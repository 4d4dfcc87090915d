import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { BlockStore } from '../../src/engines/blocks/block-store.ts';
import { backUpHome } from '../../src/server/maintenance/backup/backup.ts';
import { restoreHome } from '../../src/server/maintenance/backup/restore.ts';
import { requireDecided } from '../../src/server/restored.ts';
import { Acknowledged } from '../crash/acknowledged.ts';
import { Checker } from '../crash/check.ts';
import { Incarnation } from '../crash/incarnation.ts';
import { Load } from '../crash/load.ts';
import { Random } from '../crash/random.ts';
import { genesisOf, Shadow } from '../crash/shadow.ts';

const startBoundMs = 30_000;

test('a backup under write load holds everything that was acknowledged before it began, and nothing half', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-backup-'));
  const home = join(folder, 'home');
  const acked = new Acknowledged();
  // Not as fast as they can: what a backup meets are the kinds of writes, not their number. And when it has its
  // copy and verifies it, what is written meets nothing more: only that the hospital goes on is left to see.
  let isCopying = true;
  const pauseMs = () => (isCopying ? 50 : 1000);
  const load = new Load({ homeOf: () => home, acked, random: new Random(7), pauseMs });
  const servers = [new Incarnation(), new Incarnation()] as const;
  try {
    await load.prepare();
    const first = await servers[0].start({ home }, startBoundMs);
    assert.ok(first);
    load.start(() => first.url);
    while (!load.isComplete) await new Promise((resolve) => setTimeout(resolve, 20));
    // Several, so that the cut meets many moments of the server. One that was over before anything was written met
    // none, and counts for nothing.
    const taken: { readonly folder: string; readonly before: Acknowledged }[] = [];
    for (let round = 0; taken.length < 3; round++) {
      assert.ok(round < 20, 'nothing was written while it was backed up');
      isCopying = true;
      // The load has woken from its longer pauses.
      const asleep = acked.count;
      while (acked.count === asleep) await new Promise((resolve) => setTimeout(resolve, 20));
      const before = asOfNow(acked);
      const { folder: backup, verified } = await backUpHome({
        ...{ home, out: join(folder, 'backups'), withKeys: true, nowMs: Date.now() },
        onProgress: (what) => {
          isCopying = !what.startsWith('verifying');
        },
      });
      assert.equal(verified.trusted, true);
      if (acked.count > before.count) taken.push({ folder: backup, before });
    }
    await load.stop();
    await servers[0].kill();
    assert.deepEqual(load.unexpected, []);

    // Each was verified when it was taken; what a restored one adds, the last shows.
    for (const { folder: backup } of taken) assert.deepEqual(announcedOnly(backup, acked), []);
    const last = taken.at(-1);
    assert.ok(last);
    const restored = join(folder, 'restored');
    const { verified } = await restoreHome({ from: last.folder, home: restored });
    assert.ok(verified.items > 0);
    assert.deepEqual(announcedOnly(restored, acked), []);
    // What came after the backup is the test's to leave out.
    requireDecided(restored, { acceptLoss: true }, Date.now());
    const served = await servers[1].start({ home: restored }, startBoundMs);
    assert.ok(served);
    const staleAnchors = await staleAnchorsOf(restored, join(folder, 'shadow'));
    const findings = await new Checker([restored]).check(last.before, {
      everything: true,
      staleAnchors,
    });
    assert.deepEqual(findings, { lost: [], half: [] });
    const health = await fetch(`${served.url}/health`);
    assert.equal(health.status, 200);
  } finally {
    await load.stop();
    for (const server of servers) await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Rows come before their anchor: where an instant shows the anchor of a delivery, it shows the rows. */
function announcedOnly(home: string, acked: Acknowledged): string[] {
  return ['north', 'harbour', 'valley'].flatMap((hospital) => {
    const path = join(home, 'servers', hospital, 'gateway.db');
    const db = new DatabaseSync(path, { readOnly: true });
    const bare = db
      .prepare(
        `SELECT account, lower(hex(root)) AS root FROM anchors WHERE NOT EXISTS (
           SELECT 1 FROM deliveries AS d WHERE d.account = anchors.account AND d.root = anchors.root)`,
      )
      .all()
      .map(({ account, root }) => `${account}/${root}`);
    db.close();
    return bare.filter((key) => acked.deliveries.has(key));
  });
}

/** What has been promised until now; what may have been taken back goes on being written down. */
function asOfNow(acked: Acknowledged): Acknowledged {
  const copy = new Acknowledged();
  const { txs, blobs, deliveries, messages, wallets, erased, looks, invitations, enrolled } = acked;
  return Object.assign(copy, {
    txs: new Map(txs),
    blobs: new Set(blobs),
    deliveries: new Map(deliveries),
    messages: new Map(messages),
    wallets: new Map(wallets),
    erased: new Map(erased),
    looks: new Map(looks),
    invitations: new Set(invitations),
    enrolled: new Set(enrolled),
    maybeErased: acked.maybeErased,
    maybeDeleted: acked.maybeDeleted,
    maybePassedOn: acked.maybePassedOn,
    maybeRevoked: acked.maybeRevoked,
    triedRecords: acked.triedRecords,
  });
}

/** Anchors that the ledger refused for their epoch: their rows are dropped, and sent anew. */
async function staleAnchorsOf(home: string, own: string): Promise<ReadonlySet<string>> {
  const ledger = join(home, 'servers', 'ledger');
  const store = new BlockStore(join(ledger, 'blocks.db'), { readOnly: true, check: false });
  const shadow = new Shadow(ledger, own);
  try {
    assert.deepEqual(await shadow.advance(genesisOf(home), store.lastHeight(), store), []);
    return shadow.staleAnchors;
  } finally {
    shadow.close();
    store.close();
  }
}
