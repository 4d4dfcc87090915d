import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { list, recordLines, salus } from '../../cli/salus.ts';
import {
  type App,
  fitsWidth,
  heading,
  holdsAxe,
  type Visitor,
  type VisitorOptions,
} from '../app.ts';
import { Line } from '../line.ts';
import { choose } from './record-acts.ts';

const lind = 'Dr Erik Lind';
const env = { SALUS_PASSPHRASE: 'demo passphrase' };

const away = (page: Page): Promise<void> =>
  page.getByText('The server does not answer. Goes on by itself.').waitFor({ timeout: 60_000 });
const back = (page: Page): Promise<void> =>
  page.locator('.offbar').waitFor({ state: 'hidden', timeout: 60_000 });
const needsHospital = (page: Page): Promise<void> =>
  page.getByText('This needs the hospital, which cannot be reached now.').waitFor();
const goTo = (page: Page, path: string): Promise<unknown> =>
  page.evaluate(
    `history.pushState({}, '', '${path}'); dispatchEvent(new PopStateEvent('popstate'))`,
  );

interface Behind {
  readonly visitor: Visitor;
  readonly page: Page;
  readonly line: Line;
}

/** Somebody of the demo behind a line that can be cut, as when the server is killed and started again. */
async function behind(app: App, who: string, options: VisitorOptions = {}): Promise<Behind> {
  const line = new Line(app.url);
  await line.mend();
  const visitor = await app.visitor({ ...options, at: line.url, keeps: true });
  const kept = 'navigator.serviceWorker.controller !== null';
  while (!(await visitor.page.evaluate(kept))) await visitor.page.waitForTimeout(50);
  await visitor.openAs(who);
  return { visitor, page: visitor.page, line };
}

async function over({ visitor, line }: Behind): Promise<void> {
  // What the browser says of requests that nobody answered.
  visitor.troubles.splice(0);
  await visitor.close();
  await line.cut();
}

async function unlock(page: Page): Promise<void> {
  await page.getByLabel('Passphrase').fill('demo passphrase');
  await page.getByRole('button', { name: 'Unlock', exact: true }).click();
}

