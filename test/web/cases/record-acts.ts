import type { Download, Locator, Page } from 'playwright-core';

export const ref = (id: string) => ({ reference: `Patient/${id}` });

type Chosen = string | { readonly name: string; readonly json?: object; readonly text?: string };

/** Gives a file to the browser's own chooser, which nobody can touch from here; returns its line on the page. */
export async function choose(page: Page, file: Chosen): Promise<Locator> {
  const input = page.getByLabel('Choose files');
  await input.waitFor({ state: 'attached' });
  const lines = page.locator('.added > li');
  const before = await lines.count();
  if (typeof file === 'string') await input.setInputFiles(file);
  else {
    const { name, json, text } = file;
    const buffer = Buffer.from(text ?? JSON.stringify(json));
    await input.setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
  }
  return lines.nth(before);
}

export async function savedBy(page: Page, touch: () => Promise<unknown>): Promise<Download> {
  const saving = page.waitForEvent('download', { timeout: 60_000 });
  await touch();
  return saving;
}
