import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fileWalletStore } from '../../src/cli/home.ts';
import { utf8, utf8ToText } from '../../src/primitives/bytes.ts';
import { type ContextOptions, checkReceiptFile, Person } from '../../src/sdk/index.ts';
import { startConsortium } from '../../src/server/consortium.ts';
import { decodeCar } from '../../src/storage/car.ts';
import { unpackFolder } from '../fixtures/homes/archive.ts';
import { labs, passphrase, text } from '../fixtures/homes/facts.ts';
import { memoryWalletStore } from '../wallet-store.ts';

/**
 * Formats last from 28 November 2026 on: what a version wrote then, every later one opens. Homes and backups themselves
 * are opened by `homes.test.ts`, of the versions before too. Source: docs/protocol/README.md.
 */
const fixtures = fileURLToPath(new URL('../fixtures/homes/', import.meta.url));
const versions = readdirSync(fixtures).filter((it) => existsSync(join(fixtures, it, 'blobs.car')));
const folder = mkdtempSync(join(tmpdir(), 'salus-lasting-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const fileIn = (version: string, name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(fixtures, version, name)));

function homeOf(version: string): string {
  const home = join(mkdtempSync(join(folder, `${version}-`)), 'home');
  unpackFolder(Buffer.from(fileIn(version, 'home.gz')), home);
  return home;
}

test('there is a version whose formats last', () => {
  assert.ok(versions.includes('2026-11-28'));
});

for (const version of versions) {
  test(`a wallet file of ${version} opens without a hospital, and knows what it knew`, async () => {
    const home = homeOf(version);
    const ana = await Person.open({ store: fileWalletStore(home, 'ana'), passphrase });
    assert.equal(ana.name, 'Ana Lima');
    assert.deepEqual(ana.imports.map((it) => it.fileName).sort(), ['labs.json', 'note.txt']);
    const bo = await Person.open({ store: fileWalletStore(home, 'bo'), passphrase });
    assert.equal(bo.account().role, 'clinician');
  });

  test(`the wallet copy of ${version} comes back by its code, with every record`, async () => {
    const home = homeOf(version);
    const options = { home, port: 0, acceptClock: true, acceptLoss: true };
    const consortium = await startConsortium({ ...options, logLevel: 'silent' });
    try {
      const at: ContextOptions = {
        gatewayUrlOf: ({ organisation, gatewayUrl }) =>
          consortium.hospitals.find((it) => it.account === organisation)?.url ?? gatewayUrl,
      };
      const north = consortium.hospitals.find(({ name }) => name === 'north');
      assert.ok(north);
      const code = utf8ToText(fileIn(version, 'code.txt')).trim();
      const wallet = { store: memoryWalletStore(), passphrase, code, gatewayUrl: north.url };
      const ana = await Person.recover(wallet, at);
      await ana.sync();
      const importOf = (name: string) => ana.imports.find((it) => it.fileName === name);
      const [note, file] = [importOf('note.txt'), importOf('labs.json')];
      assert.ok(note && file);
      assert.equal(utf8ToText((await ana.exportImport(note.skeleton)).bytes), text);
      assert.equal(utf8ToText((await ana.exportImport(file.skeleton)).bytes), labs);
      const lines = await ana.recordLines();
      const results = lines.filter((it) => it.recordClass === 'lab').map((it) => it.headline);
      assert.deepEqual(
        results.map((it) => [it?.name, it?.value, it?.unit, it?.clinicalDate]).sort(),
        [
          ['Potassium', '4.1', 'mmol/L', '2024-05-06'],
          ['Potassium', '4.4', 'mmol/L', '2024-05-06'],
        ],
      );
      const [grant] = await ana.grants();
      assert.equal(grant?.state, 'live');
    } finally {
      await consortium.close();
    }
  });

  test(`a receipt of ${version} holds, offline, by the trust root of its ledger`, async () => {
    const trustRootJson = utf8ToText(fileIn(version, 'trust.json'));
    const receipt = fileIn(version, 'look.receipt');
    const { verdict, trustedBy } = await checkReceiptFile(receipt, { trustRootJson });
    assert.equal(trustedBy, 'given');
    assert.ok(verdict.claim !== undefined && verdict.height > 0);
  });

  test(`a CAR stream of ${version} gives its blobs, each by its id`, async () => {
    async function* read() {
      yield fileIn(version, 'blobs.car');
    }
    const bodies: Uint8Array[] = [];
    for await (const { bytes } of decodeCar(read())) bodies.push(bytes);
    assert.deepEqual(bodies, [utf8(text), utf8(labs)]);
  });
}