/** Reading and acting while nobody answers. */
export function offlineCases(app: () => App): void {
  const demo = () => ({ home: app().home, env });
  const looksOfOsei = async () =>
    list(await salus(['looked', '--as', 'eboni'], demo()), 'looks').filter(
      ({ who }) => who === 'Dr Abena Osei',
    );
  const namesOfEboni = async () => {
    const lines = await recordLines(['record', 'list', '--as', 'eboni', '--all'], demo());
    return lines.map((it) => it.name);
  };

  suite('offline', () => {
    test('What was opened is read without a server after a reload, says of when it is, and goes on by itself', async () => {
      const it = await behind(app(), 'Eboni Brekke');
      const { page, line } = it;
      await page.getByText('Ferritin').waitFor();
      await page.getByRole('link', { name: 'Record', exact: true }).first().click();
      const rows = page.locator('.tline a');
      await rows.first().click();
      await page.getByRole('button', { name: 'Erase' }).waitFor();
      const title = (await page.locator('h1').textContent()) ?? '';
      const item = new URL(page.url()).pathname;
      await line.cut();
      await away(page);

      await page.goto(`${line.url}home`);
      await heading(page, /Locked/u).waitFor();
      await away(page);
      await holdsAxe(page);
      await unlock(page);
      await heading(page, /can read your record/u).waitFor();
      await page.getByText('Ferritin').waitFor();
      await page.getByText(/What you see is kept on this device, as of/u).waitFor();
      await holdsAxe(page);
      await page.getByRole('link', { name: 'Record', exact: true }).first().click();
      await rows.first().waitFor();
      await goTo(page, item);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      await page.getByText(/What you see is kept on this device, as of/u).waitFor();
      await page.getByRole('button', { name: 'Erase' }).click();
      await needsHospital(page);
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Erase for good' }).click();
      await page.getByRole('dialog').getByRole('alert').waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: 'Not now' }).click();
      // What was never opened here is not here, and says so.
      await page.getByRole('link', { name: 'Record', exact: true }).first().click();
      await rows.nth(3).click();
      await page.getByText('This entry is not kept on this device.').waitFor();
      await page.setViewportSize({ width: 320, height: 640 });
      await fitsWidth(page);
      await holdsAxe(page);
      await line.mend();
      await back(page);
      // By itself, nobody touched anything.
      await page.getByRole('button', { name: 'Erase' }).waitFor();
      await over(it);
    });

    test('A chart that was opened is read without a server and is no look; a note waits as a draft and is signed afterwards', async () => {
      const it = await behind(app(), 'Dr Abena Osei');
      const { page, line } = it;
      await page.getByRole('link', { name: /Eboni Brekke/u }).click();
      await page.getByText(/^Opened .* by one look/u).waitFor({ timeout: 30_000 });
      const looks = (await looksOfOsei()).length;
      await page.getByRole('button', { name: 'Lock', exact: true }).click();
      await line.cut();
      await unlock(page);
      await away(page);
      await page.getByText(/^As it was opened on this device/u).waitFor({ timeout: 30_000 });
      await page.getByText('Dander (animal) allergy').waitFor();
      await page.getByRole('link', { name: 'Iron deficiency without anaemia' }).waitFor();
      // Of what is not here nobody says that there is none.
      await page.getByText('Not on this device.').first().waitFor();
      assert.equal(await page.locator('main').getByText('Not recorded.').count(), 0);
      await holdsAxe(page);
      await page.getByRole('link', { name: 'Write', exact: true }).click();
      const note = page.getByRole('textbox', { name: 'Note', exact: true });
      const words = 'Written while nobody answered.';
      await note.fill(words);
      await page.getByText(/Draft kept on this device, sealed/u).waitFor();
      await page.getByText('Signing needs the hospital').waitFor();
      await page.getByRole('button', { name: 'Sign for Eboni Brekke' }).click();
      await page.getByRole('alert').first().waitFor({ timeout: 60_000 });
      assert.equal(await note.inputValue(), words);
      await holdsAxe(page);
      await line.mend();
      await back(page);
      assert.equal((await looksOfOsei()).length, looks);
      await page.getByRole('button', { name: 'Sign for Eboni Brekke' }).click();
      await heading(page, /It stands in Eboni Brekke/u).waitFor({ timeout: 30_000 });
      await over(it);
      assert.ok((await namesOfEboni()).includes(words));
    });

    test('What is stopped without a server is written down and goes by itself; what else one does says so and is done afterwards', async () => {
      const it = await behind(app(), 'Eboni Brekke');
      const { page, line } = it;
      await page.locator('.lastv').first().waitFor();
      await page.getByRole('link', { name: 'Share', exact: true }).click();
      await page.getByRole('button', { name: new RegExp(`^${lind}`, 'u') }).click();
      await line.cut();
      await away(page);
      await needsHospital(page);
      const share = page.getByRole('button', { name: `Share with ${lind}` });
      await share.click();
      await page.getByRole('alert').first().waitFor({ timeout: 60_000 });
      assert.match((await page.locator('.say').textContent()) ?? '', /Dr Erik Lind/u);
      await line.mend();
      await back(page);
      await share.click();
      await heading(page, /^Dr Erik Lind can read everything until/u).waitFor({ timeout: 30_000 });
      const ofLind = async () =>
        list(await salus(['grants', '--as', 'eboni'], demo()), 'grants').filter(
          ({ granteeName, state }) => granteeName === lind && state === 'live',
        );
      assert.equal((await ofLind()).length, 1);

      await page.getByRole('link', { name: 'Home' }).first().click();
      const stop = page.getByRole('button', { name: `Stop ${lind}` });
      await stop.waitFor();
      await line.cut();
      await away(page);
      await stop.click();
      await page.getByText(/it is written down here, and goes by itself/u).waitFor();
      await page.getByRole('button', { name: 'Stop now' }).click();
      await page.getByText('It is written down. It goes by itself').waitFor();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Close' }).click();
      await page.getByText('A stop of yours is kept here').waitFor();
      assert.equal((await ofLind()).length, 1);
      await line.mend();
      await back(page);
      await stop.waitFor({ state: 'detached', timeout: 60_000 });
      assert.equal((await ofLind()).length, 0);
      await over(it);
    });

    test('A file and a value that could not go stay before the eyes, and are there once when they went', async () => {
      const it = await behind(app(), 'Eboni Brekke');
      const { page, line } = it;
      await page.locator('.lastv').first().waitFor();
      await page.getByRole('link', { name: 'Add records' }).click();
      await line.cut();
      await away(page);
      await needsHospital(page);
      const added = await choose(page, { name: 'rough crossing.txt', text: 'Words of the sea.' });
      await added.getByRole('alert').waitFor({ timeout: 60_000 });
      await holdsAxe(page);
      await line.mend();
      await back(page);
      await added.getByRole('button', { name: 'Try again' }).click();
      await added.getByRole('link', { name: 'Open it' }).waitFor({ timeout: 60_000 });

      await page.getByRole('button', { name: 'Type something in' }).click();
      await page.getByLabel('Which value').selectOption({ label: 'Pulse (a minute)' });
      const value = page.getByLabel('Value', { exact: true });
      await value.fill('73');
      await line.cut();
      await away(page);
      await page.getByRole('button', { name: 'Add it' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('alert').waitFor({ timeout: 60_000 });
      assert.equal(await value.inputValue(), '73');
      await line.mend();
      await back(page);
      await page.getByRole('button', { name: 'Add it' }).click();
      await dialog.getByText('1 entry added').waitFor({ timeout: 60_000 });
      await over(it);
      const names = await namesOfEboni();
      assert.equal(names.filter((name) => name === 'rough crossing.txt').length, 1);
    });
  });
}
