import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { text } from '../../../../../test/cli/salus.ts';
import { type App, fitsWidth, heading, holdsAxe, picture } from '../../../../../test/web/app.ts';
import { Keyboard } from '../../../../../test/web/keyboard.ts';
import { missingWords, wordOf } from '../../../../../test/web/looks.ts';
import { command, crowd, heartRates, researcher, startVitals } from './web-town.ts';

/** A researcher's screens in a real browser: 60 people's wrist bands at the demo's three data servers. */

let app: App;
before(async () => {
  app = await startVitals();
});
after(() => app?.close());
const cli = (...args: readonly string[]) => command(app, ...args);

/** Two studies with the same people: the demo's own, and one in which so little is protected that a comparison tells something. */
let making: Promise<readonly [string, string]> | undefined;
const studies = (): Promise<readonly [string, string]> => {
  making ??= (async () => {
    const usual = await heartRates(app);
    const open = ['--panel', '5', '--pages', '1', '--rho', '10', '--researcher-rho', '10'];
    const exact = text(await cli('stats', 'dataset', ...open, '--by', 'north'), 'dataset');
    await crowd(app, { people: 60, studies: [usual, exact] });
    return [usual, exact];
  })();
  return making;
};
const ordinary = async (): Promise<string> => (await studies())[0];

test('A researcher is told what noise would do before anything is spent, and reads an answer with its errors', async () => {
  const study = await ordinary();
  const { visitor, account } = await researcher(app, 'rosa');
  const { page, touches } = visitor;
  const given = ['--dataset', study, '--researcher', account, '--rho', '0.5'];
  const permit = text(await cli('stats', 'permit', ...given, '--by', 'north'), 'permit');
  await heading(page, 'There is nothing you may ask now.').waitFor();
  await page.getByText('1 permit waits for a second organisation.').waitFor({ timeout: 30_000 });
  await holdsAxe(page);
  await picture(page, 'questions-empty');
  await cli('stats', 'approve', permit, '--by', 'harbour');
  await heading(page, 'You may ask for 0.5 more this quarter.').waitFor({ timeout: 30_000 });
  await picture(page, 'questions-form');
  // One decade in which nobody is: refused before anything is spent.
  await page.getByLabel('Age', { exact: true }).selectOption('80');
  await page.getByRole('button', { name: 'How exact would it be?' }).click();
  await page.getByText('COHORT_TOO_SMALL').waitFor();
  await page.getByLabel('Age', { exact: true }).selectOption('');
  await page.getByLabel('How much to spend (rho)').selectOption('10000');
  await page.getByRole('button', { name: 'How exact would it be?' }).click();
  await page.getByText(/the noise would drown this/u).waitFor();
  await holdsAxe(page);
  await picture(page, 'questions-useless');
  await page.getByLabel('How much to spend (rho)').selectOption('500000');
  touches.count = 0;
  await touches.touch(page.getByRole('button', { name: 'How exact would it be?' }));
  await touches.touch(page.getByRole('button', { name: 'Ask: spend 0.5 of 0.5' }));
  const sheet = page.getByRole('region', { name: 'Mean: Heart rate' });
  await sheet.getByText(/Spent: 0\.5\. Left: 0\./u).waitFor({ timeout: 60_000 });
  await sheet.getByText('It came in three sealed parts.').waitFor();
  assert.equal(touches.count, 2);
  await heading(page, 'What you may ask is used up for this quarter.').waitFor();
  await sheet
    .getByRole('cell', { name: /^(±|too few)/u })
    .first()
    .waitFor();
  await sheet.getByText('Method and receipt').click();
  await sheet.getByText(/rho 0\.5 \(epsilon/u).waitFor();
  await holdsAxe(page);
  await picture(page, 'questions-answer');
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    sheet.getByRole('button', { name: 'CSV' }).click(),
  ]);
  assert.match(readFileSync(await saved.path(), 'utf8'), /^query,kind,figure,told/u);
  await page.setViewportSize({ width: 320, height: 640 });
  await fitsWidth(page);
  await page.getByRole('button', { name: 'العربية' }).click();
  await heading(page, wordOf('ar', 'questions.allSpent')).waitFor();
  await fitsWidth(page);
  await holdsAxe(page);
  assert.deepEqual(await missingWords(page, 'ar'), []);
  // All of the sheet is in the language of the page.
  const told = (await page.locator('.answersheet').textContent()) ?? '';
  assert.match(told, /الجميع/u);
  assert.match(told, /الطريقة: المتوسط/u);
  assert.doesNotMatch(
    told,
    /\b(?:everybody|Method|Purpose|Privacy|Noise|Window|patients|batch)\b/u,
  );
  await picture(page, 'questions-phone-ar');
  await visitor.close();
});

