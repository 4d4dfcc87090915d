import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Person } from '../../../src/sdk/index.ts';
import { memoryWalletStore } from '../../wallet-store.ts';
import { type App, fitsWidth, heading, holdsAxe } from '../app.ts';
import { join, passphrase, withAuthenticator } from './joining.ts';

/** Joining, the ways in, a second device, and what one does after a theft. */
export function keysCases(app: () => App): void {
  suite('keys', () => {
    test('Joining with a way back takes four touches, and a passkey unlocks afterwards', async () => {
      const visitor = await app().visitor();
      const { page, touches } = visitor;
      await withAuthenticator(visitor);
      await join(visitor, 'passkey');
      assert.ok(touches.count <= 4, `${touches.count} touches`);
      await heading(page, /Nobody can read your record but you/u).waitFor();
      await page.getByRole('link', { name: 'Keys' }).click();
      await heading(page, /You have/u).waitFor();
      await page
        .getByText(/Worked \d/u)
        .first()
        .waitFor();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Lock', exact: true }).click();
      await heading(page, /Locked/u).waitFor();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Unlock with passkey' }).click();
      await heading(page, /You have/u).waitFor({ timeout: 30_000 });
      await visitor.close();
    });

    test('A second device opens the record in four touches, once digits were compared', async () => {
      const old = await app().visitor();
      await join(old, 'passphrase');
      const young = await app().visitor({ width: 360, height: 740 });
      await withAuthenticator(young);
      await old.page.getByRole('link', { name: 'Keys' }).click();
      await old.page.getByRole('button', { name: 'Add a device' }).click();
      const link = (await old.page.getByTestId('device-link').textContent()) ?? '';
      const { page, touches } = young;
      await touches.touch(page.getByRole('link', { name: 'Open my record on this device' }));
      await fitsWidth(page);
      await holdsAxe(page);
      await page.getByLabel('Link of the other device').fill(link);
      await touches.touch(page.getByRole('button', { name: 'Open it with a passkey' }));
      await heading(page, /Type these digits/u).waitFor({ timeout: 60_000 });
      const digits = (await page.locator('.sheet-code').textContent()) ?? '';
      await old.page.getByLabel('Digits').fill(digits.replace(/\D/gu, ''));
      await old.page.getByRole('button', { name: 'Compare' }).click();
      await old.page.getByText(/is a device of yours now/u).waitFor({ timeout: 60_000 });
      await touches.touch(page.getByRole('button', { name: 'It says so' }));
      await page.waitForURL('**/home', { timeout: 60_000 });
      assert.ok(touches.count <= 4, `${touches.count} touches`);
      await young.close();
      await old.close();
    });

    test('Devices stand in the list by name, and one that is lost is removed with what that shuts out said before', async () => {
      const visitor = await app().visitor({ width: 360, height: 740 });
      const { page } = visitor;
      const code = await join(visitor, 'passphrase', 'Kitchen laptop');
      const gatewayUrl = `${app().url}/north`;
      for (const deviceName of ['Old phone', 'Tablet']) {
        await Person.recover({
          store: memoryWalletStore(),
          passphrase,
          code,
          gatewayUrl,
          deviceName,
        });
      }
      await page.getByRole('link', { name: 'Keys' }).click();
      await page.getByText('Kitchen laptop').waitFor();
      await page.getByRole('button', { name: 'Remove devices' }).click();
      await page.getByLabel('Old phone').check();
      await page.getByText(/Tablet.?: shut out too/u).waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Remove them now' }).click();
      await page.getByText(/Old phone.?: shut out\./u).waitFor({ timeout: 30_000 });
      await page.getByText(/Add again those that you keep: .?Tablet/u).waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
      await page.getByText('Tablet').waitFor({ state: 'hidden' });
      assert.equal(await page.locator('.btn.main').count(), 1, 'one filled button a view');
      await holdsAxe(page);
      await visitor.close();
    });

    test('Somebody of the demo opens in one more browser than a person may have devices', async () => {
      const url = `${app().url}/app/demo/wallet/op-north`;
      const { code } = (await (await fetch(url, { method: 'POST' })).json()) as { code: string };
      const first = await app().visitorAs('Operator of North');
      const gatewayUrl = `${app().url}/north`;
      for (let count = 0; count < 24; count++) {
        await Person.recover({ store: memoryWalletStore(), passphrase, code, gatewayUrl });
      }
      const late = await app().visitorAs('Operator of North');
      await heading(late.page, /./u).waitFor();
      // Shut out by the new keys, and open again with a touch.
      await first.page.getByRole('button', { name: 'Lock', exact: true }).click();
      await first.page.getByRole('button', { name: 'Open the demo person' }).click();
      await first.page.getByRole('link', { name: 'Keys' }).click();
      await first.page.getByText('This device').waitFor();
      const rows = await first.page.getByText(/^Last seen/u).count();
      assert.ok(rows <= 3, `${rows} devices`);
      await late.close();
      await first.close();
    });

    test('After a theft everything stops in three touches, and the sheet brings it back', async () => {
      const visitor = await app().visitor();
      const { page, touches } = visitor;
      const code = await join(visitor, 'passphrase');
      touches.count = 0;
      await touches.touch(page.getByRole('link', { name: 'Keys' }));
      await touches.touch(page.getByRole('button', { name: 'Stop everything' }));
      await holdsAxe(page);
      await touches.touch(page.getByRole('button', { name: 'Stop everything now' }));
      await page.getByRole('dialog').waitFor({ state: 'hidden', timeout: 30_000 });
      assert.ok(touches.count <= 3, `${touches.count} touches`);
      await page.getByRole('button', { name: 'Change the keys' }).click();
      await page.getByRole('button', { name: 'Change the keys now' }).click();
      await page.getByRole('alert').waitFor({ timeout: 30_000 });
      await page.getByLabel('Code of the printed sheet, if you have it').fill(code);
      await page.getByRole('button', { name: 'Change the keys now' }).click();
      await page.getByRole('dialog').waitFor({ state: 'hidden', timeout: 30_000 });
      await visitor.close();
    });

    test('The printed sheet opens the record in a browser that has nothing, and a wrong one does not', async () => {
      const first = await app().visitor();
      const code = await join(first, 'passphrase');
      await first.close();
      const visitor = await app().visitor();
      const { page } = visitor;
      await page.goto(`${app().url}/open/sheet`);
      await page.getByLabel('Code of the printed sheet').fill(`${code.slice(0, -1)}0`);
      await page.getByLabel('Or choose a passphrase').fill(passphrase);
      await page.getByRole('button', { name: 'Open it with this passphrase' }).click();
      await page.getByRole('alert').waitFor({ timeout: 60_000 });
      assert.equal(await page.getByLabel('Or choose a passphrase').inputValue(), passphrase);
      await page.getByLabel('Code of the printed sheet').fill(code);
      await page.getByRole('button', { name: 'Open it with this passphrase' }).click();
      await page.waitForURL('**/home', { timeout: 60_000 });
      await heading(page, /Nobody can read your record but you/u).waitFor();
      await visitor.close();
    });
  });
}
