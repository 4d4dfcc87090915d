import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openChromiumProfile } from '../../browser/chromium.ts';
import { remove } from '../../cli/salus.ts';
import type { App } from '../app.ts';

/** Of records, of a draft, and of what was looked for; none is a word of the app itself. */
const words = [
  ...['Loratadine', 'Miscarriage', 'Dander (animal)', 'Erythrocyte', 'BREKKE', '1995-07-10'],
  ...['quartan zyxfever', 'zyxberry rash', 'zyxsearched'],
];

/** The files of a folder that have this text in them, as UTF-8, UTF-16 or base64. */
function filesWith(folder: string, text: string): readonly string[] {
  const forms = [
    Buffer.from(text),
    Buffer.from(text, 'utf16le'),
    // Whole triples alone: what stands before shifts the first and the last letters.
    ...[0, 1, 2].map((at) => {
      const bytes = Buffer.from(text).subarray(at);
      const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
      return Buffer.from(whole.toString('base64'));
    }),
  ];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .filter((name) => {
      const bytes = readFileSync(join(folder, name));
      return forms.some((form) => bytes.includes(form));
    });
}

/** Everything that pages of this origin can keep, as text: bytes as Latin-1, and what the files of the app are is left out. */
async function keptByPages(page: Page): Promise<string> {
  const script = `(async () => {
    const said = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
    const ask = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const textOf = (it) => it instanceof Uint8Array
      ? Array.from(it, (byte) => String.fromCharCode(byte)).join('')
      : JSON.stringify(it) ?? String(it);
    for (const { name } of await indexedDB.databases()) {
      const database = await ask(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const within = database.transaction(store).objectStore(store);
        said.push(name, store, ...(await ask(within.getAllKeys())).map(textOf));
        said.push(...(await ask(database.transaction(store).objectStore(store).getAll())).map(textOf));
      }
      database.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) said.push(request.url);
    }
    return said.join('\\n');
  })()`;
  return (await page.evaluate(script)) as string;
}

/** What lies on the disk of a browser after somebody read, wrote and went. */
export function profileCases(app: () => App): void {
  suite('profile', () => {
    test('No word of a record, a draft or a search lies in the profile of the browser, sealed or in a title', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'salus-profile-'));
      const context = await openChromiumProfile(folder);
      try {
        const page = await context.newPage();
        const be = async (name: string): Promise<void> => {
          await page.goto(app().url);
          await page.getByRole('button', { name }).click();
          await page.waitForURL((it) => it.pathname !== '/', { timeout: 60_000 });
        };
        const lock = () => page.getByRole('button', { name: 'Lock', exact: true }).click();
        const places: string[] = [];
        const seen = async (): Promise<void> => {
          places.push(
            page.url(),
            await page.title(),
            JSON.stringify(await page.evaluate('history.state')),
          );
        };
        await be('Dr Abena Osei');
        await page.getByRole('link', { name: /Eboni Brekke/u }).click();
        await page.getByText(/^Opened .* by one look/u).waitFor({ timeout: 60_000 });
        await page.getByText('Dander (animal) allergy').waitFor();
        await page.getByRole('link', { name: 'Miscarriage in first trimester' }).click();
        await page.locator('.proof summary').waitFor();
        await seen();
        await page.goBack();
        await page.getByRole('link', { name: 'Write', exact: true }).click();
        const note = page.getByRole('textbox', { name: 'Note', exact: true });
        await note.pressSequentially('Seen for quartan zyxfever with a zyxberry rash.');
        await page.getByText(/Draft kept on this device, sealed/u).waitFor();
        await seen();
        await lock();

        await be('Eboni Brekke');
        await page.locator('.lastv').first().waitFor();
        await page.getByRole('link', { name: 'Record', exact: true }).first().click();
        await page.getByLabel('Find in my record').fill('zyxsearched');
        await page.getByText('Nothing here for what you chose.').waitFor();
        await page.getByLabel('Find in my record').fill('erythrocyte');
        await seen();
        await page.locator('.tline a').first().click();
        await page.getByRole('button', { name: 'Erase' }).waitFor();
        await seen();
        await lock();
        await page.getByRole('heading', { level: 1, name: 'Locked.' }).waitFor();
        const kept = await keptByPages(page);
        assert.ok(kept.includes('salus-items') && kept.includes('salus-seen'));
        for (const word of words) {
          assert.ok(!kept.includes(word), word);
          assert.ok(!places.some((it) => it.includes(word)), `${word} in ${places.join(' ')}`);
        }
      } finally {
        await context.close();
      }
      try {
        // It looks where it should: the address of the app, and names of its stores, are there.
        for (const it of [new URL(app().url).host, 'salus-items', 'drafts']) {
          assert.ok(filesWith(folder, it).length > 0, it);
        }
        for (const word of words) assert.deepEqual(filesWith(folder, word), [], word);
      } finally {
        remove(folder);
      }
    });
  });
}
