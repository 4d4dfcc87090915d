import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type App, fitsWidth, holdsAxe } from '../app.ts';
import { receiptOf } from '../receipt.ts';

const file = (bytes: Uint8Array) => ({
  name: 'one.receipt',
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(bytes),
});

/** Checking a receipt: for anybody, and without a network. */
export function checkCases(app: () => App): void {
  suite('check', () => {
    test('A receipt is checked in two touches with the network off, and a changed byte does not hold', async () => {
      const bytes = await receiptOf(app());
      const visitor = await app().visitor();
      const { page, context, touches } = visitor;
      await touches.touch(page.getByRole('link', { name: 'Check a receipt' }));
      await page.getByRole('heading', { level: 1, name: 'Check a receipt.' }).waitFor();
      await holdsAxe(page);
      await context.setOffline(true);
      const chooser = page.waitForEvent('filechooser');
      await touches.touch(page.getByText('Choose a file'));
      await (await chooser).setFiles(file(bytes));
      await page.getByRole('heading', { level: 1, name: 'This receipt holds.' }).waitFor();
      await page.getByText('the file itself names').waitFor();
      assert.ok(touches.count <= 2, `${touches.count} touches`);
      await holdsAxe(page);
      const changed = bytes.slice();
      changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
      await page.locator('input[type=file]').setInputFiles(file(changed));
      await page.getByRole('heading', { level: 1, name: 'This receipt does not hold.' }).waitFor();
      await holdsAxe(page);
      await visitor.close();
    });

    test('Words of another ledger are refused, and stay in their field', async () => {
      const bytes = await receiptOf(app());
      const visitor = await app().visitor({ width: 320, height: 640, dark: true });
      const { page } = visitor;
      await page.goto(`${app().url}/check`);
      const words = page.getByLabel('Words of the ledger, if you have them');
      await words.fill('abandon '.repeat(12).trim());
      await page.locator('input[type=file]').setInputFiles(file(bytes));
      await page.getByRole('heading', { level: 1, name: 'This receipt does not hold.' }).waitFor();
      assert.match(await words.inputValue(), /^abandon/u);
      await fitsWidth(page);
      await visitor.close();
    });
  });
}
