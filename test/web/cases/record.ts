import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type App, fitsWidth, holdsAxe, type Visitor } from '../app.ts';
import { choose, ref, savedBy } from './record-acts.ts';
import {
  alterNewestBlob,
  bundle,
  hostile,
  namedPatient,
  observation,
  unzipped,
} from './record-files.ts';

const eboni = 'examples/patients/Eboni_Brekke_ae30c5e1-23da-4ecd-a320-a2c6047f3a19.json';
const letter = 'examples/documents/discharge-letter.pdf';

/**
 * A patient's own record: looking, finding, bringing, erasing, saving. One file beyond the usual length: its cases share
 * one browser, because opening a wallet costs seconds.
 */
export function recordCases(app: () => App): void {
  suite('record', () => {
    // Opening a wallet costs seconds: one browser for all, and each case begins at home.
    let visitor: Visitor;
    before(async () => {
      visitor = await app().visitor();
      await visitor.openAs('Eboni Brekke');
    });
    after(() => visitor.close());
    const atHome = async (width = 1280): Promise<Visitor> => {
      const { page, touches } = visitor;
      await page.setViewportSize({ width, height: 800 });
      // What a case that failed left open is no fault of the next.
      if ((await page.locator('dialog').count()) > 0) await page.keyboard.press('Escape');
      await tab(page, 'Home').click();
      await page.getByRole('heading', { name: 'Last values' }).waitFor();
      touches.count = 0;
      return visitor;
    };
    const within = (page: Page, place: string, name: string) =>
      page.getByRole('navigation', { name: place }).getByRole('link', { name, exact: true });
    const tab = (page: Page, name: string) => within(page, 'Main', name);

    test('Values over time are one touch from home, as a chart and as the same table', async () => {
      const { page, touches } = await atHome();
      await touches.touch(page.locator('.lastv', { hasText: 'Ferritin' }));
      await page.getByRole('heading', { name: 'Ferritin over time' }).waitFor();
      assert.ok(touches.count <= 2, `${touches.count} touches`);
      assert.equal(await page.title(), 'Salus · Entry');
      assert.match(page.url(), /\/item\/[a-z0-9]+$/u);
      const drawn = await page.locator('.chart circle').count();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Show as table' }).click();
      assert.equal(await page.locator('main table').last().locator('tbody tr').count(), drawn);
      await page.getByText('Proof', { exact: true }).click();
      await page.getByRole('button', { name: 'Show the bytes' }).click();
      await page.locator('.bytes').waitFor();
      await holdsAxe(page);
    });

    test('An entry of another year is two touches from home: Record, the year', async () => {
      const { page, touches } = await atHome(360);
      await touches.touch(tab(page, 'Record'));
      await page.getByRole('heading', { level: 1, name: /entries.*, from 1996 to/u }).waitFor();
      await holdsAxe(page);
      await touches.touch(within(page, 'Go to year', '2017'));
      await page.getByRole('heading', { level: 1, name: /in 2017/u }).waitFor();
      await page.getByRole('link', { name: /Body Height/u }).waitFor();
      assert.ok(touches.count <= 2, `${touches.count} touches`);
      assert.equal(new URL(page.url()).pathname, '/record/2017');
      await fitsWidth(page);
      await holdsAxe(page);
    });

    test('What is looked for is found on this device, and stands in no address', async () => {
      const { page } = await atHome();
      await tab(page, 'Record').click();
      const search = page.getByLabel('Find in my record');
      await search.fill('blood pressure');
      await page.getByText(/entries found/u).waitFor();
      await page.getByRole('button', { name: /Vital signs/u }).click();
      await page
        .getByRole('link', { name: /Blood Pressure/u })
        .first()
        .waitFor();
      await page.waitForFunction(
        "[...document.querySelectorAll('.trow a')].every((it) => /pressure/i.test(it.textContent))",
      );
      assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, '/record');
      await search.fill('no such thing at all');
      await page.getByText('Nothing here for what you chose.').waitFor();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Show everything' }).click();
      await page.locator('.trow').first().waitFor();
    });

    test('Of a long record only the rows near the window are in the page', async () => {
      const { page } = await atHome();
      await tab(page, 'Record').click();
      await page.locator('.trow').first().waitFor();
      const all = Number(await page.locator('.trow').first().getAttribute('aria-setsize'));
      assert.ok(all > 100, `${all} entries`);
      for (const share of ['0.5', '1']) {
        await page.evaluate(`scrollTo(0, document.documentElement.scrollHeight * ${share})`);
        await page.locator('.trow a').first().waitFor();
        const rows = await page.locator('.trow').count();
        assert.ok(rows < 60, `${rows} rows`);
      }
      await page.locator(`.trow[aria-posinset="${all}"]`).waitFor();
    });

    test('A file is brought in with two touches; the same one again adds nothing', async () => {
      const { page, touches } = await atHome(360);
      await touches.touch(page.getByRole('link', { name: 'Add records' }));
      await page.getByText('Drop files or a folder here').waitFor();
      await holdsAxe(page);
      await fitsWidth(page);
      const choosing = page.waitForEvent('filechooser');
      await touches.touch(page.getByText('Choose files'));
      await (await choosing).setFiles(letter);
      await page.getByText('1 entry added').waitFor({ timeout: 30_000 });
      assert.ok(touches.count <= 2, `${touches.count} touches`);
      await holdsAxe(page);
      await choose(page, letter);
      await page.getByText('This very file is in your record already').waitFor();
      await page.getByRole('link', { name: 'Open it' }).first().click();
      await page.getByText(/A PDF of/u).waitFor();
      const saved = await savedBy(page, () =>
        page.getByRole('button', { name: /^Original/u }).click(),
      );
      assert.equal(saved.suggestedFilename(), 'discharge-letter.pdf');
      assert.deepEqual(readFileSync(await saved.path()), readFileSync(letter));
      await page.getByText('Proof', { exact: true }).click();
      const receipt = await savedBy(page, () =>
        page.getByRole('button', { name: 'Save the receipt' }).click(),
      );
      assert.ok(readFileSync(await receipt.path()).length > 100);
    });

    test('Whose record: a file about several people is added only once somebody says whose', async () => {
      const { page } = await atHome();
      await page.getByRole('link', { name: 'Add records' }).click();
      await choose(page, {
        name: 'family.json',
        json: bundle(
          namedPatient('eb', 'Eboni Brekke', '1995-07-10'),
          namedPatient('ot', 'Somebody Else', '1960-01-01'),
          { ...observation('Ferritin', 9, 'ng/mL', '2026-11-20'), subject: ref('eb') },
          { ...observation('Potassium', 4, 'mmol/L', '2026-11-20'), subject: ref('ot') },
        ),
      });
      await page.getByText('Whose records of this file do you want?').waitFor();
      await holdsAxe(page);
      assert.equal(await page.getByRole('button', { name: 'Add these' }).isDisabled(), true);
      await page.getByLabel(/Eboni Brekke/u).check();
      await page.getByRole('button', { name: 'Add these' }).click();
      await page.getByText(/about somebody else and w/u).waitFor();
      await tab(page, 'Record').click();
      await page.getByLabel('Find in my record').fill('potassium');
      await page.getByText('Nothing here for what you chose.').waitFor();
    });

    test('What its source restricts is said when it is added, and left out of shares', async () => {
      const { page } = await atHome();
      await page.getByRole('link', { name: 'Add records' }).click();
      const line = await choose(page, {
        name: 'restricted.json',
        json: {
          ...observation('Very private finding', 3, 'mmol/L', '2026-11-21'),
          meta: {
            security: [
              { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
            ],
          },
        },
      });
      await line.getByText(/is very private by its source/u).waitFor();
      await line.getByRole('link', { name: 'Open it' }).click();
      await page.getByText(/left out of every share/u).waitFor();
      await page.getByRole('heading', { name: 'Who can see this' }).waitFor();
    });

    test('What was typed in is a value like others; it is erased for good in three touches from home', async () => {
      const { page, touches } = await atHome();
      await page.getByRole('link', { name: 'Add records' }).click();
      await page.getByRole('button', { name: 'Type something in' }).click();
      await holdsAxe(page);
      await page.getByLabel('Which value').selectOption({ label: 'Pulse (a minute)' });
      await page.getByLabel('Value', { exact: true }).fill('61');
      await page.getByRole('button', { name: 'Add it' }).click();
      await page.getByRole('dialog').getByText('1 entry added').waitFor();
      await page.keyboard.press('Escape');
      await tab(page, 'Home').click();
      touches.count = 0;
      await touches.touch(page.locator('.lastv', { hasText: /Heart rate\s*61/u }));
      await page.getByText('Typed in by you.').waitFor();
      await touches.touch(page.getByRole('button', { name: 'Erase', exact: true }));
      await page.getByText(/Nobody can bring it back/u).waitFor();
      await holdsAxe(page);
      await touches.touch(page.getByRole('button', { name: 'Erase for good' }));
      await page.getByRole('heading', { level: 1, name: 'Erased for good.' }).waitFor();
      assert.ok(touches.count <= 3, `${touches.count} touches`);
      await holdsAxe(page);
      await page.getByRole('link', { name: 'Back to my record' }).click();
      await page.getByText('Erased for good', { exact: true }).first().waitFor();
    });

    test('Another kind and title is a new version, and the one before stays readable', async () => {
      const { page } = await atHome();
      await page.getByRole('link', { name: 'Add records' }).click();
      const line = await choose(page, { name: 'a plain note.txt', text: 'Some words.' });
      await line.getByRole('link', { name: 'Open it' }).click();
      await page.getByText('Some words.').waitFor();
      await page.getByRole('button', { name: 'Change kind or title' }).click();
      await page.getByLabel('Kind', { exact: true }).selectOption({ label: 'Notes' });
      await page.getByLabel('Title', { exact: true }).fill('A better title');
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Change it' }).click();
      await page.getByRole('heading', { level: 1, name: 'A better title' }).waitFor();
      await page.getByRole('link', { name: 'a plain note.txt' }).click();
      await page.getByText('There is a newer version of this.').waitFor();
      // In the timeline it is one row.
      await tab(page, 'Record').click();
      await page.getByLabel('Find in my record').fill('better title');
      await page.getByText(/^1 entry found/u).waitFor();
      await page.getByLabel('Find in my record').fill('note.txt');
      await page.getByText('Nothing here for what you chose.').waitFor();
    });

    test('The whole record is saved in two touches: each file as it came, and a page without a script', async () => {
      const { page, touches } = await atHome();
      await touches.touch(tab(page, 'Record'));
      const saved = await savedBy(page, () =>
        touches.touch(page.getByRole('button', { name: 'Save or print all' })),
      );
      assert.ok(touches.count <= 2, `${touches.count} touches`);
      const files = unzipped(readFileSync(await saved.path()));
      const names = [...files.keys()];
      const original = readFileSync(eboni);
      assert.ok(
        [...files.values()].some((it) => original.equals(it)),
        `the imported file is among ${names.join(', ')}`,
      );
      const pageName = names.find((it) => it.endsWith('.html')) ?? '';
      const html = String(files.get(pageName));
      assert.match(html, /Body Weight/u);
      assert.match(html, /Eboni/u);
      assert.doesNotMatch(html, /<script|<iframe|src="http/u);
      await page.getByRole('button', { name: 'Save the page alone' }).waitFor();
      await holdsAxe(page);
      await page.keyboard.press('Escape');
    });

    test('What is hostile inside a record is words: nothing in it runs, and nothing leaves', async () => {
      const { page } = await atHome();
      let dialogs = 0;
      page.on('dialog', (dialog) => {
        dialogs += 1;
        void dialog.dismiss();
      });
      await page.getByRole('link', { name: 'Add records' }).click();
      for (const { file, shows, title } of hostile) {
        const line = await choose(page, file);
        await line.getByRole('link', { name: 'Open it' }).click({ timeout: 30_000 });
        await page.getByText('Proof', { exact: true }).waitFor();
        await page.getByText(shows).first().waitFor();
        const heading = (await page.locator('h1').textContent()) ?? '';
        assert.doesNotMatch(heading, /[\u202a-\u202e]/u);
        if (title !== undefined) assert.ok(heading.includes(title), heading);
        await fitsWidth(page);
        assert.equal(await page.evaluate('globalThis.hostileRan'), undefined);
        assert.equal(await page.locator('main a[href^="javascript:"], main script').count(), 0);
        await page.goBack();
        await page.getByText('Drop files or a folder here').waitFor();
      }
      await tab(page, 'Record').click();
      await page.getByLabel('Find in my record').fill('hostile');
      await page.locator('.trow a').first().waitFor();
      await fitsWidth(page);
      assert.equal(dialogs, 0);
    });

    test('What fails its check is not shown, and the page says who served it', async () => {
      const { page } = await atHome();
      await page.getByRole('link', { name: 'Add records' }).click();
      const line = await choose(page, { name: 'altered.txt', text: 'These words were altered.' });
      await line.getByRole('link', { name: 'Open it' }).waitFor();
      alterNewestBlob(join(app().home, 'servers', 'north', 'blobs', 'blobs.sqlite'));
      await line.getByRole('link', { name: 'Open it' }).click();
      await page.getByRole('heading', { level: 1, name: 'This entry is not shown.' }).waitFor();
      await page.getByText(/What North Hospital handed out/u).waitFor();
      assert.equal(await page.getByText('These words were altered.').count(), 0);
      await holdsAxe(page);
    });

    test('A path of another device leads to a sentence with a way on, and a hospital that fails too', async () => {
      const { page } = await atHome();
      await page.evaluate("history.pushState({}, '', '/item/zzzzzz')");
      await page.evaluate("dispatchEvent(new PopStateEvent('popstate'))");
      await page.getByRole('alert').waitFor();
      await page.getByRole('button', { name: 'Try again' }).waitFor();
      await holdsAxe(page);
    });

    test('The record in Arabic, dark, at 320 px fits and is readable', async () => {
      const visitor = await app().visitorAs('Eboni Brekke', {
        ...{ width: 320, height: 640, dark: true, locale: 'ar-EG' },
      });
      const { page } = visitor;
      await page.locator('a[href="/record"]').first().click();
      await page.locator('.trow a').first().waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await page.locator('#find').fill('body weight');
      await page.locator('.trow a', { hasText: 'Body Weight' }).first().click();
      await page.locator('.proof').waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await visitor.close();
    });
  });
}
