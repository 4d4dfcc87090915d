import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { gzipAtOnce } from '../test/browser/bundle.ts';
import { launchChromium } from '../test/browser/chromium.ts';
import { startProcess } from '../test/cli/process.ts';
import { remove, temporaryHome, text } from '../test/cli/salus.ts';
import { type Figure, median, type Report } from './figures.ts';
import { type FirstLoad, firstLoad } from './web-first-load.ts';
import { installPeers, lighthouseOf, serveStarter } from './web-peers.ts';
import {
  bring,
  chartFor,
  joinByPasskey,
  longestTask,
  memoryOf,
  openChart,
  openPage,
  results,
  shareTouch,
  unlockToTimeline,
} from './web-stories.ts';

const passphrase = 'demo passphrase';

/**
 * The app as people meet it: the production build before a demo, in headless Chromium. First loads are those of a phone
 * (CPU four times slower, Fast 4G) in turn with a starter of Mantine's; everything else is unthrottled.
 */
export async function benchWeb(
  report: Report,
  parts: readonly Part[] = [firstLoads, lighthouse, clinician, sharing, ownRecord],
): Promise<void> {
  installPeers();
  // What stands built may be of other sources.
  const builder = fileURLToPath(new URL('../scripts/build-web.mjs', import.meta.url));
  if (spawnSync(process.execPath, [builder], { stdio: ['ignore', 2, 2] }).status !== 0) {
    throw new Error('the app was not built');
  }
  const home = temporaryHome();
  const demo = startProcess(['up', '--demo', '--json', '--port', '0'], { home });
  try {
    const ready = await demo.line((facts) => facts.ready === true);
    const site: Demo = { url: text(ready, 'url'), home, passphrase };
    for (const part of parts) await part(report, site);
  } finally {
    await demo.stop();
    remove(home);
  }
}

interface Demo {
  readonly url: string;
  readonly home: string;
  readonly passphrase: string;
}

type Part = (report: Report, demo: Demo) => Promise<void>;

const goalOf = (about: Pick<Figure, 'figure' | 'value' | 'unit' | 'rounds'>, most: number) => ({
  ...about,
  ...{
    bench: 'web',
    n: 1,
    peer: 'a goal',
    peerValue: most,
    ratio: most / Math.max(about.value, 1),
  },
  ...{ goal: `<= ${most} ${about.unit}`, ok: about.value <= most },
});

const shown = (figure: string, value: number, unit: string, rounds: number): Figure => ({
  ...{ bench: 'web', figure, value, unit, rounds, n: 1, peer: 'no goal', peerValue: value },
  ...{ ratio: 1, goal: 'shown', ok: true },
});

export async function firstLoads(report: Report, { url }: Demo, rounds = 7): Promise<void> {
  const starter = await serveStarter();
  const browser = await launchChromium();
  try {
    const ours: FirstLoad[] = [];
    const theirs: FirstLoad[] = [];
    for (let i = 0; i < rounds; i++) {
      ours.push(await firstLoad(browser, url));
      theirs.push(await firstLoad(browser, starter.url));
    }
    const of = (loads: readonly FirstLoad[], value: (it: FirstLoad) => number) =>
      median(loads.map(value));
    const beside = (figure: string, unit: string, value: (it: FirstLoad) => number): Figure => {
      const [mine, peerValue] = [of(ours, value), of(theirs, value)];
      return {
        ...shown(figure, mine, unit, rounds),
        ...{ peer: 'a Mantine starter', peerValue, ratio: peerValue / mine },
      };
    };
    const kilobytes = (it: FirstLoad) => it.shellBytes / 1_000;
    report(goalOf({ figure: 'shell-gzip', value: of(ours, kilobytes), unit: 'kB', rounds }, 200));
    report(beside('shell-gzip-beside', 'kB', kilobytes));
    const fonts = of(ours, (it) => it.fontBytes / 1_000);
    report(shown('fonts-before-lcp', fonts, 'kB', rounds));
    report(goalOf({ figure: 'lcp', value: of(ours, (it) => it.lcpMs), unit: 'ms', rounds }, 1_500));
    report(beside('lcp-beside', 'ms', (it) => it.lcpMs));
    report(beside('fcp-beside', 'ms', (it) => it.fcpMs));
    const workerUrl = ours.find((it) => it.workerUrl !== undefined)?.workerUrl;
    if (workerUrl === undefined) throw new Error('no page asked for the worker');
    const text = async (it: URL) => (await fetch(it)).text();
    const value = (await gzipAtOnce(new URL(workerUrl), text)) / 1_000;
    report(goalOf({ figure: 'worker-gzip', value, unit: 'kB', rounds: 1 }, 150));
    const after = of(ours, (it) => it.workerAfterPaintMs ?? Number.NaN);
    report({ ...shown('worker-after-paint', after, 'ms', rounds), goal: '> 0 ms', ok: after > 0 });
  } finally {
    await browser.close();
    await starter.close();
  }
}

