import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import type { Browser } from 'playwright-core';
import { publint } from 'publint';
import { rolldown } from 'rolldown';
import { fileWalletStore, Person } from '../../src/sdk/node/index.ts';
import { launchChromium } from '../browser/chromium.ts';
import { type Consortium, fileOf, passphrase, startConsortium } from '../e2e/consortium.ts';
import { cheapPassphrases } from '../wallet-store.ts';
import { compileConsumer, copyExamples } from './consumer.ts';
import { node20 } from './node-20.ts';
import { filesBelow, type Installed, installPacked, ran, root } from './packed.ts';
import { writeReceipt } from './receipts.ts';

/**
 * The package as others get it: packed from this checkout, installed in an empty folder, and used there by
 * programs that know nothing but its name.
 */
let installed: Installed;
let browser: Browser;
const closing: (() => unknown)[] = [];

before(async () => {
  installed = await installPacked();
  closing.push(installed.remove);
  copyExamples(installed);
  browser = await launchChromium();
  closing.push(() => browser.close());
});
after(async () => {
  for (const close of closing.reverse()) await close();
});

test('publint and attw find nothing wrong', async () => {
  const { messages } = await publint({ pkgDir: installed.salus, strict: true, pack: false });
  // The one way in that is a pattern leads nowhere until a wing has an SDK of its own.
  const withoutWings = messages.filter(
    (it) => !(it.code === 'EXPORTS_GLOB_NO_MATCHED_FILES' && it.path[1] === './sdk/*'),
  );
  assert.deepEqual(withoutWings, []);

  const result = await checkPackage(createPackageFromTarballData(installed.tarball));
  assert.ok(result.types);
  assert.deepEqual(
    Object.keys(result.entrypoints),
    ['sdk', 'sdk/browser', 'sdk/*', 'receipt', 'ledger', 'package.json'].map((it) => `./${it}`),
  );
  // Modules only, as attw's profile `esm-only` has it: what cannot import them is not asked.
  const modules = result.problems.filter(
    (it) => !('resolutionKind' in it) || !['node10', 'node16-cjs'].includes(it.resolutionKind),
  );
  assert.deepEqual(modules, []);
});

test('The package holds what was built and nothing of the workshop', () => {
  const tops = new Set([...filesBelow(installed.salus).keys()].map((name) => name.split('/')[1]));
  const expected = ['bin', 'dist', 'web', 'examples', 'package.json', 'README.md', 'LICENSE'];
  assert.deepEqual([...tops].sort(), [...expected, 'SECURITY.md', 'CHANGELOG.md'].sort());
  const odd = [...filesBelow(join(installed.salus, 'dist')).keys()].filter(
    (name) => /\.test\.|\.contract\./.test(name) || !/\.(js|d\.ts|mjs|html)$/.test(name),
  );
  assert.deepEqual(odd, []);
});

test('The same sources give the same bytes', async () => {
  const out = join(installed.folder, 'again');
  const built = await ran(process.execPath, ['scripts/build.ts', '--out', out], {
    cwd: root,
  });
  assert.equal(built.code, 0, built.stderr);
  const [first, second] = [filesBelow(join(installed.salus, 'dist')), filesBelow(out)];
  assert.deepEqual([...second.keys()].sort(), [...first.keys()].sort());
  for (const [name, bytes] of first) assert.deepEqual(second.get(name), bytes, name);
});

for (const [module, moduleResolution] of [
  ['NodeNext', 'NodeNext'],
  ['ESNext', 'Bundler'],
] as const) {
  test(`A program compiles against it under plain strict, resolving as ${moduleResolution}`, async () => {
    const { code, stdout } = await compileConsumer(installed, {
      ...{ module, moduleResolution },
      // The declarations are the same files however they are found: checking them once is enough.
      skipLibCheck: moduleResolution === 'Bundler',
    });
    assert.equal(code, 0, stdout);
  });
}

const receiptProgram = `
import { CodedError, checkReceipt, explainReceipt } from '@salus/salus/receipt';
import { readFileSync } from 'node:fs';
try {
  const [receipt, trust] = process.argv.slice(2).map((file) => readFileSync(file));
  const verdict = await checkReceipt(receipt, trust.toString());
  console.log(explainReceipt(verdict).outcome, verdict.vouchedBy);
} catch (error) {
  console.log(error instanceof CodedError, error.code, error.details.reason);
}`;

