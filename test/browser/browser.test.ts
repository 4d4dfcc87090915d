import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type Consortium, passphrase, startConsortium } from '../e2e/consortium.ts';
import { vectorsOnDisk } from '../vectors/disk.ts';
import { suiteNames } from '../vectors/suites.ts';
import { type Bundled, bundleForBrowser, gzipAtOnce, loadedAtOnce, sizeOf } from './bundle.ts';
import { launchChromium } from './chromium.ts';
import type { Scenes } from './scenes.ts';
import { type PageServer, type Served, servePage } from './serve.ts';

/**
 * The SDK in a real browser, under the policy that a hospital's page would have: the vectors and the whole
 * way of a record, on the page's own thread and in a worker.
 */
const patientFile = 'Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json';
const file = (path: string) => new Uint8Array(readFileSync(new URL(path, import.meta.url)));
const places = ['page', 'worker'] as const;
type Place = (typeof places)[number];

const closing: (() => Promise<unknown>)[] = [];
let consortium: Consortium;
let site: PageServer;
let page: Page;
/** Where the page and its workers have asked for something. */
const addresses: string[] = [];
const secrets: string[] = [passphrase];

before(async () => {
  consortium = await startConsortium();
  closing.push(consortium.stop);
  const bundle = await bundleForBrowser({
    main: 'test/browser/page/main.ts',
    worker: 'test/browser/page/worker.ts',
  });
  site = await servePage(assetsOf(bundle), new URL(consortium.url('north')).origin);
  closing.push(site.close);
  const browser = await launchChromium();
  closing.push(() => browser.close());
  page = await browser.newPage();
  page.on('request', (request) => void addresses.push(request.url()));
  await page.goto(site.url);
});
after(async () => {
  const closed = await Promise.allSettled(closing.reverse().map((close) => close()));
  for (const it of closed) if (it.status === 'rejected') throw it.reason;
});

function assetsOf(bundle: readonly Bundled[]): Map<string, Served> {
  const html = '<!doctype html><title>Salus</title><script type="module" src="/main.js"></script>';
  const assets = new Map<string, Served>([
    ['/', { type: 'text/html; charset=utf-8', body: html }],
    [
      '/bundle.json',
      { type: 'application/json', body: file(`../../examples/patients/${patientFile}`) },
    ],
    [
      '/letter.pdf',
      { type: 'application/pdf', body: file('../../examples/documents/discharge-letter.pdf') },
    ],
    ['/vectors.json', { type: 'application/json', body: JSON.stringify(vectorsAsJson()) }],
  ]);
  for (const { fileName, code } of bundle) {
    assets.set(`/${fileName}`, { type: 'text/javascript; charset=utf-8', body: code });
  }
  return assets;
}

function vectorsAsJson(): Record<string, string> {
  const folder = new URL('../vectors', import.meta.url).pathname;
  const names = vectorsOnDisk
    .below(folder)
    .filter((name) => /\.(json|dag-json|dag-cbor)$/.test(name));
  return Object.fromEntries(
    names.map((name) => [
      `vectors/${name}`,
      Buffer.from(vectorsOnDisk.bytes(`${folder}/${name}`)).toString('base64'),
    ]),
  );
}

type Input<Name extends keyof Scenes> = Parameters<Scenes[Name]>[0];
type Output<Name extends keyof Scenes> = Awaited<ReturnType<Scenes[Name]>>;

async function play<Name extends keyof Scenes>(
  place: Place,
  name: Name,
  input?: Input<Name>,
): Promise<Output<Name>> {
  // After a load the page is there before its module has run.
  await page.waitForFunction(() => Object(globalThis).play !== undefined);
  const result: unknown = await page.evaluate(
    ([where, scene, given]) => Object(globalThis).play[String(where)](scene, given),
    [place, name, input],
  );
  const { ok, value, error } = Object(result);
  if (ok !== true) throw new Error(`${name} in the ${place}: ${error}`);
  return value;
}

const gatewayUrl = (hospital: string) => `${site.url}/gateway/${hospital}`;