export async function lighthouse(report: Report, { url }: Demo, rounds = 3): Promise<void> {
  const port = await freePort();
  const browser = await launchChromium([`--remote-debugging-port=${port}`]);
  try {
    const said: Readonly<Record<string, number>>[] = [];
    for (let i = 0; i < rounds; i++) said.push(await lighthouseOf(url, port));
    for (const name of ['performance', 'accessibility', 'best-practices', 'seo']) {
      const value = median(said.map((it) => it[name] ?? 0));
      const about = { ...shown(`lighthouse-${name}`, value, 'of 100', rounds), peer: 'a goal' };
      report({ ...about, peerValue: 95, ratio: value / 95, goal: '>= 95 of 100', ok: value >= 95 });
    }
  } finally {
    await browser.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function withBrowser(work: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await launchChromium();
  try {
    await work(browser);
  } finally {
    await browser.close();
  }
}

/** A chart of 500 results, opened by a clinician for the first time in this browser, and once more. */
export const clinician = (report: Report, demo: Demo, rounds = 3): Promise<void> =>
  withBrowser(async (browser) => {
    const first: number[] = [];
    const again: number[] = [];
    const patient = await chartFor(demo, 'dr-osei', 500);
    for (let i = 0; i < rounds; i++) {
      const page = await openPage(browser, demo.url);
      await page.getByRole('button', { name: 'Dr Abena Osei' }).click();
      await page.waitForURL('**/patients');
      first.push(await openChart(page, patient));
      await page.getByRole('link', { name: 'My patients' }).click();
      again.push(await openChart(page, patient));
      await page.context().close();
    }
    report(goalOf({ figure: 'chart-500', value: median(first), unit: 'ms', rounds }, 1_500));
    report(shown('chart-500-again', median(again), 'ms', rounds));
  });

export const sharing = (report: Report, { url }: Demo, rounds = 9): Promise<void> =>
  withBrowser(async (browser) => {
    const page = await openPage(browser, url);
    const took: number[] = [];
    await page.getByRole('button', { name: 'Eboni Brekke' }).click();
    await page.waitForURL('**/home');
    // The first pays for what the session learns once.
    for (let i = -1; i < rounds; i++) {
      const tookMs = await shareTouch(page);
      if (i < 0) report(shown('share-touch-first', tookMs, 'ms', 1));
      else took.push(tookMs);
    }
    report(goalOf({ figure: 'share-touch', value: median(took), unit: 'ms', rounds }, 500));
  });

/** One's own record as it grows: 500 entries, then 1,000 brought in while the page is watched, then 5,000. */
export const ownRecord = (report: Report, { url }: Demo, rounds = 7): Promise<void> =>
  withBrowser(async (browser) => {
    const page = await openPage(browser, url);
    await joinByPasskey(page);
    await bring(page, 'first.ndjson', results(500));
    const took: number[] = [];
    for (let i = 0; i < rounds; i++) took.push(await unlockToTimeline(page, 500));
    report(goalOf({ figure: 'timeline-500', value: median(took), unit: 'ms', rounds }, 1_000));
    const longest = await longestTask(page, () =>
      bring(page, 'second.ndjson', results(1_000, 500)),
    );
    report(goalOf({ figure: 'longest-task', value: longest, unit: 'ms', rounds: 1 }, 50));
    await bring(page, 'third.ndjson', results(3_500, 1_500));
    report(shown('timeline-5000', await unlockToTimeline(page, 5_000), 'ms', 1));
    report(shown('memory-5000-at-once', await memoryOf(browser), 'MiB', 1));
    // What is no longer needed goes when the browser finds time for it: it does after some twenty quiet seconds.
    await page.waitForTimeout(45_000);
    const value = await memoryOf(browser);
    report(goalOf({ figure: 'memory-5000', value, unit: 'MiB', rounds: 1 }, 250));
  });
