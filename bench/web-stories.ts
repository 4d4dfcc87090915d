import { readFileSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { fileWalletStore } from '../src/cli/home.ts';
import { utf8 } from '../src/primitives/bytes.ts';
import { Person, readCard, readInvitation } from '../src/sdk/index.ts';
import { fileOf } from '../test/e2e/consortium.ts';
import { memoryWalletStore } from '../test/wallet-store.ts';

/** What somebody does in the app, each timed from the touch to what it shows, by the page's own clock. */

const waitMs = 300_000;
const dayMs = 86_400_000;

/** So many small results, a day each, as one file of lines. */
export function results(count: number, from = 0): string {
  const day = (i: number) => new Date(Date.UTC(2010, 0, 1) + i * dayMs).toISOString().slice(0, 10);
  return Array.from({ length: count }, (_, i) => observation(from + i, day(from + i))).join('\n');
}

const observation = (i: number, day: string): string =>
  JSON.stringify({
    resourceType: 'Observation',
    id: `o${i}`,
    status: 'final',
    category: [{ coding: [{ code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }], text: 'Hemoglobin' },
    effectiveDateTime: `${day}T08:00:00Z`,
    valueQuantity: { value: 10 + (i % 70) / 10, unit: 'g/dL' },
  });

export async function openPage(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({
    ...{ viewport: { width: 1280, height: 800 }, locale: 'en-GB', reducedMotion: 'reduce' },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(waitMs);
  await page.goto(url);
  return page;
}

/** Touches, and waits until the page shows it, a frame later: in ms. `shown` is JavaScript that says whether it is there. */
export async function touchUntil(page: Page, target: Locator, shown: string): Promise<number> {
  await target.waitFor();
  const timed = page.evaluate(`new Promise((resolve) => {
    let began;
    addEventListener('click', () => { began = performance.now(); }, { once: true, capture: true });
    const look = () => {
      if (began !== undefined && (${shown})) requestAnimationFrame(() => resolve(performance.now() - began));
      else requestAnimationFrame(look);
    };
    look();
  })`);
  await target.click();
  return Number(await timed);
}

const headingSays = (words: string): string =>
  `document.querySelector('h1')?.textContent.includes(${JSON.stringify(words)})`;

/** A record of one's own, opened by passkey: joined, its sheet tried. Stands at home. */
export async function joinByPasskey(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal' },
      ...{ hasResidentKey: true, hasUserVerification: true, hasPrf: true, isUserVerified: true },
      automaticPresenceSimulation: true,
    },
  });
  await page.getByRole('link', { name: 'Start my own record' }).click();
  const invitation = page.getByLabel('Invitation');
  while (!(await invitation.inputValue()).startsWith('salus:')) await page.waitForTimeout(50);
  await page.getByRole('button', { name: 'Open it with a passkey' }).click();
  const code = (await page.getByTestId('sheet-code').textContent()) ?? '';
  await page.evaluate('print = () => {}');
  await page.getByRole('button', { name: 'Print the sheet' }).click();
  await page.getByLabel('Type the code from the sheet').fill(code);
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.waitForURL('**/home');
}

const tab = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true });

/** Brings a file in by the page for it, and waits until all of it stands. */
export async function bring(page: Page, name: string, text: string): Promise<void> {
  await tab(page, 'Record').click();
  await page.getByRole('link', { name: 'Add records' }).first().click();
  const input = page.getByLabel('Choose files');
  await input.waitFor({ state: 'attached' });
  const lines = page.locator('.added > li');
  const before = await lines.count();
  await input.setInputFiles({
    name,
    mimeType: 'application/octet-stream',
    buffer: utf8Buffer(text),
  });
  await lines.nth(before).getByText(/added/iu).first().waitFor();
}

const utf8Buffer = (text: string): Buffer => Buffer.from(text, 'utf8');

