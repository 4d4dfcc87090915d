import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { buildVerifiers } from '../../scripts/build-single-files.ts';
import { launchChromium } from '../browser/chromium.ts';
import { run } from '../cli/salus.ts';
import { node20 } from './node-20.ts';
import { type Ran, ran } from './packed.ts';
import { type ReceiptFiles, writeReceipt } from './receipts.ts';

const fixture = (name: string) => join(import.meta.dirname, '../fixtures/receipts', name);
/** A look with the names of who looked and where, and the trust root of that ledger. */
const bundle = fixture('look.receipt');
const trustOfBundle = fixture('trust.json');

/** The two single files, used as somebody uses them who has nothing else: from disk, without a network. */
let folder: string;
let browser: Browser;
const file = (name: string) => join(folder, name);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'salus-verifier-'));
  await buildVerifiers(folder);
  browser = await launchChromium();
});
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

test('Both fit into a message, name what they contain, and come out the same again', async () => {
  const names = ['check-receipt.mjs', 'check-receipt.html'];
  const first = names.map((name) => readFileSync(file(name), 'utf8'));
  await buildVerifiers(folder);
  for (const [i, text] of first.entries()) {
    const name = names[i] ?? '';
    assert.equal(readFileSync(file(name), 'utf8'), text);
    assert.ok(statSync(file(name)).size <= 380_000, name);
    for (const notice of ['@noble/curves', '@noble/hashes'])
      assert.match(text, new RegExp(`^${notice} [\\d.]+, MIT\n\nThe MIT License`, 'm'), name);
  }
});

const answers = [
  'operator',
  'a refusal',
  'two witnesses, one twice',
  'one absent',
  'an item',
  'a look',
  'a wrong witness',
  'another set than trusted',
  'another result',
  'another chain',
  'trust root 0',
];

test('At a terminal, on Node 20, it answers line for line what `salus check-receipt` answers', async () => {
  const questions = answers.map((name) => {
    const { receipt, trust } = writeReceipt(folder, name);
    return [receipt, '--trust', trust, '--json'];
  });
  const [first = []] = questions;
  const asked = [
    ...questions,
    first.slice(0, -1),
    [bundle, '--json'],
    [bundle, '--trust', trustOfBundle],
    [bundle, '--words', 'abandon ability', '--json'],
    ['nowhere.receipt', '--trust', 'nowhere.json', '--json'],
    ['--json'],
    ['a', 'b', '--json'],
    ['a', '--json', '--trust'],
    ['a', '--json', '--verbose'],
    ['a', '--home', '--json'],
  ];
  for (const args of asked) {
    const single = await ran(node20(), [file('check-receipt.mjs'), ...args], { cwd: folder });
    assert.deepEqual(single, await commandLine(args), args.join(' '));
  }
});

async function commandLine(args: readonly string[]): Promise<Ran> {
  const { code, stdout, stderr } = await run(['check-receipt', ...args]);
  return { code, stdout, stderr };
}

test('It says what it needs when no trust root is named', async () => {
  const { receipt } = writeReceipt(folder, 'operator');
  const told = await ran(node20(), [file('check-receipt.mjs'), receipt], { cwd: folder });
  assert.equal(told.code, 2);
  assert.match(
    told.stderr,
    /^Something that this command needs was not said\. \(MISSING: problem say --trust <file>: .+\)\n$/,
  );
});

interface Shown {
  readonly state: string;
  readonly text: string;
}

/** Gives a page to work with; whatever it asks of a network or says to the console fails the test. */
async function withPage(
  work: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const heard: string[] = [];
  page.on('request', (request) => heard.push(request.url()));
  page.on('console', (message) => heard.push(message.text()));
  page.on('pageerror', (error) => heard.push(String(error)));
  await work(page);
  const address = pathToFileURL(file('check-receipt.html')).href;
  assert.deepEqual(heard, [address]);
  await context.close();
}

async function answer(page: Page, { receipt, trust }: ReceiptFiles): Promise<Shown> {
  await page.goto(pathToFileURL(file('check-receipt.html')).href);
  await page.setInputFiles('#receipt', receipt);
  await page.setInputFiles('#trust', trust);
  return shown(page);
}

