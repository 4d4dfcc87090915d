import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type App, fitsWidth, holdsAxe } from '../app.ts';

/** What an operator reads, and what anybody reads of the ledger. */
export function operatorCases(app: () => App): void {
  suite('operator', () => {
    test('Whether all is well is read without a touch; what is not is one touch from what to do', async () => {
      const visitor = await app().visitorAs('Operator of North');
      const { page, touches } = visitor;
      await page
        .getByRole('heading', { level: 1, name: /All is well, except .*no fresh backup/u })
        .waitFor();
      assert.equal(touches.count, 0);
      await holdsAxe(page);
      await touches.touch(page.getByRole('link', { name: 'What to do', exact: true }));
      await page.getByRole('heading', { level: 1, name: 'Make a backup.' }).waitFor();
      assert.equal(touches.count, 1);
      await holdsAxe(page);
      await visitor.close();
    });

    test('Nothing is called well while nobody answers, and each check says more of the own hospital', async () => {
      const visitor = await app().visitorAs('Operator of North');
      const { page, troubles } = visitor;
      const store = page.getByRole('row', { name: /Store of records/u });
      await store.getByText(/Answers in \d+ ms/u).waitFor();
      // Wings may run something beside it.
      const processes = page.locator('section', {
        has: page.getByRole('heading', { name: 'Processes' }),
      });
      await processes
        .getByText(/^(Beside the server nothing runs here\.|Runs since .*)$/u)
        .first()
        .waitFor();
      app().door.answer('failing');
      await page.getByRole('button', { name: 'Check now' }).click();
      await page.getByRole('heading', { level: 1, name: /cannot be told right now/u }).waitFor();
      app().door.answer('as they do');
      await page.getByRole('button', { name: 'Check now' }).click();
      await page.getByRole('heading', { level: 1, name: /All is well, except/u }).waitFor();
      // What the browser says of a server that failed.
      troubles.splice(0);
      await visitor.close();
    });

    test('How the members stand is one touch from whether all is well', async () => {
      const visitor = await app().visitorAs('Operator of North');
      const { page, touches } = visitor;
      await touches.touch(page.getByRole('link', { name: 'How the members of the ledger stand' }));
      await page
        .getByRole('heading', { level: 1, name: 'One machine orders this ledger.' })
        .waitFor();
      await page.getByRole('row', { name: /Harbour/u }).waitFor();
      assert.equal(touches.count, 1);
      await holdsAxe(page);
      await visitor.close();
    });

    test('It fits a phone of 320 px, dark and from right to left', async () => {
      const visitor = await app().visitorAs('Operator of North', {
        width: 320,
        height: 640,
        dark: true,
        locale: 'ar-EG',
      });
      await visitor.page.locator('.matrix').waitFor();
      await fitsWidth(visitor.page);
      await holdsAxe(visitor.page);
      await visitor.close();
    });
  });

  suite('explorer', () => {
    test('Anybody reads the newest of the ledger, checked in this browser, and one block of it', async () => {
      const visitor = await app().visitor();
      const { page } = visitor;
      await page.goto(`${app().url}/check`);
      await page.getByRole('link', { name: 'Latest in the ledger' }).click();
      await page.getByRole('heading', { level: 1, name: /The ledger has \d+ blocks/u }).waitFor();
      await page.getByText('This browser sees this ledger for the first time').waitFor();
      const words = (await page.getByTestId('ledger-words').textContent()) ?? '';
      assert.equal(words.split(' ').length, 12);
      await holdsAxe(page);
      await page.goto(`${app().url}/explorer/2`);
      await page.getByRole('heading', { level: 1, name: 'Block 2' }).waitFor();
      await page.getByText('this browser saw first').waitFor();
      await holdsAxe(page);
      await visitor.close();
    });

    test('A block that does not hold is not shown', async () => {
      const visitor = await app().visitor({ width: 320, height: 640 });
      const { context, page } = visitor;
      // What a shared worker asks for no test can change; a tab's own worker does the same work.
      await page.addInitScript('delete globalThis.SharedWorker');
      await context.route(/\/v1\/blocks\/4$/u, async (route) => {
        const url = route.request().url().replace(/4$/u, '3');
        await route.fulfill({ response: await route.fetch({ url }) });
      });
      await page.goto(`${app().url}/explorer/4`);
      await page.getByRole('heading', { level: 1, name: 'The ledger is not shown.' }).waitFor();
      await page.getByText('LEDGER_CORRUPT').waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await visitor.close();
    });
  });
}