async function enrol(
  place: Place,
  wallet: string,
  hospital: string,
  role: 'patient' | 'clinician',
) {
  const invitation = await consortium.invite(hospital, role, wallet);
  const about = { wallet, gatewayUrl: gatewayUrl(hospital), role, invitation };
  const enrolled = await play(place, 'enrol', about);
  secrets.push(invitation, enrolled.code);
  return enrolled;
}

test('The SDK for browsers is small, and what few pages need is loaded when it is asked for', async (t) => {
  const bundle = await bundleForBrowser({ sdk: 'src/sdk/browser/index.ts' });
  const atOnce = loadedAtOnce(bundle, 'sdk.js');
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  const report = (name: string, files: readonly Bundled[]) => {
    const { raw, gzip } = sizeOf(files);
    t.diagnostic(`${name}: ${kilobytes(raw)}, gzip ${kilobytes(gzip)}`);
    return gzip;
  };
  assert.ok(report('SDK entry', atOnce) < 179_000);
  const later = bundle.filter((it) => !atOnce.includes(it));
  for (const one of later) report(one.fileName, [one]);
  for (const name of ['libsodium', 'ml-kem']) {
    assert.ok(
      later.some((it) => it.fileName.startsWith(name)),
      `${name} is a file of its own`,
    );
  }
});

test('The worker of the app starts with little beside libsodium', async (t) => {
  const assets = new URL('../../web/dist/assets/', import.meta.url);
  const name = readdirSync(assets).find((it) => /^worker-.*\.js$/u.test(it)) ?? '';
  const bytes = await gzipAtOnce(new URL(name, assets), (it) => readFileSync(it, 'utf8'));
  t.diagnostic(`worker: gzip ${(bytes / 1000).toFixed(1)} kB`);
  assert.ok(bytes < 144_000);
});

test('A bundle with something that a browser lacks is refused', async () => {
  await assert.rejects(bundleForBrowser({ node: 'src/crypto/platform/node.ts' }), /node:crypto/);
});

test('With the cryptography of the browser every set of vectors comes out as published', async (t) => {
  t.diagnostic(`WebCrypto: ${JSON.stringify(await play('worker', 'engine'))}`);
  const outcomes = await play('worker', 'vectors');
  for (const { file, cases, failures } of outcomes) {
    assert.deepEqual(failures, [], file);
    assert.ok(cases > 0, file);
  }
  assert.deepEqual(outcomes.map((it) => it.file).sort(), [...(await suiteNames())].sort());
});

for (const place of places) {
  test(`In the ${place}: import, export, grant, read, revoke, and who looked`, async () => {
    const [patient, doctor] = [`ana-${place}`, `dr-${place}`];
    await enrol(place, patient, 'north', 'patient');
    const { account } = await enrol(place, doctor, 'harbour', 'clinician');

    for (const url of ['/bundle.json', '/letter.pdf']) {
      const added = await play(place, 'importFile', { wallet: patient, url });
      assert.ok(added.items > 0 && added.exportEquals, url);
      assert.equal(added.heightOfReceipt, added.height);
    }
    const given = await play(place, 'grantAndRead', {
      patient,
      doctor,
      classes: ['lab', 'diagnosis'],
    });
    assert.deepEqual([given.state, given.patientName], ['live', patient]);
    assert.deepEqual(given.classes, ['diagnosis', 'lab']);
    assert.ok(given.read > 0 && given.equal);
    assert.equal(given.read, given.owned);

    const offline = { opened: given.read, kept: given.read, online: 'GATEWAY_UNREACHABLE' };
    assert.deepEqual(await play(place, 'offline', { wallet: doctor }), offline);
    const one = { ...offline, opened: 1, kept: 1 };
    assert.deepEqual(await play(place, 'offline', { wallet: patient }), one);

    const { consent } = given;
    const ended = await play(place, 'revoke', { patient, doctor, consent });
    assert.deepEqual(ended, { refused: 'CONSENT_ENDED', state: 'ended' });
    const none = { ...offline, opened: 0, kept: 0 };
    assert.deepEqual(await play(place, 'offline', { wallet: doctor }), none);

    await consortium.gateway('north').flush();
    const looked = await play(place, 'looked', { wallet: patient });
    assert.ok(looked.readers.length > 0 && looked.readers.every((it) => it === account));
    assert.ok(looked.kinds.includes('refusal CONSENT_ENDED'));
    assert.equal(looked.receiptsChecked, looked.kinds.length);
    assert.equal(looked.withheld, 0);
  });

  test(`In the ${place}: IndexedDB is an item store`, async () => {
    assert.deepEqual(await play(place, 'itemStoreRules'), []);
  });

  test(`In the ${place}: a receipt holds, a changed one does not, nor one of another ledger`, async () => {
    const checked = await play(place, 'checkReceipts', { wallet: `ana-${place}` });
    assert.deepEqual(checked, {
      vouchedBy: 'operator',
      changed: 'RECEIPT_INVALID',
      otherLedger: 'TRUST_ROOT_WRONG',
    });
  });

  test(`In the ${place}: a large file is sealed and sent piece by piece, and blocks are heard of`, async () => {
    const wallet = `ana-${place}`;
    assert.ok(await play(place, 'largeFile', { wallet, bytes: 3_000_001 }));
    assert.ok(await play(place, 'hearBlock', { wallet }));
  });
}

