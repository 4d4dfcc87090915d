import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { run } from '../../cli/salus.ts';
import { type App, fitsWidth, holdsAxe } from '../app.ts';

/** A receipt with its names, as the command line writes it in the demo's home. */
async function receiptOf({ home }: App): Promise<Uint8Array<ArrayBuffer>> {
  const env = { SALUS_PASSPHRASE: 'demo passphrase' };
  const asked = await run(['looked', '--as', 'eboni', '--json'], { home, env });
  const txId = /"txId":"([0-9a-f]{64})"/u.exec(asked.stdout)?.[1];
  assert.ok(txId !== undefined, asked.stdout + asked.stderr);
  const out = join(home, 'one.receipt');
  const args = ['receipt', txId, '--as', 'eboni', '--bundle', '--out', out, '--force'];
  const made = await run(args, { home, env });
  assert.equal(made.code, 0, made.stderr);
  return new Uint8Array(readFileSync(out));
}

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
