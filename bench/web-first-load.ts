import type { Browser, CDPSession } from 'playwright-core';

/** Fast 4G and a CPU four times slower, as the developer tools of Chromium set them: latency of a request, bytes a second. */
const fast4g = {
  offline: false,
  latency: 60 * 2.75,
  downloadThroughput: ((9_000_000 / 8) * 0.9) | 0,
  uploadThroughput: ((1_500_000 / 8) * 0.9) | 0,
};
const slowDown = 4;

export interface FirstLoad {
  readonly lcpMs: number;
  readonly fcpMs: number;
  /** What came over the line for the first picture: page, scripts, styles, words; fonts come after it. */
  readonly shellBytes: number;
  readonly fontBytes: number;
  /** When the worker was asked for, counted from the first paint; undefined: the page has none. */
  readonly workerAfterPaintMs: number | undefined;
  readonly workerUrl: string | undefined;
}

interface Shown {
  readonly originMs: number;
  readonly fcpMs: number;
  readonly lcpMs: number;
}

const lookAt = `new Promise((resolve) => {
  let last = 0;
  new PerformanceObserver((list) => {
    for (const it of list.getEntries()) last = Math.max(last, it.startTime);
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  setTimeout(() => {
    const [paint] = performance.getEntriesByName('first-contentful-paint');
    resolve({ originMs: performance.timeOrigin, fcpMs: paint.startTime, lcpMs: last });
  }, 2_500);
})`;

/** A browser of somebody who was never here opens the address on a phone with Fast 4G. */
export async function firstLoad(browser: Browser, url: string): Promise<FirstLoad> {
  const context = await browser.newContext({ viewport: { width: 412, height: 823 } });
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    const came = await watchNetwork(session);
    let worker: { readonly url: string; readonly atMs: number } | undefined;
    context.on('request', (it) => {
      if (/\/worker-[^/]+\.js$/u.test(it.url())) worker ??= { url: it.url(), atMs: Date.now() };
    });
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowDown });
    await page.goto(url, { waitUntil: 'load' });
    const shown = (await page.evaluate(lookAt)) as Shown;
    const before = came.filter((it) => it.endedMs <= shown.originMs + shown.lcpMs);
    const sum = (isFont: boolean) =>
      before.filter((it) => it.isFont === isFont).reduce((all, it) => all + it.bytes, 0);
    return {
      ...shown,
      ...{ shellBytes: sum(false), fontBytes: sum(true) },
      workerUrl: worker?.url,
      workerAfterPaintMs: worker && worker.atMs - (shown.originMs + shown.fcpMs),
    };
  } finally {
    await context.close();
  }
}

interface Came {
  readonly isFont: boolean;
  readonly bytes: number;
  readonly endedMs: number;
}

async function watchNetwork(session: CDPSession): Promise<readonly Came[]> {
  const came: Came[] = [];
  const fonts = new Set<string>();
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', fast4g);
  session.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Font') fonts.add(requestId);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const isFont = fonts.has(requestId);
    came.push({ isFont, bytes: encodedDataLength, endedMs: Date.now() });
  });
  return came;
}
