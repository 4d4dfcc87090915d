import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { salus } from '../../cli/salus.ts';
import { type App, fitsWidth, holdsAxe, type Visitor } from '../app.ts';
import { hostileChart, personName } from './hostile-files.ts';

const env = { SALUS_PASSPHRASE: 'demo passphrase' };
const narrow = { width: 320, height: 640 };

/** Nothing of it ran, nothing of it stands in the page as more than words, and the page is as wide as its window. */
async function holdsOff(page: Page): Promise<void> {
  assert.equal(await page.evaluate('globalThis.hostileRan'), undefined);
  const made = page.locator(
    'main :is(script, iframe, link, object, embed, img[src^="http"], [onerror], [onload], [onmouseover], a[href^="javascript:"])',
  );
  assert.equal(await made.count(), 0);
  const said = String(await page.locator('main').textContent());
  assert.doesNotMatch(said, /[\u202a-\u202e\u2066-\u2069]/u, 'letters that turn around');
  await fitsWidth(page);
}

/** What others are called, and what they bring into a chart, is never more than words. */
export function hostileCases(app: () => App): void {
  const asked = (...args: readonly string[]) => salus(args, { home: app().home, env });
  const begun = async (name: string): Promise<Visitor> => {
    const visitor = await app().visitor(narrow);
    visitor.page.on('dialog', (dialog) => {
      visitor.troubles.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await visitor.openAs(name);
    return visitor;
  };

  suite('hostile', () => {
    before(async () => {
      await asked('person', 'create', 'mal', '--hospital', 'north', '--name', personName);
      const reader = ['--role', 'clinician', '--licence', 'N-13', '--name', `Dr ${personName}`];
      await asked('person', 'create', 'reader', '--hospital', 'north', ...reader);
      const file = join(app().home, 'hostile.json');
      writeFileSync(file, JSON.stringify(hostileChart));
      await asked('record', 'add', file, '--as', 'mal');
      const classes = 'lab,summary,diagnosis,medication,vital,note,other';
      const known = classes.split(',').flatMap((it) => ['--class', it]);
      await asked('grant', 'dr-osei', '--as', 'mal', ...known, '--until', '+6d');
      await asked('grant', 'eboni', '--as', 'mal', '--class', 'lab', '--until', '+6d');
      await asked('grant', 'reader', '--as', 'eboni', '--class', 'lab', '--until', '+6d');
      await asked('record', 'list', '--as', 'reader', '--patient', 'eboni');
    });

    test('A chart that is made to run is words to a clinician, at 320 px', async () => {
      const visitor = await begun('Dr Abena Osei');
      const { page } = visitor;
      const row = page.getByRole('link', { name: /onerror/u }).first();
      await row.waitFor();
      await holdsOff(page);
      await holdsAxe(page);
      await row.click();
      await page.getByText(/^Opened .* by one look/u).waitFor();
      await page.getByText('hostile allergy').first().waitFor();
      await holdsOff(page);
      await holdsAxe(page);
      const entries = page.locator('main a[href*="/item/"]');
      const count = await entries.count();
      assert.ok(count >= 3, `${count} entries`);
      for (let at = 0; at < count; at++) {
        await entries.nth(at).click();
        await page.locator('.proof').waitFor();
        await holdsOff(page);
        await page.goBack();
        await entries.first().waitFor();
      }
      await page.locator('main a[href$="/results"]').first().click();
      const tests = page.locator('.onetest > summary');
      await tests.first().waitFor();
      for (const test of await tests.all()) await test.click();
      await page.locator('.onetest table').last().waitFor();
      await holdsOff(page);
      await page.setViewportSize({ width: 1280, height: 800 });
      await holdsOff(page);
      await visitor.close();
    });

    test('Somebody whose name is made to run is a name, wherever a patient meets it', async () => {
      const visitor = await begun('Eboni Brekke');
      const { page } = visitor;
      for (const path of ['/home', '/sharing', '/looked', '/share']) {
        await page.locator('.lastv, .grant, .lookrow, .say').first().waitFor();
        await page.locator(`a[href="${path}"]:visible`).first().click();
        await page
          .getByText(/onerror/u)
          .first()
          .waitFor();
        await holdsOff(page);
        await holdsAxe(page);
        await page.setViewportSize({ width: 1280, height: 800 });
        await holdsOff(page);
        await page.setViewportSize(narrow);
        if (path === '/looked') await page.locator('a[href="/home"]:visible').first().click();
      }
      await visitor.close();
    });

    test('A desk refuses a name of 1,024 characters in words, and shows those that it took as names', async () => {
      const visitor = await begun('Desk of North');
      const { page } = visitor;
      await page
        .getByText(/onerror/u)
        .first()
        .waitFor();
      await holdsOff(page);
      const name = page.getByLabel('Name, as on the identity card');
      await name.fill('N'.repeat(1_024));
      await page.getByRole('button', { name: 'Show the code' }).click();
      await page.getByRole('alert').waitFor();
      assert.equal((await name.inputValue()).length, 1_024);
      await holdsOff(page);
      await holdsAxe(page);
      await name.fill(personName);
      await page.getByRole('button', { name: 'Show the code' }).click();
      await page.locator('.invite').waitFor();
      await holdsOff(page);
      await page.locator('.tabs a[href="/desk/people"]').click();
      await page
        .getByText(/onerror/u)
        .first()
        .waitFor();
      await holdsOff(page);
      await visitor.close();
    });
  });
}
