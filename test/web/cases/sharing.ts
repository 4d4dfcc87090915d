import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { formatCardLink } from '../../../src/sdk/index.ts';
import { list, salus } from '../../cli/salus.ts';
import { type App, fitsWidth, holdsAxe, type Visitor } from '../app.ts';

const lind = 'Dr Erik Lind';
const env = { SALUS_PASSPHRASE: 'demo passphrase' };

/** Somebody of the demo at home. */
async function atHome(app: App, options: Parameters<App['visitor']>[0] = {}): Promise<Visitor> {
  const visitor = await app.visitorAs('Eboni Brekke', options);
  await visitor.page.locator('.lastv').first().waitFor();
  return visitor;
}

/** A place of the app without loading it anew, as a link in it leads there. */
async function goTo({ page }: Visitor, path: string): Promise<void> {
  await page.evaluate(
    `history.pushState({}, '', '${path}'); dispatchEvent(new PopStateEvent('popstate'))`,
  );
}

/** Sharing, changing, stopping, and how somebody is named. */
export function sharingCases(app: () => App): void {
  suite('sharing', () => {
    // One browser for those who need none of their own: unlocking costs more than all that they do.
    let eboni: Visitor;
    before(async () => {
      eboni = await atHome(app());
    });
    after(() => eboni.close());
    const shared = async (): Promise<Visitor> => {
      await goTo(eboni, '/home');
      await eboni.page.locator('.lastv').first().waitFor();
      eboni.touches.count = 0;
      return eboni;
    };

    test('A letter of somebody who is not known waits, and is taken at a touch', async () => {
      const demo = { home: app().home, env };
      await salus(['grant', 'eboni', '--as', 'lemuel', '--class', 'lab'], demo);
      const { page } = await shared();
      await page.getByRole('link', { name: 'Sharing' }).click();
      await page.getByText('Lemuel Hodkiewicz sent you a letter.').waitFor();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Take it Lemuel Hodkiewicz' }).click();
      await page.getByText('Lemuel Hodkiewicz shares their record with you').waitFor();
      await holdsAxe(page);
      await salus(['revoke', 'eboni', '--as', 'lemuel'], demo);
    });

    test('A share that only another device knows is told, and stopped by its place in the ledger alone', async () => {
      const visitor = await app().visitor();
      const { page, context } = visitor;
      await context.addInitScript('delete globalThis.SharedWorker');
      await page.reload();
      await visitor.openAs('Eboni Brekke');
      await page.locator('.lastv').first().waitFor();
      // What other devices did does not come here any more.
      await page.route('**/v1/wallet**', (route) => route.abort());
      const demo = { home: app().home, env };
      await salus(['grant', 'dr-lind', '--as', 'eboni', '--class', 'note'], demo);
      await page.getByRole('link', { name: 'Sharing' }).click();
      await page.getByRole('heading', { name: /1 share is not known on this device/u }).waitFor();
      await holdsAxe(page);
      const row = page.getByRole('listitem').filter({ hasText: 'given on another device' });
      await row.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Stop now' }).click();
      await row.waitFor({ state: 'detached' });
      visitor.troubles.splice(0, visitor.troubles.length, ...ownOf(visitor.troubles));
      await visitor.close();
    });

    test('What a doctor asks for is shared as he asked in two touches, or let go in one', async () => {
      const { page, touches } = await shared();
      const row = page.locator('li').filter({ hasText: 'asks to read' });
      await row.getByText(`${lind} asks to read lab results, for treatment, for 7 days.`).waitFor();
      await holdsAxe(page);
      await touches.touch(row.getByRole('button', { name: `Share … ${lind}` }));
      await page.getByRole('button', { name: /lab results/u }).waitFor();
      assert.ok(!page.url().includes('lind'));
      await touches.touch(page.getByRole('button', { name: `Share with ${lind}` }));
      await page.getByRole('heading', { level: 1, name: new RegExp(lind, 'u') }).waitFor();
      assert.equal(touches.count, 2);
      const demo = { home: app().home, env };
      await salus(['revoke', 'dr-lind', '--as', 'eboni', '--yes'], demo);
      await goTo(eboni, '/home');
      await page.getByText('Who can see it').waitFor();
      await row.waitFor({ state: 'detached' });
      await salus(['ask', 'eboni', '--class', 'note', '--as', 'dr-lind'], demo);
      await salus(['ask', 'eboni', '--who', '--as', 'dr-amari'], demo);
      await goTo(eboni, '/sharing');
      await row.getByText('notes, for treatment').waitFor({ timeout: 90_000 });
      await row.getByRole('button', { name: `Not now ${lind}` }).click();
      await row.waitFor({ state: 'detached' });
      const who = page.locator('li').filter({ hasText: 'Dr Leila Amari asks who you are.' });
      await who.getByRole('button', { name: 'Send my card Dr Leila Amari' }).click();
      await who.waitFor({ state: 'detached' });
      const { asks } = await salus(['inbox', '--as', 'eboni'], demo);
      assert.equal(asks, undefined);
      const answered = await salus(['inbox', '--as', 'dr-amari'], demo);
      const [answer] = list(answered, 'asks');
      assert.deepEqual([answer?.name, answer?.question], ['Eboni Brekke', 'introduction']);
    });

    test('Three touches share everything for a week, and two stop it', async () => {
      const visitor = await shared();
      const { page, touches } = visitor;
      await touches.touch(page.getByRole('link', { name: 'Share', exact: true }));
      await page.getByText('With whom').waitFor();
      await holdsAxe(page);
      assert.equal(await page.title(), 'Salus · Share');
      const sentence = page.locator('.say');
      await touches.touch(page.getByRole('button', { name: new RegExp(`^${lind}`, 'u') }));
      assert.match(
        String(await sentence.textContent()).replaceAll(/\s+/gu, ' '),
        /^Let Who: Dr Erik Lind read What: everything for What for: treatment until Until: \w+ \d+ \w+ \d{4} \.$/u,
      );
      await page.getByText('Left out: what is marked very private').waitFor();
      await page.getByText('Nobody can take it back.').waitFor();
      await touches.touch(page.getByRole('button', { name: `Share with ${lind}` }));
      await page
        .getByRole('heading', { name: /^Dr Erik Lind can read everything until/u })
        .waitFor();
      assert.equal(touches.count, 3);
      await holdsAxe(page);

      await page.getByRole('link', { name: 'Home' }).first().click();
      touches.count = 0;
      await touches.touch(page.getByRole('button', { name: `Stop ${lind}` }));
      await holdsAxe(page);
      await touches.touch(page.getByRole('button', { name: 'Stop now' }));
      await page.getByRole('button', { name: `Stop ${lind}` }).waitFor({ state: 'detached' });
      assert.equal(touches.count, 2);
    });

    test('A share is narrowed in its place, ended by its owner, and given again', async () => {
      const visitor = await shared();
      const { page } = visitor;
      await page.getByRole('link', { name: 'Sharing' }).click();
      await page.getByText('You stopped it on').first().waitFor();
      await holdsAxe(page);
      const ended = page.getByRole('listitem').filter({ hasText: 'Could read lab results' });
      await ended
        .getByRole('link', { name: `Share again ${lind}` })
        .first()
        .click();
      await page.getByRole('button', { name: /^What:/u }).click();
      await page.getByText('Some kinds').click();
      for (const kind of ['Lab results', 'Vital signs'] as const) {
        await page.getByRole('checkbox', { name: kind }).setChecked(true);
      }
      await page.getByRole('checkbox', { name: 'Notes' }).last().check();
      await page.locator('.say').getByText('notes').waitFor();
      await holdsAxe(page);
      await page.getByRole('button', { name: /^Until:/u }).click();
      await page.getByText('3 days').click();
      await page.getByRole('button', { name: `Share with ${lind}` }).click();
      await page.getByRole('link', { name: 'All shares' }).click();
      await page.getByText('May add notes').first().waitFor();

      await page.getByRole('link', { name: `Change ${lind}` }).click();
      await page.getByText('In between nobody is shut out.').waitFor();
      await page.getByRole('button', { name: /^What:/u }).click();
      await page.getByRole('checkbox', { name: 'Vital signs' }).uncheck();
      await page.getByRole('button', { name: `Change for ${lind}` }).click();
      await page.getByRole('heading', { name: /can read lab results until/u }).waitFor();
      await page.getByRole('link', { name: 'All shares' }).click();
      const rows = page.getByRole('listitem').filter({ hasText: lind });
      const live = rows.filter({ has: page.getByRole('button', { name: `Stop ${lind}` }) });
      // One row, or this is refused: the old share is not beside the new one.
      await live.getByText('Can read lab results, for treatment').waitFor();
      await live.getByRole('button', { name: `Stop ${lind}` }).click();
      await page.getByRole('button', { name: 'Stop now' }).click();
      await live.waitFor({ state: 'detached' });
    });

    test('One entry is shared alone, found by its name or come from', async () => {
      const visitor = await shared();
      const { page } = visitor;
      const path = await page.locator('.lastv').first().getAttribute('href');
      const name = String(await page.locator('.lastv bdi').first().textContent());
      await goTo(visitor, String(path));
      await page.getByRole('link', { name: 'Share this' }).click();
      const what = page.getByRole('button', { name: /^What:/u });
      await what.waitFor();
      assert.match(String(await what.textContent()), new RegExp(name, 'u'));
      await what.click();
      await page.getByRole('searchbox').fill('influenza');
      await page
        .getByRole('checkbox', { name: /influenza/iu })
        .first()
        .check();
      assert.match(String(await what.textContent()), /2 entries/u);
      await holdsAxe(page);
      // What is no longer chosen leaves the list: it does not have what is searched for in its name.
      await page.getByRole('checkbox', { name }).first().click();
      assert.match(String(await what.textContent()), /influenza/iu);
      assert.ok(!page.url().includes('influenza'));
    });

    test('Somebody is named by a card: what is none is refused beside it, what holds is kept', async () => {
      const visitor = await atHome(app());
      const { page } = visitor;
      await page.getByRole('link', { name: 'Show my code' }).click();
      await page.getByRole('img', { name: /card of Eboni Brekke/u }).waitFor();
      await holdsAxe(page);
      const field = page.getByLabel('Paste a card or its link');
      await field.fill('Dr Nobody');
      await page.getByRole('button', { name: 'Read the card' }).click();
      await page.getByText('This card is not signed by the hospital that it names.').waitFor();
      assert.equal(await field.inputValue(), 'Dr Nobody');
      await holdsAxe(page);
      const card = new Uint8Array(readFileSync(join(app().home, 'people', 'lemuel.card')));
      await field.fill(formatCardLink(card));
      await page.getByRole('button', { name: 'Read the card' }).click();
      await page.getByText('The card holds, and is kept with you.').waitFor();
      await page.getByText('Lemuel Hodkiewicz').waitFor();
      const called = page.getByLabel('Name of somebody at your hospital');
      await called.fill('Dr Nobody');
      await page.getByRole('button', { name: 'Find by name' }).click();
      await page.getByText('Nobody of this name is known here.').waitFor();
      await called.fill('dr erik lind');
      await page.getByRole('button', { name: 'Find by name' }).click();
      await page.getByText('Clinician, North Hospital, licence N-2210').waitFor();
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save as a file' }).click();
      const mine = readFileSync(await (await saved).path());
      assert.deepEqual(mine, readFileSync(join(app().home, 'people', 'eboni.card')));
      await visitor.close();
    });

    test('A code is scanned where the browser reads codes', async () => {
      const visitor = await app().visitor();
      const { page, context } = visitor;
      const card = new Uint8Array(readFileSync(join(app().home, 'people', 'alejandro.card')));
      await context.addInitScript(`
        globalThis.BarcodeDetector = class {
          detect() { return Promise.resolve([{ rawValue: ${JSON.stringify(formatCardLink(card))} }]); }
        };
        navigator.mediaDevices.getUserMedia = () => {
          const canvas = document.createElement('canvas');
          canvas.getContext('2d').fillRect(0, 0, 9, 9);
          return Promise.resolve(canvas.captureStream());
        };
      `);
      await page.reload();
      await visitor.openAs('Eboni Brekke');
      await goTo(visitor, '/code');
      await page.getByRole('button', { name: 'Scan with the camera' }).click();
      await page.getByText('The card holds, and is kept with you.').waitFor();
      await page.getByText('Alejandro Riojas').waitFor();
      await visitor.close();
    });

    test('A share that no hospital answers is said beside the button, and what was chosen stays', async () => {
      const visitor = await app().visitor();
      const { page, context } = visitor;
      // Only a worker of the page's own is seen by the test's network.
      await context.addInitScript('delete globalThis.SharedWorker');
      await page.reload();
      await visitor.openAs('Eboni Brekke');
      await page.locator('.lastv').first().waitFor();
      await page.getByRole('link', { name: 'Share', exact: true }).click();
      await page.getByRole('button', { name: new RegExp(`^${lind}`, 'u') }).click();
      await page.getByRole('button', { name: /^Until:/u }).click();
      await page.getByText('One month').click();
      const until = await page.getByRole('button', { name: /^Until:/u }).textContent();
      await page.route('**/v1/**', (route) => route.abort());
      await page.getByRole('button', { name: `Share with ${lind}` }).click();
      const said = String(await page.getByRole('alert').textContent({ timeout: 60_000 }));
      assert.match(said, /The hospital did not answer\..*What you did is kept\./su);
      assert.equal(await page.getByRole('button', { name: /^Until:/u }).textContent(), until);
      await holdsAxe(page);
      visitor.troubles.splice(0, visitor.troubles.length, ...ownOf(visitor.troubles));
      await visitor.close();
    });

    test('In Arabic, dark, at 320 px and with a large font nothing is cut', async () => {
      const visitor = await atHome(app(), {
        ...{ width: 320, height: 640, dark: true, locale: 'ar-EG' },
      });
      const { page } = visitor;
      for (const path of ['/share', '/sharing', '/code']) {
        await goTo(visitor, path);
        await page.locator('.say, .answer').first().waitFor();
        await fitsWidth(page);
        await holdsAxe(page);
      }
      await visitor.close();
    });
  });
}

/** That a request failed the browser writes to its console itself. */
const ownOf = (troubles: readonly string[]): readonly string[] =>
  troubles.filter((it) => !it.startsWith('Failed to load resource'));
