import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { list, recordLines, salus } from '../../cli/salus.ts';
import type { App, Visitor } from '../app.ts';
import { Line } from '../line.ts';
import { choose } from './record-acts.ts';

const lind = 'Dr Erik Lind';
const env = { SALUS_PASSPHRASE: 'demo passphrase' };
const away = (page: Page): Promise<void> =>
  page.getByText('The server does not answer. Goes on by itself.').waitFor({ timeout: 60_000 });
const back = (page: Page): Promise<void> =>
  page.locator('.offbar').waitFor({ state: 'hidden', timeout: 60_000 });

/** The hospital did what was asked, and nobody here heard of it. */
export function lostAnswersCases(app: () => App): void {
  const demo = () => ({ home: app().home, env });
  const behind = async (): Promise<{ visitor: Visitor; page: Page; line: Line }> => {
    const line = new Line(app().url);
    await line.mend();
    const visitor = await app().visitorAs('Eboni Brekke', { at: line.url });
    await visitor.page.locator('.lastv').first().waitFor();
    return { visitor, page: visitor.page, line };
  };
  const over = async (visitor: Visitor, line: Line): Promise<void> => {
    visitor.troubles.splice(0);
    await visitor.close();
    await line.cut();
  };

  suite('lost answers', () => {
    test('A share whose answer was lost is there once, and shows by itself', async () => {
      const { visitor, page, line } = await behind();
      await page.getByRole('link', { name: 'Share', exact: true }).click();
      await page.getByRole('button', { name: new RegExp(`^${lind}`, 'u') }).click();
      line.loseAnswerTo('/v1/tx?');
      await page.getByRole('button', { name: `Share with ${lind}` }).click();
      await away(page);
      await line.mend();
      await back(page);
      await page.getByRole('link', { name: 'Home' }).first().click();
      const stop = page.getByRole('button', { name: `Stop ${lind}` });
      await stop.waitFor({ timeout: 60_000 });
      assert.equal(await stop.count(), 1);
      const live = list(await salus(['grants', '--as', 'eboni'], demo()), 'grants').filter(
        ({ granteeName, state }) => granteeName === lind && state === 'live',
      );
      assert.equal(live.length, 1);
      await stop.click();
      await page.getByRole('button', { name: 'Stop now' }).click();
      await stop.waitFor({ state: 'detached', timeout: 60_000 });
      await over(visitor, line);
    });

    test('An erasure whose answer was lost is done, and the same touch again says so', async () => {
      const { visitor, page, line } = await behind();
      await page.getByRole('link', { name: 'Add records' }).click();
      const added = await choose(page, { name: 'washed away.txt', text: 'Gone with the tide.' });
      await added.getByRole('link', { name: 'Open it' }).click();
      await page.getByText('Gone with the tide.').waitFor();
      await page.getByRole('button', { name: 'Erase', exact: true }).click();
      line.loseAnswerTo('/v1/erase ');
      await page.getByRole('button', { name: 'Erase for good' }).click();
      await page.getByRole('dialog').getByRole('alert').waitFor({ timeout: 60_000 });
      await line.mend();
      await back(page);
      await page.getByRole('button', { name: 'Erase for good' }).click();
      await page.getByRole('heading', { level: 1, name: 'Erased for good.' }).waitFor();
      const lines = await recordLines(['record', 'list', '--as', 'eboni', '--all'], demo());
      assert.ok(!lines.some((it) => it.name === 'washed away.txt'));
      await over(visitor, line);
    });
  });
}