/** The longest that anything held the page's own thread while `work` went on; 0: nothing held it for 50 ms. */
export async function longestTask(page: Page, work: () => Promise<void>): Promise<number> {
  await page.evaluate(`globalThis.longest = 0;
    globalThis.longTasks = new PerformanceObserver((list) => {
      for (const it of list.getEntries()) longest = Math.max(longest, it.duration);
    });
    longTasks.observe({ type: 'longtask' });`);
  await work();
  return Number(await page.evaluate('longTasks.disconnect(), longest'));
}

/** Locks at the record, and unlocks by passkey: until its first rows stand. */
export async function unlockToTimeline(page: Page, count: number): Promise<number> {
  await tab(page, 'Record').click();
  const entries = headingSays(`${count} entr`);
  await page.evaluate(`new Promise((resolve) => {
    const look = () => ((${entries}) ? resolve() : requestAnimationFrame(look));
    look();
  })`);
  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  const unlock = page.getByRole('button', { name: 'Unlock with passkey' });
  const rows = `document.querySelectorAll('.timeline .row .t').length > 5`;
  return touchUntil(page, unlock, `${entries} && ${rows}`);
}

/** A patient whose chart has so many results, all of it shared with this doctor of the demo, who took the letter: her name. */
export async function chartFor(
  demo: { readonly url: string; readonly home: string; readonly passphrase: string },
  doctor: string,
  count: number,
): Promise<string> {
  const asked = await fetch(new URL('app/demo/invitation', demo.url), { method: 'POST' });
  const { link } = (await asked.json()) as { readonly link: string };
  const { code, gatewayUrl, role } = readInvitation(link);
  if (gatewayUrl === undefined) throw new Error('the invitation says no hospital');
  const { person } = await Person.create({
    ...{ store: memoryWalletStore(), passphrase: 'a passphrase of this bench', name: 'Chart' },
  });
  await person.enrol({ gatewayUrl, invitation: code, role: role ?? 'patient' });
  await person.addFile(fileOf('results.ndjson', utf8(results(count))));
  const reader = await Person.open({
    ...{ store: fileWalletStore(demo.home, doctor), passphrase: demo.passphrase },
  });
  const card = reader.card();
  await person.addCard(card, { nickname: doctor });
  await person.grant({
    ...{ grantee: doctor, readClasses: ['lab'], purposes: ['TREAT'] },
    notAfterMs: Date.now() + dayMs,
  });
  await reader.acceptLetters(person.account().account);
  await reader.sync();
  return readCard(person.card()).card.name;
}

/** A clinician opens the chart of this patient: until all of it is opened and checked. */
export function openChart(page: Page, patient: string): Promise<number> {
  const link = page.getByRole('link', { name: patient }).first();
  const opened = `[...document.querySelectorAll('main p, main span')].some((it) => /^Opened .* by one look/u.test(it.textContent))`;
  return touchUntil(page, link, opened);
}

/** Eboni shares everything with Dr Lind, and stops it again: from the touch that gives it until it is confirmed. */
export async function shareTouch(page: Page): Promise<number> {
  await tab(page, 'Home').click();
  await page.getByRole('link', { name: 'Share', exact: true }).click();
  await page.getByRole('button', { name: /^Dr Erik Lind/u }).click();
  const give = page.getByRole('button', { name: 'Share with Dr Erik Lind' });
  const tookMs = await touchUntil(page, give, headingSays('Dr Erik Lind can read everything'));
  await page.getByRole('link', { name: 'Home' }).first().click();
  const stop = page.getByRole('button', { name: 'Stop Dr Erik Lind' });
  await stop.first().click();
  await page.getByRole('button', { name: 'Stop now' }).click();
  await stop.waitFor({ state: 'detached' });
  return tookMs;
}

/**
 * What the page and its worker hold now, in MiB: the memory of their process, what it shares with others by its part
 * (`Pss` of Linux).
 */
export async function memoryOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const kilobytes = processInfo
    .filter((it) => it.type === 'renderer')
    .map(({ id }) => readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'))
    .map((it) => Number(/^Pss:\s+(\d+) kB/mu.exec(it)?.[1] ?? Number.NaN));
  return kilobytes.reduce((sum, it) => sum + it, 0) / 1_024;
}