test('A wallet outlives the page, and opens with its passphrase alone', async () => {
  await page.reload();
  const [wallet] = ['ana-page'];
  const wrong = await play('page', 'open', { wallet, passphrase: 'not the passphrase' });
  assert.equal(wrong.refused, 'PASSPHRASE_WRONG');
  assert.deepEqual([...wrong.wallets].sort(), ['ana-page', 'ana-worker', 'dr-page', 'dr-worker']);
  // Both threads, whoever made it.
  for (const place of places) {
    const { account } = await play(place, 'open', { wallet, passphrase });
    assert.match(account ?? '', /^[0-9a-f]{64}$/);
    assert.ok(await play(place, 'exportAgain', { wallet, url: '/bundle.json' }));
  }
  const unknown = await play('page', 'open', { wallet: 'nobody', passphrase });
  assert.equal(unknown.refused, 'WALLET_UNKNOWN');
});

test('Two threads with one wallet lose nothing of each other', async () => {
  const wallet = 'ana-page';
  for (const place of places) await play(place, 'open', { wallet, passphrase });
  await play('page', 'open', { wallet: 'dr-page', passphrase });
  await play('page', 'open', { wallet: 'dr-worker', passphrase });
  const cards = await Promise.all(
    ['dr-page', 'dr-worker'].map((doctor) => play('page', 'cardOf', { wallet: doctor })),
  );
  await Promise.all(
    places.map((place, i) => play(place, 'addCard', { wallet, card: cards[i] ?? '' })),
  );
  await play('page', 'open', { wallet, passphrase });
  const held = await play('page', 'cardsOf', { wallet });
  assert.deepEqual([...held].sort(), ['dr-page', 'dr-worker']);

  const counter = { wallet: 'counter', times: 25 };
  const counts = await Promise.all(places.map((place) => play(place, 'countUp', counter)));
  assert.equal(Math.max(...counts), 50);
});

test('A browser keeps sealed wallets, sealed items and nothing else, and no address holds a secret', async () => {
  const { texts, databases, ...rest } = await play('page', 'kept');
  assert.deepEqual(
    { ...rest, databases: [...databases].sort() },
    {
      databases: ['salus', 'salus-items'],
      caches: [],
      others: [0, 0, 0],
      address: `${site.url}/`,
    },
  );
  assert.ok(texts.join('').length > 10_000 && addresses.length > 100);
  const told = [...texts, ...addresses].join('\n');
  assert.ok(secrets.length > 8);
  for (const secret of [...secrets, 'Lemuel', 'MELD']) assert.ok(!told.includes(secret), secret);
  for (const address of addresses) assert.ok(!address.includes('#'), address);
});

test('All of it kept to the policy of the page: the first breach is the one made on purpose', async () => {
  for (const place of places) {
    assert.equal(await play(place, 'evaluate'), 'refused');
    assert.match(await site.violation(), /on purpose/);
  }
});
