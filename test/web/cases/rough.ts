import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Page, Worker } from 'playwright-core';
import { list, recordLines, salus } from '../../cli/salus.ts';
import { type App, heading, holdsAxe, type Visitor } from '../app.ts';
import { Line } from '../line.ts';

const lind = 'Dr Erik Lind';
const env = { SALUS_PASSPHRASE: 'demo passphrase' };
const day = 24 * 60 * 60_000;

/** Another clock for whoever runs this: the same one is moved again, for who took it keeps it. */
const clockOff = (ms: number): string => `{
  const Real = globalThis.RealDate ??= Date;
  globalThis.clockOffMs = ${ms};
  const now = () => Real.now() + globalThis.clockOffMs;
  if (Date === Real) {
    globalThis.Date = class extends Real {
      constructor(...parts) { parts.length === 0 ? super(now()) : super(...parts); }
      static now() { return now(); }
    };
  }
}`;

/** A worker of the tab, which a test can reach, in place of the shared one. */
async function ownWorker({ context, page }: Visitor, script = ''): Promise<Worker> {
  await context.addInitScript(`delete globalThis.SharedWorker; ${script}`);
  const coming = page.waitForEvent('worker');
  await page.reload();
  return coming;
}

/** A slow server, a wrong clock, a browser that forgot, several tabs and devices. */
export function roughCases(app: () => App): void {
  const demo = () => ({ home: app().home, env });
  const liveOfLind = async () =>
    list(await salus(['grants', '--as', 'eboni'], demo()), 'grants').filter(
      ({ granteeName, state }) => granteeName === lind && state === 'live',
    );
  const atHome = async (visitor: Visitor): Promise<Visitor> => {
    await visitor.openAs('Eboni Brekke');
    await visitor.page.locator('.lastv').first().waitFor();
    return visitor;
  };
  const shareWithLind = async (page: Page): Promise<void> => {
    await page.getByRole('link', { name: 'Share', exact: true }).click();
    await page.getByRole('button', { name: new RegExp(`^${lind}`, 'u') }).click();
    await page.getByRole('button', { name: `Share with ${lind}` }).click();
    await heading(page, /^Dr Erik Lind can read everything until/u).waitFor({ timeout: 60_000 });
  };
  const stopLind = async (page: Page): Promise<void> => {
    await page.getByRole('link', { name: 'Home' }).first().click();
    const stop = page.getByRole('button', { name: `Stop ${lind}` });
    await stop.click();
    await page.getByRole('button', { name: 'Stop now' }).click();
    await stop.waitFor({ state: 'detached', timeout: 60_000 });
  };

  suite('rough', () => {
    test('A server that takes three seconds an answer is waited for, with what comes and nothing false in its place', async () => {
      const line = new Line(app().url);
      await line.mend();
      const visitor = await atHome(await app().visitor({ at: line.url }));
      const { page } = visitor;
      line.slow(3_000);
      await page.getByRole('link', { name: 'Sharing' }).click();
      await page.locator('main [aria-busy=true]').waitFor();
      assert.equal(await page.getByText('Nobody can read your record').count(), 0);
      await holdsAxe(page);
      await heading(page, /can read your record/u).waitFor({ timeout: 90_000 });
      assert.equal(await page.locator('.offbar').count(), 0);
      assert.equal(await page.getByRole('alert').count(), 0);
      await visitor.close();
      await line.cut();
    });

    test('A server that is ended in the middle and started again loses nothing of a note', async () => {
      const visitor = await app().visitorAs('Dr Abena Osei', { keeps: true });
      const { page, troubles } = visitor;
      await page.getByRole('link', { name: /Eboni Brekke/u }).click();
      await page.getByText(/^Opened .* by one look/u).waitFor({ timeout: 30_000 });
      await page.getByRole('link', { name: 'Write', exact: true }).click();
      const note = page.getByRole('textbox', { name: 'Note', exact: true });
      await note.fill('Begun with one server,');
      await app().stop();
      await page.getByText('The server does not answer. Goes on by itself.').waitFor();
      const words = 'Begun with one server, ended with the next.';
      await note.fill(words);
      await page.getByText(/Draft kept on this device, sealed/u).waitFor();
      await app().start();
      await page.locator('.offbar').waitFor({ state: 'detached', timeout: 60_000 });
      await page.getByRole('button', { name: 'Sign for Eboni Brekke' }).click();
      await heading(page, /It stands in Eboni Brekke/u).waitFor({ timeout: 30_000 });
      troubles.splice(0);
      await visitor.close();
      const lines = await recordLines(['record', 'list', '--as', 'eboni', '--all'], demo());
      assert.equal(lines.filter(({ name }) => name === words).length, 1);
    });

    test('A clock a day behind is said, and shares begin and end by the hospital’s', async () => {
      const visitor = await app().visitor();
      const worker = await ownWorker(visitor, clockOff(-day));
      await worker.evaluate(clockOff(-day));
      const { page, troubles } = await atHome(visitor);
      await page.getByText("24 hours behind the hospital's").waitFor({ timeout: 30_000 });
      await holdsAxe(page);
      await shareWithLind(page);
      assert.equal((await liveOfLind()).length, 1);
      await stopLind(page);
      assert.equal((await liveOfLind()).length, 0);
      // Asked once with a time that the hospital refuses, then by the hospital's.
      troubles.splice(0, troubles.length, ...troubles.filter((it) => !/status of 4/u.test(it)));
      await visitor.close();
    });

    test('A clock a day ahead is said, nothing old is taken for new, and with the right time it goes on by itself', async () => {
      const visitor = await app().visitor();
      const worker = await ownWorker(visitor);
      await worker.evaluate(clockOff(0));
      const { page } = await atHome(visitor);
      await worker.evaluate(clockOff(day));
      await heading(page, /Locked/u).waitFor();
      await page.getByLabel('Passphrase').fill('demo passphrase');
      await page.getByRole('button', { name: 'Unlock', exact: true }).click();
      await page.getByText("24 hours ahead of the hospital's").waitFor({ timeout: 30_000 });
      await page.getByText('Check the clock of this device.').waitFor({ timeout: 60_000 });
      await holdsAxe(page);
      await worker.evaluate(clockOff(0));
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator('.lastv').first().waitFor({ timeout: 60_000 });
      await page.locator('.offbar').waitFor({ state: 'detached' });
      await visitor.close();
    });

    test('What a clinician’s device kept of a chart ends with the share, also without a server', async () => {
      const line = new Line(app().url);
      await line.mend();
      const visitor = await app().visitor({ at: line.url });
      const worker = await ownWorker(visitor);
      await worker.evaluate(clockOff(0));
      const { page, troubles } = visitor;
      await visitor.openAs('Dr Abena Osei');
      await page.getByRole('link', { name: /Eboni Brekke/u }).click();
      await page.getByText(/^Opened .* by one look/u).waitFor({ timeout: 30_000 });
      await line.cut();
      await page.locator('.offbar').waitFor();
      await worker.evaluate(clockOff(30 * day));
      await heading(page, /Locked/u).waitFor();
      await page.getByLabel('Passphrase').fill('demo passphrase');
      await page.getByRole('button', { name: 'Unlock', exact: true }).click();
      await heading(page, /The time is over/u).waitFor({ timeout: 30_000 });
      assert.ok(!(await page.content()).includes('Dander'));
      troubles.splice(0);
      await visitor.close();
    });

    test('A browser that forgot everything says so, and the record comes back whole', async () => {
      const visitor = await atHome(await app().visitor());
      const { page, context } = visitor;
      const devtools = await context.newCDPSession(page);
      await devtools.send('Storage.clearDataForOrigin', {
        origin: new URL(app().url).origin,
        storageTypes: 'all',
      });
      await page.reload();
      await page.getByText('No record was opened on this device yet.').waitFor();
      await holdsAxe(page);
      await page.goto(app().url);
      await atHome(visitor);
      await heading(page, /can read your record/u).waitFor();
      await visitor.close();
    });

    test('A reload of the only tab locks; two tabs share one open record, and one lock is the lock of both', async () => {
      const visitor = await atHome(await app().visitor());
      const { page, context } = visitor;
      await page.reload();
      await heading(page, /Locked/u).waitFor();
      await page.getByLabel('Passphrase').fill('demo passphrase');
      await page.getByRole('button', { name: 'Unlock', exact: true }).click();
      await page.locator('.lastv').first().waitFor();
      const tab = await context.newPage();
      await tab.goto(`${app().url}/home`);
      await tab.locator('.lastv').first().waitFor();
      await page.reload();
      await page.locator('.lastv').first().waitFor();
      await tab.getByRole('button', { name: 'Lock', exact: true }).click();
      for (const it of [page, tab]) {
        await heading(it, /Locked/u).waitFor();
        assert.ok(!(await it.content()).includes('Ferritin'));
      }
      await visitor.close();
    });

    test('After ten minutes without a touch it locks by itself, and the page has nothing of the record', async () => {
      const visitor = await app().visitor();
      const worker = await ownWorker(visitor);
      await worker.evaluate(clockOff(0));
      const { page } = await atHome(visitor);
      await page.getByText('Ferritin').waitFor();
      await worker.evaluate(clockOff(9 * 60_000));
      await page.waitForTimeout(6_000);
      await page.getByText('Ferritin').waitFor();
      await worker.evaluate(clockOff(11 * 60_000));
      await heading(page, /Locked/u).waitFor();
      await page.getByText('Ten minutes passed without a touch.').waitFor();
      const content = await page.content();
      for (const word of ['Ferritin', 'Eboni', 'Osei']) assert.ok(!content.includes(word), word);
      await visitor.close();
    });

    test('Two devices at once: what one does the other shows by itself, and neither undoes the other', async () => {
      const [one, two] = [await app().visitor(), await app().visitor({ width: 360, height: 740 })];
      await atHome(one);
      await atHome(two);
      await Promise.all([
        shareWithLind(one.page),
        (async () => {
          const { page } = two;
          await page.getByRole('link', { name: 'Add records' }).click();
          await page.getByRole('button', { name: 'Type something in' }).click();
          await page.getByLabel('Which value').selectOption({ label: 'Pulse (a minute)' });
          await page.getByLabel('Value', { exact: true }).fill('87');
          await page.getByRole('button', { name: 'Add it' }).click();
          await page.getByRole('dialog').getByText('1 entry added').waitFor({ timeout: 60_000 });
          await page.keyboard.press('Escape');
          await page.getByRole('link', { name: 'Home' }).first().click();
        })(),
      ]);
      await two.page.getByRole('button', { name: `Stop ${lind}` }).waitFor({ timeout: 60_000 });
      await one.page.getByRole('link', { name: 'Home' }).first().click();
      await one.page.locator('.lastv', { hasText: '87' }).waitFor({ timeout: 60_000 });
      await stopLind(two.page);
      await one.page
        .getByRole('button', { name: `Stop ${lind}` })
        .waitFor({ state: 'detached', timeout: 60_000 });
      assert.equal((await liveOfLind()).length, 0);
      await one.close();
      await two.close();
    });
  });
}