test('One ciphertext is one touch more: the key is made here with what is done said meanwhile, and the sheet says how it came', async () => {
  const study = await ordinary();
  const { visitor, account } = await researcher(app, 'paul');
  const { page, touches } = visitor;
  const given = ['--dataset', study, '--researcher', account, '--rho', '0.5'];
  const permit = text(await cli('stats', 'permit', ...given, '--by', 'north'), 'permit');
  await cli('stats', 'approve', permit, '--by', 'harbour');
  await heading(page, 'You may ask for 0.5 more this quarter.').waitFor({ timeout: 30_000 });
  const choice = page.getByRole('group', { name: 'How the answer comes' });
  assert.ok(await choice.getByRole('radio', { name: /In three sealed parts/u }).isChecked());
  await page.getByLabel('How much to spend (rho)').selectOption('500000');
  await touches.touch(choice.getByRole('radio', { name: /In one ciphertext/u }));
  await holdsAxe(page);
  await touches.touch(page.getByRole('button', { name: 'How exact would it be?' }));
  const ask = page.getByRole('button', { name: 'Ask: spend 0.5 of 0.5' });
  await ask.waitFor();
  const seen = await stepsWhile(page, () => touches.touch(ask));
  const sheet = page.getByRole('region', { name: 'Mean: Heart rate' });
  await sheet.getByText(/It came in one ciphertext/u).waitFor({ timeout: 60_000 });
  assert.equal(touches.count, 3);
  for (const step of ['Making your key, once', 'Proving the key to the three servers'])
    assert.ok(seen().includes(step), `${step}: ${seen().join(' | ')}`);
  await sheet.getByText('Method and receipt').click();
  await sheet.getByText('SHA-256 of the ciphertext:').waitFor();
  // Of the payment, the ciphertext and the key.
  assert.equal(await sheet.getByText(/^[0-9a-f]{64}$/u).count(), 3);
  await holdsAxe(page);
  await picture(page, 'delivery-answer');
  await visitor.close();
});

/** What is said of how far it is, each once, in its order. */
async function stepsWhile(page: Page, work: () => Promise<void>): Promise<() => readonly string[]> {
  const seen: string[] = [];
  await page.exposeFunction('sawStep', (it: string) => {
    if (seen.at(-1) !== it) seen.push(it);
  });
  await page.evaluate(`new MutationObserver(() => {
    for (const it of document.querySelectorAll('[role=progressbar]'))
      sawStep(it.getAttribute('aria-label'));
  }).observe(document.body, { subtree: true, childList: true, attributes: true })`);
  await work();
  return () => seen;
}

