import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { type App, heading, type Visitor } from '../../../../../test/web/app.ts';
import { Keyboard } from '../../../../../test/web/keyboard.ts';
import { link, measureWeek, startVitals } from './web-town.ts';

/**
 * A patient's and a doctor's screens of the wing with Tab, Enter, Escape and arrows alone: nothing on the way loses the focus,
 * hides it, or does not show it. A researcher's: `web-questions.test.ts`, where there are people to ask about.
 */

let app: App;
before(async () => {
  app = await startVitals();
  await measureWeek(app);
});
after(() => app?.close());

async function begun(
  name: string,
): Promise<{ readonly visitor: Visitor; readonly page: Page; readonly keys: Keyboard }> {
  const visitor = await app.visitor();
  const keys = new Keyboard(visitor.page);
  await keys.to(visitor.page.getByRole('button', { name }));
  await keys.press('Enter');
  return { visitor, page: visitor.page, keys };
}

test('A patient walks over her vital signs, sets a range and takes it back, leaves a study and comes back', async () => {
  const { visitor, page, keys } = await begun('Eboni Brekke');
  await keys.to(page.getByRole('link', { name: link }));
  await keys.press('Enter');
  await keys.isAt(heading(page, /Outside/u));
  // Arrows choose among the three periods, and the answer does not take the focus away.
  await keys.to(page.getByRole('radio', { name: 'A week' }));
  await keys.press('ArrowLeft');
  await keys.isAt(page.getByRole('radio', { name: '24 hours' }));
  await page.locator('main [aria-busy=true]').waitFor({ state: 'detached' });
  await keys.press('ArrowRight');
  await keys.isAt(page.getByRole('radio', { name: 'A week' }));
  const pulse = page.getByRole('region', { name: 'Heart rate' });
  await keys.to(pulse.getByRole('button', { name: 'Show as table' }));
  await keys.press('Enter');
  // What scrolls is reached, and the same button leads back.
  await keys.to(pulse.getByRole('region', { name: 'The values as a table' }));
  await keys.press('ArrowDown');
  await keys.to(pulse.getByRole('button', { name: 'Show as chart' }), 'Shift+Tab');
  await keys.press('Enter');
  await keys.to(pulse.getByText('Your own range'));
  await keys.press('Enter');
  await keys.to(pulse.getByLabel('Not above'));
  await keys.press('Control+A');
  await keys.write('60');
  await keys.press('Enter');
  await pulse.getByText('range 50 to 60 · your own').waitFor();
  await keys.isAt(pulse.getByLabel('Not above'));
  await keys.to(pulse.getByRole('button', { name: 'The usual range' }));
  await keys.press('Enter');
  await pulse.getByText('range 50 to 120').waitFor();
  // The button is gone: the page's heading has the focus.
  await keys.isAt(heading(page, /Outside/u));
  await keys.to(page.getByRole('link', { name: /^Studies: / }));
  await keys.press('Enter');
  await keys.isAt(heading(page, 'Your readings count in one study.'));
  const study = page.getByRole('region', { name: /^Heart rate, Upper blood pressure/u });
  const dialog = page.getByRole('dialog');
  await keys.to(study.getByRole('button', { name: 'Leave' }));
  await keys.press('Enter');
  await dialog.waitFor();
  await keys.press('Escape');
  await keys.isAt(study.getByRole('button', { name: 'Leave' }));
  await keys.press('Enter');
  await keys.to(dialog.getByRole('button', { name: 'Not now' }));
  await keys.press('Enter');
  await keys.isAt(study.getByRole('button', { name: 'Leave' }));
  await keys.press('Enter');
  await keys.to(dialog.getByRole('button', { name: 'Leave' }));
  await keys.press('Enter');
  await heading(page, 'Your readings count in no study.').waitFor();
  await keys.isAt(study.getByRole('button', { name: 'Take part' }));
  await keys.press('Enter');
  await keys.to(dialog.getByRole('button', { name: 'Take part' }));
  await keys.press('Enter');
  await heading(page, 'Your readings count in one study.').waitFor();
  await keys.isAt(study.getByRole('button', { name: 'Leave' }));
  await keys.to(page.getByRole('link', { name: 'Vital signs', exact: true }), 'Shift+Tab');
  await keys.press('Enter');
  await keys.isAt(heading(page, /Outside/u));
  await visitor.close();
});

test('A doctor reads what sensors sent, and walks over the curves', async () => {
  const { visitor, page, keys } = await begun('Dr Abena Osei');
  await keys.to(page.getByRole('link', { name: /Eboni Brekke/u }));
  await keys.press('Enter');
  const strip = page.getByRole('region', { name: 'From sensors' });
  await keys.to(strip.getByRole('button', { name: 'Read the last week' }));
  await keys.press('Enter');
  await keys.isAt(heading(page, /BREKKE, Eboni/u));
  await keys.to(strip.getByRole('link', { name: 'Curves' }));
  await keys.press('Enter');
  await keys.isAt(heading(page, /Outside/u));
  await keys.to(page.getByRole('radio', { name: 'A week' }));
  const pulse = page.getByRole('region', { name: 'Heart rate' });
  await keys.to(pulse.getByRole('button', { name: 'Show as table' }));
  await keys.press('Enter');
  await keys.to(pulse.getByRole('region', { name: 'The values as a table' }));
  await keys.to(page.getByRole('button', { name: 'Look again, one more look' }));
  await keys.press('Enter');
  await page.getByRole('button', { name: 'Reading …' }).waitFor({ state: 'detached' });
  await keys.isAt(page.getByRole('button', { name: 'Look again, one more look' }));
  await visitor.close();
});
