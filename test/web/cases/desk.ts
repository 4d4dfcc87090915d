import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { readCard } from '../../../src/sdk/index.ts';
import { list, salus, text } from '../../cli/salus.ts';
import { type App, fitsWidth, holdsAxe } from '../app.ts';

const env = { SALUS_PASSPHRASE: 'demo passphrase' };

/** The registration desk, in a browser of its own. */
export function deskCases(app: () => App): void {
  suite('desk', () => {
    test('Enrolling takes three touches at the desk, and the desk sees that the person joined', async () => {
      const desk = await app().visitorAs('Desk of North');
      const { page, touches } = desk;
      await page.getByRole('heading', { level: 1, name: /Enrol the person/u }).waitFor();
      await holdsAxe(page);
      await touches.touch(page.locator('label.chip', { hasText: 'Patient' }));
      await page.getByLabel('Name, as on the identity card').fill('Maria Santos');
      await touches.touch(page.getByRole('button', { name: 'Show the code' }));
      const link = await page.getByTestId('invitation').textContent();
      await holdsAxe(page);
      const phone = await app().visitor({ width: 360, height: 740 });
      await phone.page.goto(`${app().url}/join#${encodeURIComponent(link ?? '')}`);
      await phone.page.getByLabel('Or choose a passphrase').fill('four words nobody joins');
      await phone.page.getByRole('button', { name: 'Open it with this passphrase' }).click();
      await phone.page.getByTestId('sheet-code').waitFor({ timeout: 60_000 });
      await page.getByText('Maria Santos is enrolled.').waitFor({ timeout: 30_000 });
      await touches.touch(page.getByRole('button', { name: 'Next person' }));
      assert.equal(await page.getByLabel('Name, as on the identity card').inputValue(), '');
      assert.ok(touches.count <= 4, `${touches.count} touches`);
      await page.getByRole('link', { name: 'People' }).click();
      await page.getByRole('heading', { level: 1, name: /Find somebody/u }).waitFor();
      await page.getByText('Eboni Brekke').waitFor();
      await holdsAxe(page);
      await phone.close();
      await desk.close();
    });

    test('A desk fits a phone of 320 px, dark and from right to left', async () => {
      const desk = await app().visitorAs('Desk of North', {
        width: 320,
        height: 640,
        dark: true,
        locale: 'ar-EG',
      });
      const { page } = desk;
      await page.locator('#name').fill('Maria Santos');
      await page.locator('button[type=submit]').click();
      await page.locator('.invite').waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await page.goto(`${app().url}/desk/people`);
      await page.locator('.rows .row').first().waitFor();
      await fitsWidth(page);
      await desk.close();
    });

    test('A colleague’s card is handed out: to scan, to save, to print; a patient’s is not there', async () => {
      const desk = await app().visitor();
      const { page } = desk;
      const made = await page.request.post(`${app().url}/app/demo/desk`);
      const { link } = (await made.json()) as { readonly link: string };
      await page.goto(`${app().url}/desk#${link}`);
      await page.getByRole('link', { name: 'People' }).click();
      await page.getByLabel('Account, number or name').fill('Dr Erik Lind');
      await page.getByRole('button', { name: 'Look up' }).click();
      await page.getByRole('button', { name: 'Card Dr Erik Lind' }).click();
      await page.getByRole('img', { name: /card of Dr Erik Lind/u }).waitFor();
      await holdsAxe(page);
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save as a file' }).click();
      const { card } = readCard(new Uint8Array(readFileSync(await (await saved).path())));
      assert.equal(card.name, 'Dr Erik Lind');
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      const shown = await salus(['person', 'show', 'eboni'], { home: app().home, env });
      const account = text(list(shown, 'accounts')[0] ?? {}, 'account');
      await page.getByLabel('Account, number or name').fill(account);
      await page.getByRole('button', { name: 'Look up' }).click();
      await page.getByText(account.slice(0, 16)).first().waitFor();
      assert.equal(await page.getByRole('button', { name: /^Card/u }).count(), 0);
      await desk.close();
    });

    test('A link opens a desk once, leaves the address, and a second use says so', async () => {
      const first = await app().visitor();
      const made = await first.page.request.post(`${app().url}/app/demo/desk`);
      const { link } = (await made.json()) as { readonly link: string };
      await first.page.goto(`${app().url}/desk#${link}`);
      await first.page.getByRole('heading', { level: 1, name: /Enrol the person/u }).waitFor();
      assert.equal(new URL(first.page.url()).hash, '');
      await first.page.getByRole('button', { name: 'Close the desk' }).click();
      await first.page.getByRole('heading', { level: 1, name: 'This desk is closed.' }).waitFor();
      await first.close();
      const second = await app().visitor();
      await second.page.goto(`${app().url}/desk#${link}`);
      await second.page.getByRole('alert').waitFor();
      await second.page.getByRole('heading', { level: 1, name: 'This desk is closed.' }).waitFor();
      await holdsAxe(second.page);
      // The browser itself notes the refusal in its console; there is nothing else.
      const own = second.troubles.splice(0).filter((it) => !/status of 401/u.test(it));
      assert.deepEqual(own, []);
      await second.close();
    });
  });
}
