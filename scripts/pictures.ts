// Takes the pictures of docs/roles from a demo of its own: npm run pictures
// They are taken the same way each time, at one size, of people who are made up. Only days and times differ between two
// runs: they are those of the run. Looked at and committed by hand, when a screen has changed.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { type App, startApp, type Visitor } from '../test/web/app.ts';
import { receiptOf } from '../test/web/receipt.ts';

const folder = fileURLToPath(new URL('../docs/roles/pictures', import.meta.url));
const maxBytes = 120_000;
const maxBytesInAll = 1_500_000;
const desk = { width: 1280, height: 800 };
const phone = { width: 360, height: 740 };

let bytesInAll = 0;

/** What the window shows, as WebP: a quarter of what the same costs as PNG. */
async function take(page: Page, name: string): Promise<void> {
  await page.evaluate('document.fonts.ready.then(() => undefined)');
  // What is still coming is no picture of the screen.
  await page.locator('.sk').first().waitFor({ state: 'detached' });
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  await session.detach();
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > maxBytes) throw new Error(`${name} has ${bytes.length} bytes`);
  bytesInAll += bytes.length;
  writeFileSync(join(folder, `${name}.webp`), bytes);
  process.stdout.write(`${name}.webp ${bytes.length}\n`);
}

const tab = (page: Page, path: string) => page.locator(`.tabs a[href="${path}"]`).click();

async function start(app: App): Promise<void> {
  const visitor = await app.visitor(desk);
  await visitor.page.locator('button.persona').first().waitFor();
  await take(visitor.page, 'start');
  await visitor.close();
}

async function patient(app: App): Promise<void> {
  const visitor = await app.visitor(desk);
  const { page } = visitor;
  await visitor.openAs('Eboni Brekke');
  await page.locator('.lastv').first().waitFor();
  await take(page, 'patient-home');
  await tab(page, '/record');
  await page.locator('.trow a').first().waitFor();
  await take(page, 'patient-record');
  await tab(page, '/looked');
  await page.locator('.lookrow').first().waitFor();
  await take(page, 'patient-looked');
  await tab(page, '/keys');
  await page.locator('main .rows .row').first().waitFor();
  await take(page, 'patient-keys');
  await item(visitor);
  await tab(page, '/home');
  await page.getByRole('link', { name: 'Share', exact: true }).click();
  await page.getByRole('button', { name: /^Dr Erik Lind/u }).click();
  await take(page, 'patient-share');
  await visitor.close();
  await onPhone(app);
}

async function item({ page }: Visitor): Promise<void> {
  await tab(page, '/home');
  await page.locator('.lastv', { hasText: 'Ferritin' }).click();
  await page.locator('.chart').waitFor();
  await take(page, 'patient-entry');
}

async function onPhone(app: App): Promise<void> {
  const visitor = await app.visitor(phone);
  await visitor.openAs('Eboni Brekke');
  await visitor.page.locator('.lastv').first().waitFor();
  await take(visitor.page, 'patient-phone');
  await visitor.close();
}

async function clinician(app: App): Promise<void> {
  const visitor = await app.visitor(desk);
  const { page } = visitor;
  await visitor.openAs('Dr Abena Osei');
  const row = page.getByRole('link', { name: /Eboni Brekke/u });
  await row.waitFor();
  await take(page, 'clinician-patients');
  await row.click();
  await page.getByText(/^Opened .* by one look/u).waitFor();
  await take(page, 'clinician-chart');
  await page.getByRole('link', { name: 'Write', exact: true }).click();
  const note = page.getByRole('textbox', { name: 'Note', exact: true });
  await note.fill(
    'Tired for six weeks. Iron once a day on an empty stomach; blood count in a month.',
  );
  await page.getByText(/Draft kept on this device, sealed/u).waitFor();
  await take(page, 'clinician-write');
  await visitor.close();
}

async function registrationDesk(app: App): Promise<void> {
  const visitor = await app.visitor(desk);
  const { page } = visitor;
  await visitor.openAs('Desk of North');
  const name = page.getByLabel('Name, as on the identity card');
  await name.fill('Maria Santos');
  await take(page, 'desk-enrol');
  await page.getByRole('button', { name: 'Show the code' }).click();
  await page.locator('.invite').waitFor();
  await take(page, 'desk-code');
  await page.getByRole('link', { name: 'People' }).click();
  await page.locator('main .rows .row').first().waitFor();
  await take(page, 'desk-people');
  await visitor.close();
}

async function operator(app: App): Promise<void> {
  const visitor = await app.visitor(desk);
  const { page } = visitor;
  await visitor.openAs('Operator of North');
  await page.locator('.matrix').waitFor();
  await take(page, 'operator-network');
  await page.getByRole('link', { name: 'What to do' }).first().click();
  await page.locator('.stepr').first().waitFor();
  await take(page, 'operator-runbook');
  await visitor.close();
}

async function auditor(app: App): Promise<void> {
  const visitor = await app.visitor(desk);
  const { page } = visitor;
  await page.goto(`${app.url}/check`);
  await page.locator('input[type=file]').setInputFiles({
    ...{ name: 'look.receipt', mimeType: 'application/octet-stream' },
    buffer: Buffer.from(await receiptOf(app)),
  });
  await page.getByRole('heading', { level: 1, name: 'This receipt holds.' }).waitFor();
  await take(page, 'auditor-receipt');
  await page.goto(`${app.url}/explorer`);
  await page.getByRole('heading', { level: 1, name: /The ledger has/u }).waitFor();
  await take(page, 'auditor-explorer');
  await visitor.close();
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const app = await startApp();
try {
  for (const role of [start, patient, clinician, registrationDesk, operator, auditor]) {
    await role(app);
  }
} finally {
  await app.close();
}
process.stdout.write(`${bytesInAll} bytes in all\n`);
if (bytesInAll > maxBytesInAll) throw new Error(`more than ${maxBytesInAll} bytes in all`);