async function shown(page: Page): Promise<Shown> {
  const verdict = page.locator('#verdict:is(.holds, .fails)');
  await verdict.waitFor({ timeout: 30_000 });
  const state = (await verdict.getAttribute('class')) ?? '';
  return { state, text: (await verdict.locator('p, dt, dd').allTextContents()).join('\n') };
}

for (const [name, state, says] of [
  [
    'four validators',
    'holds',
    /^This receipt holds\.\nledger\n[\s\S]*\nvouched for by\n4 of 4 validators/,
  ],
  ['a look', 'holds', /\nit shows\nlook, reader [0-9a-f]{64}, .*purpose TREAT/],
  ['a refusal', 'holds', /^This receipt holds: the ledger refused[\s\S]*\noutcome\nEPOCH_STALE\n/],
  [
    'another result',
    'fails',
    /^This receipt does not hold\.\ncode\nRECEIPT_INVALID\nreason\nresult$/,
  ],
  ['another chain', 'fails', /^[^\n]+\.\ncode\nTRUST_ROOT_WRONG\nreason\nchain$/],
] as const) {
  test(`Opened from disk, the page says of ${name} that it ${state}`, async () => {
    await withPage(async (page) => {
      const { state: found, text } = await answer(page, writeReceipt(folder, name));
      assert.equal(found, state);
      assert.match(text, says);
    });
  });
}

test('Of a bundle the page says who looked by name, and whether its words were compared', async () => {
  await withPage(async (page) => {
    await page.goto(pathToFileURL(file('check-receipt.html')).href);
    await page.setInputFiles('#receipt', bundle);
    const alone = await shown(page);
    assert.equal(alone.state, 'holds');
    assert.match(
      alone.text,
      /^This receipt holds, if the words are right\.\nit says\nDr Bo \(Harbour Clinic\) was shown a list of records by North Hospital/,
    );
    await page.setInputFiles('#trust', trustOfBundle);
    await page.locator('#verdict p', { hasText: /^This receipt holds\.$/ }).waitFor();
  });
});

test('It holds where the browser offers no cryptography of its own', async () => {
  await withPage(async (page) => {
    await page.addInitScript('Object.defineProperty(globalThis, "crypto", { value: {} })');
    const { state } = await answer(page, writeReceipt(folder, 'one absent'));
    assert.equal(state, 'holds');
  });
});

test('Files may be dropped in any order, and a later choice replaces the verdict', async () => {
  const good = writeReceipt(folder, 'an item');
  const [receipt, trust] = [good.receipt, good.trust].map((it) => [...readFileSync(it)]);
  const broken = file('broken.receipt');
  writeFileSync(broken, readFileSync(good.receipt).subarray(1));
  await withPage(async (page) => {
    await page.goto(pathToFileURL(file('check-receipt.html')).href);
    await page.evaluate(`{
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(${JSON.stringify(trust)})], 'trust.json'));
      transfer.items.add(new File([new Uint8Array(${JSON.stringify(receipt)})], 'an.receipt'));
      dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true }));
    }`);
    assert.equal((await shown(page)).state, 'holds');
    await page.setInputFiles('#receipt', broken);
    await page.locator('#verdict.fails').waitFor({ timeout: 30_000 });
    assert.match((await shown(page)).text, /RECEIPT_INVALID\nreason\nencoding$/);
  });
});

test('Its policy lets no other script, style or request through', async () => {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(file('check-receipt.html')).href);
  const reached = await page.evaluate(`(async () => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.injected = true';
    document.body.append(script);
    const asked = await fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'blocked');
    return [globalThis.injected === true, asked];
  })()`);
  assert.deepEqual(reached, [false, 'blocked']);
  await page.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`On a phone in ${colorScheme} mode nothing is wider than the screen`, async () => {
    const work = async (page: Page) => {
      await answer(page, writeReceipt(folder, 'a look'));
      const width = await page.evaluate('document.documentElement.scrollWidth');
      assert.ok(Number(width) <= 320, String(width));
      const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      assert.equal(paper, colorScheme === 'dark' ? 'rgb(20, 24, 27)' : 'rgb(246, 245, 241)');
    };
    await withPage(work, { viewport: { width: 320, height: 640 }, colorScheme });
  });
}
