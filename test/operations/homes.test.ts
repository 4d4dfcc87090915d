import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileWalletStore } from '../../src/cli/home.ts';
import { utf8 } from '../../src/primitives/bytes.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import { type ContextOptions, Person } from '../../src/sdk/index.ts';
import { type Consortium, startConsortium } from '../../src/server/consortium.ts';
import { homeSteps, readHomeMark, writeHomeMark } from '../../src/server/home-version.ts';
import { backUpHome } from '../../src/server/maintenance/backup/backup.ts';
import { restoreHome } from '../../src/server/maintenance/backup/restore.ts';
import { verifyHome } from '../../src/server/maintenance/verify-home.ts';
import { fileOf } from '../e2e/consortium.ts';
import { unpackFolder } from '../fixtures/homes/archive.ts';
import { passphrase, text } from '../fixtures/homes/facts.ts';
import { memoryWalletStore } from '../wallet-store.ts';

const fixtures = fileURLToPath(new URL('../fixtures/homes/', import.meta.url));
const versions = readdirSync(fixtures, { withFileTypes: true })
  .filter((it) => it.isDirectory())
  .map((it) => it.name)
  .sort();
const folder = mkdtempSync(join(tmpdir(), 'salus-homes-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const latest = homeSteps.length + 1;

function unpacked(version: string, part: 'home' | 'backup'): string {
  const to = join(mkdtempSync(join(folder, `${version}-`)), part);
  unpackFolder(readFileSync(join(fixtures, version, `${part}.gz`)), to);
  return to;
}

/** Years may have passed since it was served: the clock is right. */
const serve = (home: string, onMigrated?: (line: string) => void) =>
  startConsortium({
    ...{ home, port: 0, logLevel: 'silent', acceptClock: true, acceptLoss: true },
    ...(onMigrated !== undefined && { onMigrated }),
  });

/** The hospitals answer elsewhere than where the wallets met them. */
const at = ({ hospitals }: Consortium): ContextOptions => ({
  gatewayUrlOf: ({ organisation, gatewayUrl }) =>
    hospitals.find((it) => it.account === organisation)?.url ?? gatewayUrl,
});

const open = (home: string, name: string, consortium: Consortium) =>
  Person.open({ store: fileWalletStore(home, name), passphrase }, at(consortium));

/** What must still be true of a home, whoever made it: its record, its grant, and that it goes on. */
async function useIt(home: string, consortium: Consortium): Promise<void> {
  const ana = await open(home, 'ana', consortium);
  const notes = async () =>
    (await ana.listRecords()).filter(({ recordClass }) => recordClass === 'note');
  const [record, another] = await notes();
  assert.ok(record !== undefined && another === undefined);
  assert.deepEqual((await ana.openRecord(record.recordId)).bytes, utf8(text));
  const bo = await open(home, 'bo', consortium);
  const [received] = await bo.inbox();
  assert.equal(received?.state, 'live');
  const read = await bo.readShared(received.consent, { purpose: 'TREAT' });
  assert.deepEqual(
    read.records.map(({ bytes }) => bytes),
    [utf8(text)],
  );
  const later = fileOf('later.txt', utf8('written by a later version'));
  await ana.addFile(later, { recordClass: 'note' });
  assert.equal((await notes()).length, 2);
  const [grant] = await ana.grants();
  assert.deepEqual([grant?.consent, grant?.state], [received.consent, 'live']);
  const looked = await ana.looked();
  assert.ok(looked.notices.filter(({ kind }) => kind === 'look').length >= 2, 'old looks and new');
  await ana.revoke(received.consent);
}

test('there are homes to open', () => {
  assert.ok(versions.includes('2026-11-21'));
});

for (const version of versions) {
  test(`a home of ${version} opens, migrates once, shows its record and grant, and goes on`, async () => {
    const home = unpacked(version, 'home');
    const before = await verifyHome(home);
    assert.equal(before.trusted, true);
    const from = readHomeMark(home)?.version ?? 0;
    const lines: string[] = [];
    const consortium = await serve(home, (line) => lines.push(line));
    try {
      assert.equal(lines.length, latest - from);
      for (const line of lines) assert.match(line, /^migrated home from \d+ to \d+$/);
      await useIt(home, consortium);
    } finally {
      await consortium.close();
    }
    const again = await serve(home, assert.fail);
    await again.close();
    const { trusted, items } = await verifyHome(home);
    assert.equal(trusted, true);
    assert.ok(items > before.items);
    const out = join(folder, 'backups');
    const { verified } = await backUpHome({ home, out, withKeys: true, nowMs: Date.now() });
    assert.equal(verified.items, items);
  });

  // Copies last from the next version on: `lasting.test.ts`.
  const isCopyLetGo = version === '2026-11-21';
  if (isCopyLetGo)
    test(`the wallet copy in a home of ${version} is let go, and its code says so`, async () => {
      const home = unpacked(version, 'home');
      const consortium = await serve(home);
      try {
        const [north] = consortium.hospitals.filter(({ name }) => name === 'north');
        assert.ok(north);
        const code = readFileSync(join(fixtures, version, 'code.txt'), 'utf8').trim();
        const store = memoryWalletStore();
        const wallet = { store, passphrase, code, gatewayUrl: north.url };
        await assert.rejects(Person.recover(wallet, at(consortium)), (error) =>
          isCoded(error, 'RECOVERY_CODE_WRONG'),
        );
        const ana = await open(home, 'ana', consortium);
        assert.equal(ana.hasCopy, false);
      } finally {
        await consortium.close();
      }
    });

  test(`a backup of ${version} restores into a home that goes on`, async () => {
    const from = unpacked(version, 'backup');
    const home = join(mkdtempSync(join(folder, 'restored-')), 'home');
    const { verified } = await restoreHome({ from, home });
    assert.equal(verified.trusted, true);
    assert.ok(verified.items > 0);
    assert.equal(readHomeMark(home)?.version, latest);
    const consortium = await serve(home, assert.fail);
    try {
      await useIt(home, consortium);
    } finally {
      await consortium.close();
    }
  });
}

test('what a newer Salus left is refused by everything that would read it', async () => {
  const home = unpacked('2026-11-21', 'home');
  writeHomeMark(home, { version: latest + 1, wings: [] });
  const isNewer = (error: unknown) => isCoded(error, 'HOME_NEWER');
  const out = join(folder, 'never');
  await assert.rejects(serve(home), isNewer);
  await assert.rejects(verifyHome(home), isNewer);
  await assert.rejects(backUpHome({ home, out, withKeys: true, nowMs: 0 }), isNewer);
});