for (const [language, locale] of [
  ['es', 'es-ES'],
  ['ar', 'ar-EG'],
] as const) {
  test(`In ${language}, dark, the choice of delivery and the answer fit a phone of 320 px`, async () => {
    const study = await ordinary();
    const { visitor, account } = await researcher(app, `delia-${language}`, {
      ...{ width: 320, height: 640, dark: true, locale },
    });
    const { page } = visitor;
    const given = ['--dataset', study, '--researcher', account, '--rho', '0.5'];
    const permit = text(await cli('stats', 'permit', ...given, '--by', 'north'), 'permit');
    await cli('stats', 'approve', permit, '--by', 'harbour');
    await page.locator('#kind').waitFor({ timeout: 30_000 });
    await page.locator('input[name=delivery]').nth(1).check();
    await fitsWidth(page);
    // Half beneath the bar at the top: how far a page is scrolled is no finding.
    await page.evaluate(
      `scrollBy(0, document.querySelectorAll('[name=delivery]')[1].getBoundingClientRect().top - 40)`,
    );
    await holdsAxe(page);
    await picture(page, `delivery-form-${language}`);
    await page.getByRole('button', { name: wordOf(language, 'questions.predict') }).click();
    const words = wordOf(language, 'questions.ask').split('{{')[0] ?? '';
    await page.getByRole('button', { name: words }).click();
    await page.getByText(wordOf(language, 'questions.came.paillier')).waitFor({ timeout: 60_000 });
    await page.locator('.answersheet summary').click();
    await fitsWidth(page);
    await holdsAxe(page);
    assert.deepEqual(await missingWords(page, language), []);
    await picture(page, `delivery-answer-${language}`);
    // What fills a wallet goes in two touches, said before the second.
    const forget = wordOf(language, 'questions.forget');
    await page.getByRole('button', { name: forget }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(wordOf(language, 'questions.forgetText')).waitFor();
    await fitsWidth(page);
    await holdsAxe(page);
    await picture(page, `forget-${language}`);
    await dialog.getByRole('button', { name: forget }).click();
    await page.locator('.answersheet').waitFor({ state: 'detached' });
    await visitor.close();
  });
}

test('Two groups are compared by two touches, and a permit that was taken back is said to be', async () => {
  const [, study] = await studies();
  const { visitor, account } = await researcher(app, 'cara');
  const { page, touches } = visitor;
  const given = ['--dataset', study, '--researcher', account, '--rho', '10'];
  const permit = text(await cli('stats', 'permit', ...given, '--by', 'north'), 'permit');
  await cli('stats', 'approve', permit, '--by', 'harbour');
  await heading(page, 'You may ask for 10 more this quarter.').waitFor({ timeout: 30_000 });
  await page.getByLabel('What', { exact: true }).selectOption('compare');
  await page.getByRole('group', { name: 'Group 2' }).waitFor();
  await holdsAxe(page);
  await picture(page, 'compare-form');
  // A third group that shares people with the second: said before anything is asked.
  await page.getByRole('button', { name: 'One more group' }).click();
  await page.getByRole('button', { name: 'How exact would it be?' }).click();
  await page.getByText('GROUPS_OVERLAP').waitFor();
  await picture(page, 'compare-overlap');
  await page.getByRole('button', { name: 'Without group 3' }).click();
  await page.getByLabel('How much to spend on each group (rho)').selectOption('5000000');
  await touches.touch(page.getByRole('button', { name: 'How exact would it be?' }));
  await page.getByText(/^Group 1: women\. About \d+ people: the noise would drown this/u).waitFor();
  await picture(page, 'compare-predicted');
  await touches.touch(page.getByRole('button', { name: 'Ask: spend 10 of 10' }));
  const card = page.getByRole('region', { name: 'Compared: Heart rate' });
  await card.getByText(/^Difference \u2066-?\d/u).waitFor({ timeout: 60_000 });
  assert.equal(touches.count, 2);
  await card.getByText(/t\(\d.*\) = -?\d.*, p = /u).waitFor();
  assert.deepEqual(await card.getByRole('rowheader').allTextContents(), ['women', 'men']);
  await holdsAxe(page);
  await picture(page, 'compare-answer');
  await cli('stats', 'withdraw', permit, '--by', 'harbour');
  await page
    .getByText('One permit was taken back by an organisation. Answers that were paid stay.')
    .waitFor({ timeout: 30_000 });
  await heading(page, 'There is nothing you may ask now.').waitFor();
  await card.waitFor();
  await holdsAxe(page);
  await picture(page, 'permit-withdrawn');
  for (const language of ['es', 'ar'] as const) {
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 320, height: 640 });
    await page.getByRole('button', { name: language === 'ar' ? 'العربية' : 'Español' }).click();
    await heading(page, wordOf(language, 'questions.nothing')).waitFor();
    await fitsWidth(page);
    await holdsAxe(page);
    assert.deepEqual(await missingWords(page, language), []);
    // A number and its unit stay as they are written, whichever way the page runs.
    const amount = page.locator('.answersheet td bdi[dir=ltr]', { hasText: '/min' }).first();
    assert.match((await amount.textContent()) ?? '', /^\d.*\/min/u);
    await picture(page, `compare-phone-${language}`);
  }
  await visitor.close();
});

