import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { list, recordLines, salus, text } from '../../cli/salus.ts';
import {
  type App,
  fitsWidth,
  heading,
  holdsAxe,
  type Visitor,
  type VisitorOptions,
} from '../app.ts';

const looked = (page: Page): Promise<void> => page.getByText(/^Opened .* by one look/u).waitFor();

/** Who lets a clinician in, charts, drafts and signing. */
export function clinicianCases(app: () => App): void {
  const env = { SALUS_PASSPHRASE: 'demo passphrase' };
  const asked = (args: readonly string[]) => salus(args, { home: app().home, env });

  const osei = (options?: VisitorOptions): Promise<Visitor> =>
    app().visitorAs('Dr Abena Osei', options);
  const openChart = async ({ page, touches }: Visitor): Promise<void> => {
    await touches.touch(page.getByRole('link', { name: /Eboni Brekke/u }));
    await heading(page, /BREKKE, Eboni/u).waitFor({ timeout: 30_000 });
  };
  const openWrite = async (visitor: Visitor): Promise<Locator> => {
    const { page, touches } = visitor;
    await openChart(visitor);
    await touches.touch(page.getByRole('link', { name: 'Write', exact: true }));
    return page.getByRole('textbox', { name: 'Note', exact: true });
  };

  const looksOfOsei = async () =>
    list(await asked(['looked', '--as', 'eboni']), 'looks').filter(
      ({ who }) => who === 'Dr Abena Osei',
    );
  const namesOfEboni = async () => {
    const args = ['record', 'list', '--as', 'eboni', '--all'];
    return (await recordLines(args, { home: app().home, env })).map((it) => it.name);
  };

  suite('clinician', () => {
    test('A new patient’s allergies, medicines and problems are one touch away, by one look', async () => {
      const before = (await looksOfOsei()).length;
      const visitor = await osei();
      const { page, touches } = visitor;
      await heading(page, /lets? you in/u).waitFor();
      await page.getByText('Opening a chart is one look, and the patient sees it.').waitFor();
      await holdsAxe(page);
      touches.count = 0;
      await openChart(visitor);
      await page.getByText('Dander (animal) allergy').waitFor();
      await page.getByRole('link', { name: 'Miscarriage in first trimester' }).waitFor();
      await page.getByRole('link', { name: 'Loratadine 5 MG Chewable Tablet' }).waitFor();
      assert.ok(touches.count <= 2, `${touches.count} touches`);
      await looked(page);
      // Old looks old, silences are told apart, and what was amended is shown as it is now.
      await page.getByText('6 years old').first().waitFor();
      await page.getByText('Not recorded.').first().waitFor();
      await page.getByRole('link', { name: 'Iron deficiency without anaemia' }).waitFor();
      assert.equal(await page.getByRole('link', { name: 'Iron deficiency anaemia' }).count(), 0);
      assert.equal(await page.title(), 'Salus · Chart');
      await page.emulateMedia({ media: 'print' });
      await page.getByText(/BREKKE, Eboni · 10 Jul 1995 · printed .* by Dr Abena Osei/u).waitFor();
      assert.ok(await page.locator('.banner .allergy').isVisible());
      assert.ok(!(await page.getByRole('link', { name: 'My patients' }).isVisible()));
      await page.emulateMedia({ media: 'screen' });
      assert.match(new URL(page.url()).pathname, /^\/chart\/[a-z2-9]{6}$/u);
      await holdsAxe(page);
      await page.getByRole('link', { name: /Hemoglobin/u }).click();
      await heading(page, /Results/u).waitFor();
      await page.getByRole('table').waitFor();
      await holdsAxe(page);
      await page.getByRole('link', { name: 'Chart' }).click();
      await page.getByRole('link', { name: 'Iron deficiency without anaemia' }).click();
      await page.getByText('The blood count of the same day shows no anaemia.').waitFor();
      await page.getByText(/Dr Abena Osei.* signed it, .* Checked in this browser/u).click();
      await page.getByText('The operators of the ledger.').waitFor();
      await holdsAxe(page);
      await visitor.close();
      assert.equal((await looksOfOsei()).length, before + 1);
    });

    test('On a phone of 320 px, dark and in Arabic, list, chart and writing fit', async () => {
      const visitor = await osei({ width: 320, height: 640, dark: true, locale: 'ar-EG' });
      const { page } = visitor;
      await page.getByRole('link', { name: /Eboni Brekke/u }).waitFor();
      await fitsWidth(page);
      await page.getByRole('link', { name: /Eboni Brekke/u }).click();
      await page.locator('.res tbody tr').first().waitFor({ timeout: 30_000 });
      await page.getByRole('button', { name: 'طباعة' }).waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await page.locator('.acts.narrow a').click();
      await page.locator('textarea').waitFor();
      await fitsWidth(page);
      await holdsAxe(page);
      await visitor.close();
    });

    test('Writing and signing takes three touches, and the patient has it', async () => {
      const visitor = await osei();
      const { page, touches } = visitor;
      touches.count = 0;
      const note = await openWrite(visitor);
      await page.getByText('For Eboni Brekke, born 10 Jul 1995?').waitFor();
      await page.getByText('It cannot be unsigned.').waitFor();
      const words = 'Seen today. Iron once a day on an empty stomach.';
      await note.fill(words);
      await page.getByText(/Draft kept on this device, sealed/u).waitFor();
      await holdsAxe(page);
      await touches.touch(page.getByRole('button', { name: 'Sign for Eboni Brekke' }));
      await heading(page, /It stands in Eboni Brekke/u).waitFor({ timeout: 30_000 });
      assert.ok(touches.count <= 3, `${touches.count} touches`);
      await holdsAxe(page);
      await page.getByRole('link', { name: 'Drafts' }).click();
      await heading(page, /You have no drafts/u).waitFor();
      await holdsAxe(page);
      await visitor.close();
      assert.ok((await namesOfEboni()).includes(words));
    });

    test('A draft survives a closed tab and a lock, sealed, and is thrown away by hand alone', async () => {
      const visitor = await osei();
      const { context } = visitor;
      const note = await openWrite(visitor);
      const secret = 'Suspected coeliac disease, ask about wheat.';
      await note.pressSequentially(secret);
      const address = visitor.page.url();
      await visitor.page.getByText(/Draft kept on this device, sealed/u).waitFor();
      await visitor.page.close();

      const page = await context.newPage();
      await page.goto(address);
      // The session may have gone with the tab: what is asked for then is the wallet, and nothing is lost.
      const locked = page.getByRole('button', { name: 'Open the demo person' });
      await locked.or(page.locator('textarea')).first().waitFor();
      if (await locked.isVisible()) await locked.click();
      const again = page.getByRole('textbox', { name: 'Note', exact: true });
      await again.waitFor({ timeout: 30_000 });
      assert.equal(await again.inputValue(), secret);

      const kept = await draftsOnDevice(page);
      assert.equal(kept.length, 1);
      for (const bytes of kept) {
        assert.ok(!bytes.includes('coeliac') && !bytes.includes('Brekke'));
        // Of a length that tells nothing: nonce, padded text, tag.
        assert.equal((bytes.length - 28) % 4_096, 0);
      }

      await again.press('End');
      await again.pressSequentially(' Today.');
      await page.getByRole('button', { name: 'Lock', exact: true }).click();
      await heading(page, /Locked/u).waitFor();
      assert.ok(!(await page.content()).includes('coeliac'));
      await page.getByRole('button', { name: 'Open the demo person' }).click();
      await again.waitFor({ timeout: 30_000 });
      assert.equal(await again.inputValue(), `${secret} Today.`);

      await page.getByRole('link', { name: 'Drafts' }).click();
      await heading(page, /One draft is not signed/u).waitFor();
      await page.getByText(secret).waitFor();
      await page.getByRole('button', { name: /Throw away/u }).click();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Throw it away' }).click();
      await heading(page, /You have no drafts/u).waitFor();
      assert.equal((await draftsOnDevice(page)).length, 0);
      await visitor.close();
    });

    test('Two tabs that write one draft lose neither text', async () => {
      const visitor = await osei();
      const { page, context } = visitor;
      const first = await openWrite(visitor);
      await first.fill('From the first tab.');
      await page.getByText(/Draft kept on this device, sealed/u).waitFor();
      const tab = await context.newPage();
      await tab.goto(page.url());
      const second = tab.getByRole('textbox', { name: 'Note', exact: true });
      await second.waitFor({ timeout: 30_000 });
      assert.equal(await second.inputValue(), 'From the first tab.');
      await second.fill('From the second tab.');
      await tab.getByText(/Draft kept on this device, sealed/u).waitFor();
      await first.fill('From the first tab, and more.');
      await page.getByText(/Draft kept on this device, sealed/u).waitFor();
      await tab.close();
      await page.getByRole('link', { name: 'Drafts' }).first().click();
      await heading(page, /Two drafts are not signed/u).waitFor();
      await page.getByText('From the second tab.').waitFor();
      await page.getByText('From the first tab, and more.').waitFor();
      await visitor.close();
    });

    test('Without a network what was typed stays; what was signed waits, and goes by itself', async () => {
      const visitor = await app().visitor();
      const { page, context, troubles } = visitor;
      // In a worker of the tab, whose network can be taken away here.
      await context.addInitScript('delete globalThis.SharedWorker');
      await page.reload();
      await visitor.openAs('Dr Abena Osei');
      const note = await openWrite(visitor);
      await page.getByText(/For Eboni Brekke, born/u).waitFor({ timeout: 30_000 });
      await context.setOffline(true);
      await page.getByText('No network. Goes on by itself.').waitFor();
      const words = 'Written without a network.';
      await note.fill(words);
      await page.getByText(/Draft kept on this device, sealed/u).waitFor();
      const sign = page.getByRole('button', { name: 'Sign for Eboni Brekke' });
      await sign.click();
      await page.getByRole('alert').waitFor({ timeout: 60_000 });
      await page.getByText('Your draft is kept on this device, sealed.').waitFor();
      await holdsAxe(page);
      assert.equal(await note.inputValue(), words);
      await context.setOffline(false);

      // The hospital answers what is asked first and goes away then: it is signed, and cannot be sent.
      const sending = /\/v1\/(blobs|items|tx)/u;
      await context.route(sending, (route) => route.abort());
      await sign.click();
      await page.getByText('Signed. It waits for the hospital.').waitFor({ timeout: 60_000 });
      assert.equal(await note.inputValue(), words);
      await holdsAxe(page);
      assert.ok(!(await namesOfEboni()).includes(words));
      await context.unroute(sending);
      await page.getByRole('link', { name: 'Drafts' }).first().click();
      await page.getByText('Signed, and sent').waitFor({ timeout: 60_000 });
      await page.getByRole('link', { name: 'My patients' }).click();
      await page.getByRole('link', { name: /Eboni Brekke/u }).click();
      await page.getByRole('link', { name: words }).waitFor({ timeout: 30_000 });
      await looked(page);
      await page.getByRole('link', { name: 'Drafts' }).click();
      await heading(page, /You have no drafts/u).waitFor();
      assert.ok((await namesOfEboni()).includes(words));
      // What the browser says of requests that had no network.
      troubles.splice(0);
      await visitor.close();
    });

    test('Which of the four things is wrong is said, with its way on, and an end of the share closes the chart', async () => {
      const give = (who: string, ...terms: string[]) =>
        asked(['grant', 'dr-osei', '--as', who, ...terms]);
      const reads = ['--class', 'lab,summary,diagnosis,medication,vital'];
      for (const who of ['lemuel', 'alejandro']) {
        await asked(['revoke', 'dr-osei', '--as', who, '--yes']);
      }
      const lemuel = await give('lemuel', ...reads, '--purpose', 'TREAT', '--until', '+12h');
      await give('alejandro', '--class', 'lab', '--purpose', 'HPAYMT', '--until', '+7d');
      const visitor = await osei();
      const { page } = visitor;
      await heading(page, /One share ends today/u).waitFor();
      const first = page.locator('.pts tbody tr').first();
      await first.getByText('Lemuel Hodkiewicz').waitFor();
      await first.getByText('New patient').waitFor();
      await page.getByText('Not for this purpose.').waitFor();
      await page.getByText('Ask again for treatment.').waitFor();
      await holdsAxe(page);
      await page.getByRole('searchbox').fill('brek');
      await page.getByText('Lemuel Hodkiewicz').waitFor({ state: 'hidden' });
      await page.getByRole('searchbox').fill('lemu');
      await page.getByText('Eboni Brekke').waitFor({ state: 'hidden' });
      assert.ok(!page.url().includes('lemu'));
      await first.getByRole('link').first().click();
      await heading(page, /HODKIEWICZ, Lemuel/u).waitFor({ timeout: 30_000 });
      await looked(page);
      await page.getByText('Not shared with you.').first().waitFor();
      assert.equal(await page.getByRole('link', { name: 'Write', exact: true }).count(), 0);
      await asked(['revoke', text(lemuel, 'consent'), '--as', 'lemuel', '--yes']);
      await page.getByRole('button', { name: /Look again/u }).click();
      await page
        .getByRole('alert')
        .or(heading(page, /Not shared with you/u))
        .first()
        .waitFor();
      await page.getByRole('link', { name: 'My patients' }).first().click();
      const closed = page.locator('li', { hasText: 'Lemuel Hodkiewicz' });
      await closed.getByText('Ask the patient.').waitFor({ timeout: 30_000 });
      await closed.getByRole('button', { name: 'Ask the patient Lemuel Hodkiewicz' }).click();
      await closed.getByText(/^Asked for .+, for treatment, for 7 days/u).waitFor();
      const { asks } = await asked(['inbox', '--as', 'lemuel']);
      assert.equal(list({ asks }, 'asks')[0]?.name, 'Dr Abena Osei');
      await give('lemuel', '--write-class', 'note', '--purpose', 'TREAT', '--until', '+7d');
      await closed.getByText('Not this kind.').waitFor({ timeout: 30_000 });
      await closed.getByText('Ask for notes.').waitFor();
      await visitor.close();
    });

    test('A hospital that fails is said beside the list, with a way to try again', async () => {
      const visitor = await app().visitor({ width: 360, height: 740 });
      const { page, context, troubles } = visitor;
      await context.addInitScript('delete globalThis.SharedWorker');
      await page.reload();
      await visitor.openAs('Dr Abena Osei');
      await page.getByRole('link', { name: /Eboni Brekke/u }).waitFor();
      await context.route(/\/v1\/read/u, (route) => route.abort());
      await page.getByRole('link', { name: /Eboni Brekke/u }).click();
      await page.getByRole('alert').waitFor({ timeout: 60_000 });
      await fitsWidth(page);
      await holdsAxe(page);
      await context.unroute(/\/v1\/read/u);
      await page.getByRole('button', { name: 'Try again' }).click();
      await looked(page);
      troubles.splice(0);
      await visitor.close();
    });

    test('What one wrote is amended with a reason; entered in error it is shown as that and as nothing else', async () => {
      const visitor = await osei();
      const { page } = visitor;
      const note = await openWrite(visitor);
      await note.fill('Penicillin allergy reported.');
      await page.getByRole('button', { name: 'Sign for Eboni Brekke' }).click();
      await heading(page, /It stands in Eboni Brekke/u).waitFor({ timeout: 30_000 });
      await page.getByRole('link', { name: /Open the chart again/u }).click();
      await looked(page);
      await page.getByRole('link', { name: 'Penicillin allergy reported.' }).click();
      await page.getByRole('link', { name: 'Amend what you wrote' }).click();
      await heading(page, /Amend what you wrote/u).waitFor();
      assert.equal(
        await page.getByRole('textbox', { name: 'Note', exact: true }).inputValue(),
        'Penicillin allergy reported.',
      );
      await page.getByText('Say why first.').waitFor();
      await page.getByLabel('Why you amend it').fill('Wrong patient.');
      await page.getByLabel(/It should never have been written/u).check();
      await holdsAxe(page);
      await page.getByRole('button', { name: 'Sign for Eboni Brekke' }).click();
      await heading(page, /It stands in Eboni Brekke/u).waitFor({ timeout: 30_000 });
      await page.getByRole('link', { name: /Open the chart again/u }).click();
      await looked(page);
      const wrong = page.locator('section', { hasText: 'Not so: entered in error' });
      await wrong.getByText('Entered in error', { exact: true }).waitFor();
      await wrong.getByRole('link', { name: 'Penicillin allergy reported.' }).waitFor();
      assert.equal(
        await page.getByRole('link', { name: 'Penicillin allergy reported.' }).count(),
        1,
      );
      await visitor.close();
    });
  });
}

/** What lies in this browser's store of drafts, as bytes of Latin-1. */
async function draftsOnDevice(page: Page): Promise<readonly string[]> {
  const script = `new Promise((resolve, reject) => {
    const open = indexedDB.open('salus-app');
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
      const all = open.result.transaction('drafts').objectStore('drafts').getAll();
      all.onsuccess = () => {
        open.result.close();
        resolve(all.result.map((it) => it instanceof Uint8Array
          ? Array.from(it, (byte) => String.fromCharCode(byte)).join('') : JSON.stringify(it)));
      };
    };
  })`;
  return (await page.evaluate(script)) as readonly string[];
}
