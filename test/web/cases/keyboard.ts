import { suite, test } from 'node:test';
import { type App, heading } from '../app.ts';
import { Keyboard } from '../keyboard.ts';

const lind = 'Dr Erik Lind';

/** Three stories with Tab, Enter, Escape and arrows alone, from the first page on. */
export function keyboardCases(app: () => App): void {
  const begun = async (name: string) => {
    const visitor = await app().visitor();
    const keys = new Keyboard(visitor.page);
    await keys.to(visitor.page.getByRole('button', { name }));
    await keys.press('Enter');
    return { visitor, page: visitor.page, keys };
  };

  suite('keyboard', () => {
    test('Sharing for a week and stopping, with a keyboard alone', async () => {
      const { visitor, page, keys } = await begun('Eboni Brekke');
      await keys.isAt(heading(page, /can read your record/u));
      await keys.to(page.getByRole('link', { name: 'Share', exact: true }));
      await keys.press('Enter');
      await keys.isAt(heading(page, /./u));
      await keys.to(page.getByRole('button', { name: new RegExp(`^${lind}`, 'u') }));
      await keys.press('Enter');
      await keys.isAt(page.getByRole('button', { name: /^Who:/u }));
      await keys.to(page.getByRole('button', { name: `Share with ${lind}` }));
      await keys.press('Enter');
      await keys.isAt(heading(page, /^Dr Erik Lind can read everything until/u));
      await keys.to(page.getByRole('link', { name: 'Home' }).first(), 'Shift+Tab');
      await keys.press('Enter');
      await keys.isAt(heading(page, /can read your record/u));

      const stop = page.getByRole('button', { name: `Stop ${lind}` });
      await keys.to(stop);
      await keys.press('Enter');
      await page.getByRole('dialog').waitFor();
      await keys.press('Escape');
      await keys.isAt(stop);
      await keys.press('Enter');
      await keys.to(page.getByRole('dialog').getByRole('button', { name: 'Not now' }));
      await keys.press('Enter');
      await keys.isAt(stop);
      await keys.press('Enter');
      await keys.to(page.getByRole('button', { name: 'Stop now' }));
      await keys.press('Enter');
      await stop.waitFor({ state: 'detached' });
      await keys.isAt(heading(page, /can read your record/u));
      await visitor.close();
    });

    test('Writing and signing a note, with a keyboard alone', async () => {
      const { visitor, page, keys } = await begun('Dr Abena Osei');
      await keys.isAt(heading(page, /lets? you in/u));
      await keys.to(page.getByRole('link', { name: /Eboni Brekke/u }));
      await keys.press('Enter');
      await keys.isAt(heading(page, /BREKKE, Eboni/u));
      await keys.to(page.getByRole('link', { name: 'Write', exact: true }));
      await keys.press('Enter');
      const note = page.getByRole('textbox', { name: 'Note', exact: true });
      await note.waitFor();
      await keys.isAt(heading(page, /./u));
      await keys.to(note);
      await keys.write('Written with a keyboard alone.');
      await page.getByText(/Draft kept on this device, sealed/u).waitFor();
      await keys.to(page.getByRole('button', { name: 'Sign for Eboni Brekke' }));
      await keys.press('Enter');
      await heading(page, /It stands in Eboni Brekke/u).waitFor({ timeout: 30_000 });
      await keys.isAt(heading(page, /It stands in Eboni Brekke/u));
      await visitor.close();
    });

    test('Enrolling a clinician at the desk, with a keyboard alone', async () => {
      const { visitor, page, keys } = await begun('Desk of North');
      await keys.isAt(heading(page, /Enrol the person/u));
      await keys.to(page.getByRole('radio', { name: 'Patient' }));
      await keys.to(page.getByRole('radio', { name: 'Clinician' }), 'ArrowRight');
      const name = page.getByLabel('Name, as on the identity card');
      await keys.to(name);
      await keys.write('Dr Ana Keys');
      await keys.to(page.getByLabel('Licence'));
      await keys.write('N-4711');
      await keys.to(page.getByRole('button', { name: 'Show the code' }));
      await keys.press('Enter');
      const link = (await page.getByTestId('invitation').textContent()) ?? '';
      await keys.isAt(heading(page, /Enrol the person/u));
      const phone = await app().visitor({ width: 360, height: 740 });
      await phone.page.goto(`${app().url}/join#${encodeURIComponent(link)}`);
      await phone.page.getByLabel('Or choose a passphrase').fill('four words nobody joins');
      await phone.page.getByRole('button', { name: 'Open it with this passphrase' }).click();
      await page.getByText('Dr Ana Keys is enrolled.').waitFor({ timeout: 60_000 });
      await phone.close();
      await keys.to(page.getByRole('button', { name: 'Next person' }));
      await keys.press('Enter');
      await keys.isAt(heading(page, /Enrol the person/u));
      await keys.to(name);
      await visitor.close();
    });
  });
}
