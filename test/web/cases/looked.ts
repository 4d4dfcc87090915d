import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import type { InboxAnswer } from '../../../src/api/inbox.ts';
import { checkReceiptFile } from '../../../src/sdk/index.ts';
import { type App, fitsWidth, holdsAxe } from '../app.ts';

/** Who looked: the list, its reasons, its proofs, and what is kept from it. */
export function lookedCases(app: () => App): void {
  suite('looked', () => {
    test('A report of three years is two touches from home: each line a sentence, to print and to keep signed', async () => {
      const visitor = await app().visitorAs('Eboni Brekke');
      const { page, touches } = visitor;
      await touches.touch(page.getByRole('link', { name: 'Who looked' }).first());
      await touches.touch(page.getByRole('link', { name: 'Report of three years' }));
      await page
        .getByRole('heading', { level: 1, name: /things were done with your record/u })
        .waitFor();
      assert.equal(touches.count, 2);
      const lines = page.getByTestId('report');
      await lines
        .getByText(/^Dr Abena Osei looked, for treatment\. Entries: \d+\./u)
        .first()
        .waitFor();
      await lines
        .getByText(/^The device .* was added\./u)
        .first()
        .waitFor();
      await page.getByText('none was kept back', { exact: false }).waitFor();
      await holdsAxe(page);
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save it signed' }).click(),
      ]);
      const file = JSON.parse(readFileSync(await saved.path(), 'utf8')) as { text: string };
      assert.ok(file.text.includes('"kind":"look"'));
      await page.getByLabel('Until').fill('2020-01-01');
      await page.getByRole('alert').getByText('It ends before it begins.').waitFor();
      await page.getByLabel('From').fill('2019-01-01');
      await page
        .getByRole('heading', { level: 1, name: 'Nothing was done with your record in this time.' })
        .waitFor();
      await visitor.close();
    });

    test('One touch tells who looked and why others were refused, each with a receipt that holds', async () => {
      const visitor = await app().visitorAs('Eboni Brekke');
      const { page, touches } = visitor;
      await page.locator('.lastv').first().waitFor();
      await touches.touch(page.getByRole('link', { name: 'Who looked' }).first());
      await page
        .getByRole('heading', { level: 1, name: /opened your record \w+ times/u })
        .waitFor();
      assert.equal(touches.count, 1);
      assert.equal(await page.title(), 'Salus · Who looked');
      await page.getByText('Counted just now: 5 handed out, 5 listed.').waitFor();
      await page.getByText('It was asked for another purpose than your share allows.').waitFor();
      await page.getByText('you stopped it. Nothing was handed out.').waitFor();
      await page.getByText('Erased an entry for good, as you asked').waitFor();
      await holdsAxe(page);

      await page.getByRole('button', { name: /^Refused/u }).click();
      assert.equal(await page.locator('.lookrow').count(), 2);
      await page.getByRole('button', { name: /^Allowed/u }).click();
      const look = page.locator('.lookrow').filter({ hasText: 'Iron deficiency anaemia' });
      await look.getByRole('button', { name: /^More/u }).click();
      await look.getByRole('link', { name: 'Iron deficiency anaemia' }).waitFor();
      await look.getByText('Proof').click();
      await look.getByText('The operator of the ledger, alone.').waitFor();
      await holdsAxe(page);
      const saved = page.waitForEvent('download');
      await look.getByRole('button', { name: 'Save the receipt' }).click();
      const receipt = new Uint8Array(readFileSync(await (await saved).path()));
      const { names, verdict } = await checkReceiptFile(receipt, {});
      assert.equal(verdict.code, 0);
      assert.ok(names.some((it) => it.name === 'Dr Abena Osei'));
      await visitor.close();
    });

    test('On paper it says whose list it is, without what only a screen can do', async () => {
      const visitor = await app().visitorAs('Eboni Brekke');
      const { page } = visitor;
      await page.getByRole('link', { name: 'Who looked' }).first().click();
      await page.locator('.lookrow').first().waitFor();
      await page.emulateMedia({ media: 'print' });
      assert.ok(await page.getByText('Who looked at the record of Eboni Brekke.').isVisible());
      assert.ok(!(await page.getByRole('button', { name: 'Print' }).isVisible()));
      assert.ok(!(await page.locator('.top').isVisible()));
      await visitor.close();
    });

    test('A look that the hospital keeps back takes the place of the answer, and a forged notice is no look', async () => {
      const visitor = await app().visitor();
      const { page, context } = visitor;
      // Only a worker of the page's own is seen by the test's network.
      await context.addInitScript('delete globalThis.SharedWorker');
      await page.reload();
      await page.route('**/v1/inbox?**', async (route) => {
        const response = await route.fetch();
        const answer = (await response.json()) as InboxAnswer;
        const [kept] = answer.messages.filter((it) => it.kind === 'look');
        const messages = answer.messages
          .filter((it) => it !== kept)
          .map((it) =>
            it.kind === 'refusal' ? { ...it, sealed: `AAAA${it.sealed.slice(4)}` } : it,
          );
        await route.fulfill({ response, json: { ...answer, messages } });
      });
      await visitor.openAs('Eboni Brekke');
      await page.getByText('At least one look is missing from the list.').waitFor();
      await page.getByRole('link', { name: 'Who looked' }).first().click();
      await page.getByRole('heading', { name: 'One look is missing from this list.' }).waitFor();
      await page.getByText('1 handed out, 0 listed').waitFor();
      await page.getByText('2 notices do not hold, so they are not shown').waitFor();
      await holdsAxe(page);
      await visitor.close();
    });

    test('In Arabic, dark, at 320 px nothing is cut', async () => {
      const visitor = await app().visitorAs('Eboni Brekke', {
        width: 320,
        height: 640,
        dark: true,
        locale: 'ar-EG',
      });
      const { page } = visitor;
      await page.locator('.lastv').first().waitFor();
      await page.getByRole('link', { name: 'من اطّلع' }).first().click();
      // What came a moment ago may not stand on the ledger yet, and has no proof then.
      const row = page.locator('.lookrow').filter({ hasText: 'Iron deficiency anaemia' });
      await row.getByRole('button').first().click();
      await row.locator('.proof summary').click();
      await row.locator('.facts').waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await visitor.close();
    });
  });
}