test('The form of a comparison fits a phone of 320 px, dark, in Arabic', async () => {
  const study = await ordinary();
  const { visitor, account } = await researcher(app, 'lena', {
    ...{ width: 320, height: 640, dark: true, locale: 'ar-EG' },
  });
  const { page } = visitor;
  const given = ['--dataset', study, '--researcher', account, '--rho', '0.5'];
  const permit = text(await cli('stats', 'permit', ...given, '--by', 'north'), 'permit');
  await cli('stats', 'approve', permit, '--by', 'harbour');
  await page.locator('#kind').waitFor({ timeout: 30_000 });
  await page.locator('#kind').selectOption('compare');
  await page.getByRole('button', { name: wordOf('ar', 'questions.predict') }).click();
  await page.locator('.note').waitFor();
  await fitsWidth(page);
  await holdsAxe(page);
  assert.deepEqual(await missingWords(page, 'ar'), []);
  await picture(page, 'compare-form-phone-ar');
  await page.locator('#kind').selectOption('prevalence');
  await fitsWidth(page);
  assert.match(
    (await page.locator('#edge option').first().textContent()) ?? '',
    /^\u2068.*\/min\u2069$/u,
  );
  await picture(page, 'share-form-phone-ar');
  await visitor.close();
});

test('With a keyboard alone a researcher asks a question, compares groups, and opens the method', async () => {
  const study = await ordinary();
  const { visitor, account } = await researcher(app, 'kim');
  const { page } = visitor;
  const keys = new Keyboard(page);
  const given = ['--dataset', study, '--researcher', account, '--rho', '0.5'];
  const permit = text(await cli('stats', 'permit', ...given, '--by', 'north'), 'permit');
  await cli('stats', 'approve', permit, '--by', 'harbour');
  await heading(page, 'You may ask for 0.5 more this quarter.').waitFor({ timeout: 30_000 });
  await keys.to(page.getByLabel('What', { exact: true }));
  await keys.write('Compare');
  await page.getByRole('group', { name: 'Group 2' }).waitFor();
  await keys.isAt(page.getByLabel('What', { exact: true }));
  await keys.to(page.getByRole('button', { name: 'One more group' }));
  await keys.press('Enter');
  await page.getByRole('group', { name: 'Group 3' }).waitFor();
  await keys.to(page.getByRole('button', { name: 'Without group 3' }), 'Shift+Tab');
  await keys.press('Enter');
  await keys.isAt(heading(page, /You may ask/u));
  await keys.to(page.getByLabel('What', { exact: true }));
  await keys.write('Mean');
  await page.getByRole('group', { name: 'Group 2' }).waitFor({ state: 'detached' });
  await keys.to(page.getByRole('button', { name: 'How exact would it be?' }));
  await keys.press('Enter');
  const ask = page.getByRole('button', { name: /^Ask: spend/u });
  await ask.waitFor();
  await keys.isAt(page.getByRole('button', { name: 'How exact would it be?' }));
  await keys.to(ask);
  await keys.press('Enter');
  const sheet = page.getByRole('region', { name: 'Mean: Heart rate' });
  await sheet.waitFor({ timeout: 60_000 });
  await keys.isAt(heading(page, /^What you may ask|You may ask/u));
  await keys.to(sheet.getByText('Method and receipt'));
  await keys.press('Enter');
  await sheet.getByText(/^Method: Mean of Heart rate/u).waitFor();
  for (const name of ['CSV', 'JSON', 'Print with method'])
    await keys.to(sheet.getByRole('button', { name }));
  await visitor.close();
});
