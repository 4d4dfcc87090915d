import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type App, fitsWidth, holdsAxe } from '../app.ts';

/** The first page, and a patient's home. */
export function homeCases(app: () => App): void {
  suite('home', () => {
    test('One touch on the first page opens somebody of the demo, and home says who can read', async () => {
      const visitor = await app().visitor();
      const { page } = visitor;
      await holdsAxe(page);
      await visitor.openAs('Eboni Brekke');
      await page.getByRole('heading', { level: 1, name: /can read your record/u }).waitFor();
      await page.getByText('Ferritin').waitFor();
      await holdsAxe(page);
      assert.equal(await page.title(), 'Salus · Home');
      await visitor.close();
    });

    test('Letters lead to places and to the search, once somebody wants them', async () => {
      const visitor = await app().visitorAs('Eboni Brekke');
      const { page } = visitor;
      await page.locator('.lastv').first().waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('r');
      assert.equal(new URL(page.url()).pathname, '/home');
      await page.getByRole('button', { name: 'Keyboard' }).click();
      await page.getByRole('checkbox', { name: 'Use letters as shortcuts' }).check();
      await holdsAxe(page);
      await page.keyboard.press('Escape');
      await page.keyboard.press('g');
      await page.keyboard.press('r');
      await page.waitForURL((it) => it.pathname === '/record');
      await page.getByRole('searchbox').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('gh');
      assert.equal(await page.getByRole('searchbox').inputValue(), 'gh');
      assert.equal(new URL(page.url()).pathname, '/record');
      await visitor.close();
    });

    test('On a phone of 320 px nothing is wider than the window', async () => {
      const visitor = await app().visitor({ width: 320, height: 640, dark: true, locale: 'ar-EG' });
      const { page } = visitor;
      await page.locator('html[dir=rtl] h1').waitFor();
      await fitsWidth(page);
      await visitor.openAs('Eboni Brekke');
      await page.locator('.lastv').first().waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await visitor.close();
    });
  });
}
