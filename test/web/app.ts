import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { remove, temporaryHome, up } from '../cli/salus.ts';
import { type Door, startDoor } from './door.ts';
import { type Outside, startOutside } from './outside.ts';

/** A demo as `npm start` has it, and a browser before it. */
export interface App {
  readonly url: string;
  readonly home: string;
  readonly door: Door;
  /** What browsers asked of anybody else: nothing. */
  readonly outside: Outside;
  /** Ends the server, and starts it again at its address: nobody is signed in there any more. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** A browser of somebody who was never here; what its pages break or ask of others ends in `troubles`. */
  visitor(options?: VisitorOptions): Promise<Visitor>;
  /** The same, and somebody of the demo is open, at their home. */
  visitorAs(fullName: string, options?: VisitorOptions): Promise<Visitor>;
  close(): Promise<void>;
}

export interface VisitorOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly locale?: 'en-GB' | 'es-ES' | 'ar-EG';
  /** The app's files are kept in the browser, as they are for everybody; what a test is not about costs it nothing. */
  readonly keeps?: boolean;
  /** Another address than the demo's own. */
  readonly at?: string;
}

export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly touches: Touches;
  /** Breaches of the policy, errors of the page, requests to other addresses: there are none when a test ends. */
  readonly troubles: string[];
  /** One touch on the first page: somebody of the demo is open, at their home. */
  openAs(fullName: string): Promise<void>;
  close(): Promise<void>;
}

/** Counts what a person does; typing is not counted. */
export class Touches {
  count = 0;
  async touch(target: Locator): Promise<void> {
    this.count += 1;
    await target.click();
  }
}

/** Browsers come to the demo through `door`, which a test may shut. `prepare`: what stands in the home before it is founded. */
export async function startApp(prepare?: (home: string) => void): Promise<App> {
  const home = temporaryHome();
  prepare?.(home);
  let running = await up(home, ['--demo']);
  const browser = await launchChromium();
  const door = await startDoor(String(running.ready.url).replace(/\/$/u, ''));
  const outside = await startOutside();
  const { port } = new URL(String(running.ready.url));
  const { url } = door;
  const visitor = (options?: VisitorOptions): Promise<Visitor> =>
    openVisitor(browser, options?.at ?? url, outside, options);
  return {
    url,
    home,
    door,
    outside,
    async stop() {
      await running.stop();
    },
    async start() {
      running = await up(home, ['--demo', '--port', port]);
    },
    visitor,
    async visitorAs(fullName, options) {
      const it = await visitor(options);
      await it.openAs(fullName);
      return it;
    },
    async close() {
      await browser.close();
      door.close();
      outside.close();
      await running.stop();
      remove(home);
    },
  };
}

async function openVisitor(
  browser: Browser,
  url: string,
  outside: Outside,
  {
    width = 1280,
    height = 800,
    dark = false,
    locale = 'en-GB',
    keeps = false,
  }: VisitorOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    locale,
    timezoneId: 'America/New_York',
    reducedMotion: 'reduce',
    proxy: { server: outside.proxy, bypass: 'localhost' },
    serviceWorkers: keeps ? 'allow' : 'block',
  });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  context.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) {
      troubles.push(`asked ${request.url()}`);
    }
  });
  await page.goto(url);
  return {
    page,
    context,
    touches: new Touches(),
    troubles,
    async openAs(fullName) {
      await page.getByRole('button', { name: fullName }).click();
      await page.waitForURL((it) => it.pathname !== '/', { timeout: 60_000 });
    },
    async close() {
      await context.close();
      assert.deepEqual([...troubles, ...outside.asked], []);
    },
  };
}

/** What answers on a page: its one heading of the first level. */
export const heading = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('heading', { level: 1, name });

const pictures = process.env.SALUS_PICTURES;
/** Of the whole page, into the folder `SALUS_PICTURES`, where one is named. */
export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

/**
 * WCAG 2.2 A and AA: no finding on the page as it is now. It is judged from its top: what is
 * scrolled beneath a bar is that bar's neighbour to the rule on the size of targets (2.5.8), so
 * that how far a page happens to be scrolled would be a finding.
 */
export async function holdsAxe(page: Page): Promise<void> {
  const at = Number(await page.evaluate('scrollY'));
  await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  await page.evaluate(`scrollTo({ top: ${at}, behavior: 'instant' })`);
  const found = violations.map(
    (it) => `${it.id}: ${it.nodes.map((node) => node.html).join(' | ')}`,
  );
  assert.deepEqual(found, []);
}

/** Nothing is wider than the window. */
export async function fitsWidth(page: Page): Promise<void> {
  const [wide, window] = (await page.evaluate(
    '[document.documentElement.scrollWidth, innerWidth]',
  )) as [number, number];
  assert.ok(wide <= window, `${wide} px in a window of ${window}`);
}