test('Node 20 checks a receipt with it', async () => {
  const program = join(installed.folder, 'receipt.mjs');
  writeFileSync(program, receiptProgram);
  const node = node20();
  for (const [name, said] of [
    ['four validators', 'accepted 4 of 4 validators'],
    ['a refusal', 'EPOCH_STALE operator'],
    ['a wrong witness', 'true RECEIPT_INVALID witness'],
    ['another chain', 'true TRUST_ROOT_WRONG chain'],
  ] as const) {
    const { receipt, trust } = writeReceipt(installed.folder, name);
    const { stdout, stderr } = await ran(node, [program, receipt, trust], {
      cwd: installed.folder,
    });
    assert.equal(stdout.trim(), said, name + stderr);
  }
  const source = readFileSync(join(installed.salus, 'dist', 'sdk', 'receipt.js'), 'utf8');
  assert.doesNotMatch(source, /["']node:|#built/);
});

test('The command line of the package starts, on Node 20 too: it brings its own', async () => {
  const bin = join(installed.salus, 'bin', 'salus.mjs');
  const { receipt, trust } = writeReceipt(installed.folder, 'operator');
  const args = [bin, 'check-receipt', receipt, '--trust', trust, '--json'];
  const { code, stdout, stderr } = await ran(node20(), args, { cwd: installed.folder });
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).vouchedBy, 'operator');
});

test('The example page checks a receipt in a browser', async () => {
  const folder = join(installed.folder, 'check-receipt-page');
  const bundle = await rolldown({
    input: join(folder, 'page.ts'),
    platform: 'browser',
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  const { output } = await bundle.generate({ format: 'iife' });
  await bundle.close();
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const page = await browser.newPage();
  await page.setContent(html.replace(/<script.*<\/script>/, ''));
  await page.addScriptTag({ content: output[0].code });
  for (const [name, said] of [
    ['an item', /^DataAnchor: accepted at height 3, vouched for by operator$/],
    ['another place', /^This receipt does not hold\. \(RECEIPT_INVALID\)$/],
  ] as const) {
    const files = writeReceipt(installed.folder, name);
    await page.setInputFiles('#receipt', files.receipt);
    await page.setInputFiles('#trust', files.trust);
    await page.locator('#verdict', { hasText: said }).waitFor({ timeout: 30_000 });
  }
  await page.close();
});

test('Against a running consortium the bot files a result, and the patient reads it', async () => {
  const consortium = await startConsortium();
  try {
    const [ana, bot] = [await enrolled(consortium, 'ana'), await enrolled(consortium, 'bot')];
    const patients = join(root, 'examples', 'patients');
    const file = 'Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json';
    await ana.addFile(fileOf(file, readFileSync(join(patients, file))));
    await ana.addCard(bot.card());
    const notAfterMs = Date.now() + 3_600_000;
    const grantee = bot.account().account;
    const terms = { grantee, readClasses: [], writeClasses: ['lab'], purposes: ['TREAT'] } as const;
    await ana.grant({ ...terms, notAfterMs });

    const patient = ana.account().account;
    const nobody = '0'.repeat(64);
    const results = join(installed.folder, 'results.ndjson');
    writeFileSync(
      results,
      [patient, nobody]
        .map((it) => JSON.stringify({ patient: it, resource: potassium }))
        .join('\n'),
    );
    const filed = await example('hospital-bot.ts', [wallet('bot'), results]);
    assert.match(
      filed.stdout,
      new RegExp(`^${patient}: filed as [0-9a-f]{32} at height \\d+$`, 'm'),
    );
    assert.match(filed.stdout, new RegExp(`^${nobody}: kept back, no grant`, 'm'));

    const read = await example('read-my-lab-values.ts', [wallet('ana')]);
    const [newest] = read.stdout.split('\n');
    assert.equal(newest, '2031-02-03  4.2 mmol/L  Potassium');
    assert.match(read.stdout, /^\d{2,} values of ana$/m);
    const wrong = await example('read-my-lab-values.ts', [wallet('nobody')]);
    assert.deepEqual([wrong.code, /\(WALLET_UNKNOWN\)$/m.test(wrong.stderr)], [1, true]);
  } finally {
    await consortium.stop();
  }
});

const potassium = {
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'Potassium' },
  effectiveDateTime: '2031-02-03T08:00:00Z',
  valueQuantity: { value: 4.2, unit: 'mmol/L' },
};

const wallet = (name: string) => join(installed.folder, `${name}.wallet`);

async function enrolled(consortium: Consortium, name: 'ana' | 'bot'): Promise<Person> {
  const role = name === 'ana' ? 'patient' : 'device';
  const { person } = await Person.create({
    store: { ...fileWalletStore(wallet(name)), ...cheapPassphrases },
    passphrase,
    name,
  });
  const invitation = await consortium.invite('north', role, name);
  await person.enrol({ gatewayUrl: consortium.url('north'), invitation, role });
  return person;
}

/** An example as its first line says that it is started. */
function example(name: string, args: readonly string[]) {
  const env = { ...process.env, SALUS_PASSPHRASE: passphrase };
  return ran(process.execPath, [name, ...args], { cwd: installed.folder, env });
}
