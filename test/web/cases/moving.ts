import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type App, fitsWidth, heading, holdsAxe } from '../app.ts';
import { join, passphrase } from './joining.ts';
import { choose, savedBy } from './record-acts.ts';
import { bundle, observation, unzipped } from './record-files.ts';

/** Brings a file with so many results into the record of somebody who is at home. */
async function bring(page: Page, count: number): Promise<void> {
  const results = Array.from({ length: count }, (_, at) =>
    observation(
      `Result ${String.fromCharCode(97 + (at % 26)).repeat(1 + at / 26)}`,
      at,
      'mmol/L',
      '2026-11-20',
    ),
  );
  await page.getByRole('link', { name: 'Add records' }).click();
  const line = await choose(page, { name: 'results.json', json: bundle(...results) });
  await line.getByText(/added/u).waitFor({ timeout: 60_000 });
}

/** From wherever one is to the page on which a record is moved. */
async function toMove(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Keys' }).click();
  await page.getByRole('link', { name: 'Move to another hospital' }).click();
}

/** How often a fact of the result holds. */
async function fact(page: Page, name: string): Promise<number> {
  const row = page.getByTestId('moved').locator('div', { hasText: name });
  return Number(await row.locator('dd').textContent());
}

/** A record goes to another hospital, or away altogether. */
export function movingCases(app: () => App): void {
  suite('moving', () => {
    test('A record moves whole, is read back, and only then the old one is closed; who leaves has all in a file first', async () => {
      const visitor = await app().visitor({ width: 360, height: 740 });
      const { page } = visitor;
      const code = await join(visitor, 'passphrase');
      await bring(page, 2);
      await toMove(page);
      await page.getByLabel('Invitation').and(page.locator('[value^="salus:"]')).waitFor();
      await page.getByLabel('Code of the printed sheet').fill(code);
      await fitsWidth(page);
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Move my record' }).click();
      await heading(page, /is at .* too, and all of it was read back/u).waitFor({
        timeout: 60_000,
      });
      // Two results, and the list of the file's parts.
      assert.deepEqual([await fact(page, 'Moved now'), await fact(page, 'Read back')], [3, 3]);
      await fitsWidth(page);
      await holdsAxe(page);
      await page.getByRole('button', { name: /^Close my record at North/u }).click();
      await holdsAxe(page);
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(/Code of the printed sheet/u).fill(code);
      await dialog.getByRole('button', { name: /^Close my record at North/u }).click();
      await heading(page, /at North Hospital is closed/u).waitFor({ timeout: 60_000 });
      await page.getByRole('link', { name: 'Record' }).click();
      await page.getByRole('link', { name: /Result b/u }).click();
      await page.getByText('Moved here from North Hospital').waitFor();

      await page.getByRole('link', { name: 'Keys' }).click();
      await page.getByRole('link', { name: 'Leave with everything' }).click();
      await holdsAxe(page);
      const saved = await savedBy(page, () =>
        page.getByRole('button', { name: 'Make the file' }).click(),
      );
      const zip = readFileSync(await saved.path());
      const files = unzipped(zip);
      assert.ok(files.has('manifest.json') && files.has('imports/1-results.json'));
      const input = page.getByLabel('Choose the file that you saved');
      await input.setInputFiles({
        name: 'a',
        mimeType: 'application/zip',
        buffer: zip.subarray(1),
      });
      await page.getByText('This is not the file that was made here.').waitFor();
      await input.setInputFiles({ name: 'a', mimeType: 'application/zip', buffer: zip });
      await page.getByText('byte for byte').waitFor();
      await holdsAxe(page);
      await page.getByRole('button', { name: /^Erase all and leave/u }).click();
      await heading(page, /is closed/u).waitFor({ timeout: 60_000 });
      const receipt = await savedBy(page, () =>
        page.getByRole('button', { name: 'Save the receipt' }).click(),
      );
      assert.ok(readFileSync(await receipt.path()).length > 100);
      await visitor.close();
    });

    test('A move that a closed tab ended goes on from the same page', async () => {
      const visitor = await app().visitor();
      const code = await join(visitor, 'passphrase');
      await bring(visitor.page, 40);
      await toMove(visitor.page);
      await visitor.page
        .getByLabel('Invitation')
        .and(visitor.page.locator('[value^="salus:"]'))
        .waitFor();
      await visitor.page.getByLabel('Code of the printed sheet').fill(code);
      await visitor.page.getByRole('button', { name: 'Move my record' }).click();
      await visitor.page.getByText(/^\d+ of 4\d$/u).waitFor({ timeout: 60_000 });
      const page = await visitor.context.newPage();
      await page.goto(app().url);
      // The worker is shared: it goes with the last tab.
      await visitor.page.close();
      await page.goto(`${app().url}/move`);
      await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
      await page.getByRole('button', { name: 'Unlock' }).click();
      await page.getByRole('button', { name: /^(Go on to|Read back and compare)/u }).click();
      await heading(page, /all of it was read back/u).waitFor({ timeout: 60_000 });
      const [moved, before] = [await fact(page, 'Moved now'), await fact(page, 'Were there')];
      assert.deepEqual([moved + before, await fact(page, 'Read back')], [41, 41]);
      await page.getByRole('main').getByRole('button', { name: /^Show/u }).click();
      await heading(page, /Nobody can read your record but you/u).waitFor();
      await visitor.close();
    });
  });
}
