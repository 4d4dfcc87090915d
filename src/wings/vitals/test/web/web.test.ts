import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { list, text } from '../../../../../test/cli/salus.ts';
import {
  type App,
  fitsWidth,
  heading,
  holdsAxe,
  picture,
  type Visitor,
  type VisitorOptions,
} from '../../../../../test/web/app.ts';
import { missingWords, wordOf } from '../../../../../test/web/looks.ts';
import {
  answered,
  command,
  copyDays,
  heartRates,
  link,
  measureNow,
  measureWeek,
  openBySheet,
  eboni as openEboni,
  sayBattery,
  startVitals,
  tamper,
} from './web-town.ts';

/**
 * The screens of vital signs in a real browser, over the demo's three data servers: what a sensor sent for a week, with an
 * afternoon without a value and some readings above the range.
 */

let app: App;
before(async () => {
  app = await startVitals();
});
after(() => app?.close());
afterEach(() => app.door.fail(undefined));
const cli = (...args: readonly string[]) => command(app, ...args);
const eboni = (options?: VisitorOptions): Promise<Visitor> => openEboni(app, options);

let sending: Promise<void> | undefined;
const sent = (): Promise<void> => {
  sending ??= measureWeek(app);
  return sending;
};

test('Who has no device is told so, and what will be there', async () => {
  const visitor = await eboni();
  const { page, touches } = visitor;
  await touches.touch(page.getByRole('link', { name: link }));
  await heading(page, 'No device sends vital signs to your record.').waitFor();
  await holdsAxe(page);
  await picture(page, 'own-empty');
  await visitor.close();
});

test('One touch from home shows the week: what is outside its range, where it goes, and where it came from', async () => {
  await sent();
  const visitor = await eboni();
  const { page, touches } = visitor;
  await touches.touch(page.getByRole('link', { name: link }));
  await heading(page, /Outside (its range|their ranges) now: .*Temperature/u).waitFor();
  assert.equal(touches.count, 1);
  const temperature = page.getByRole('region', { name: 'Temperature' });
  await temperature.getByRole('img', { name: /Temperature: from 36\.\d.* to 39/u }).waitFor();
  await temperature.getByText(/by about .* a day over the week|About the same all week/u).waitFor();
  await page.getByText(/Put together on this device from three servers: .*North.*/u).waitFor();
  await holdsAxe(page);
  await picture(page, 'own-week');
  // The table is the same hours, and says where some are missing.
  await temperature.getByRole('button', { name: 'Show as table' }).click();
  const rows = await temperature.getByRole('row').count();
  assert.ok(rows >= 150, `${rows} rows`);
  assert.equal(await temperature.getByText('after a gap').count(), 1);
  await holdsAxe(page);
  await page.getByText('24 hours', { exact: true }).click();
  await temperature.getByRole('columnheader', { name: 'Time' }).waitFor();
  await temperature.getByRole('button', { name: 'Show as chart' }).click();
  await picture(page, 'own-day');
  await page.getByText('A month', { exact: true }).click();
  await answered(page);
  await heading(page, /Outside/u).waitFor();
  await picture(page, 'own-month');
  await visitor.close();
});

test('Servers that do not answer are said to be silent, and nothing is shown in their place', async () => {
  const of = ['--role', 'patient', '--hospital', 'north'];
  const made = await cli('person', 'create', 'nina', ...of);
  await cli('sensor', 'enrol', 'ring', '--dataset', await heartRates(app), '--as', 'nina');
  // Of this hour alone: a day that is not over has no sealed copy.
  const file = join(app.home, 'hour.csv');
  // As many as a page holds: it is closed and sent, whatever the time is.
  const rows = Array.from({ length: 64 }, (_, at) => `${at / 100},60`);
  writeFileSync(file, `minute,HR[bpm]\n${rows.join('\n')}\n`);
  const hour = String(Math.floor(Date.now() / 3_600_000));
  const played = ['simulate', 'ring', '--from', file, '--start-hour', hour, '--as', 'nina'];
  const sentNow = await cli('sensor', ...played);
  assert.deepEqual([sentNow.done, sentNow.waiting], [1, 0], JSON.stringify(sentNow));
  const visitor = await openBySheet(app, text(made, 'recoveryCode'));
  const { page, troubles } = visitor;
  app.door.fail(/\/data-servers\/[0-9a-f]+\/readings/u);
  await page.getByRole('link', { name: link }).click();
  await heading(page, 'This cannot be shown right now.').waitFor();
  await page.getByText('VITALS_NOT_HERE').waitFor();
  await holdsAxe(page);
  await picture(page, 'own-failed');
  app.door.fail(undefined);
  await page.getByRole('button', { name: 'Try again' }).click();
  await heading(page, 'All within range this week.').waitFor();
  // What the browser says of a server that failed.
  troubles.splice(0);
  await visitor.close();
});

const osei = async (options?: VisitorOptions): Promise<Visitor> => {
  const visitor = await app.visitorAs('Dr Abena Osei', options);
  await visitor.page.getByRole('link', { name: /Eboni Brekke/u }).click();
  await visitor.page.getByText(/^Opened .* by one look/u).waitFor();
  return visitor;
};
const looksOfOsei = async (): Promise<number> =>
  list(await cli('looked', '--as', 'eboni'), 'looks').filter(({ who }) => who === 'Dr Abena Osei')
    .length;

test('Vital signs of sensors and of files are one choice when sharing, and the sentence says so', async () => {
  await sent();
  const visitor = await eboni();
  const { page } = visitor;
  await page.getByRole('link', { name: 'Share', exact: true }).first().click();
  await page.locator('#blank-what').click();
  await page.getByText('Some kinds', { exact: true }).click();
  assert.equal(await page.getByRole('checkbox', { name: 'Sensor readings' }).count(), 0);
  const chosen = page.locator('ul .checks input:checked');
  while ((await chosen.count()) > 0) await chosen.first().uncheck();
  await page.getByRole('checkbox', { name: /^Vital signs/u }).check();
  const sentence = page.locator('#blank-what');
  await sentence.getByText('vital signs', { exact: true }).waitFor();
  await holdsAxe(page);
  await picture(page, 'share');
  await visitor.close();
});

test('A doctor reads what sensors sent by one look: the newest of each in the chart, curves one touch behind', async () => {
  await sent();
  const visitor = await osei();
  const { page, touches } = visitor;
  const before = await looksOfOsei();
  const strip = page.getByRole('region', { name: 'From sensors' });
  await strip
    .getByText('Reading what sensors sent is one look, and the patient sees it.')
    .waitFor();
  await picture(page, 'chart-before');
  await touches.touch(strip.getByRole('button', { name: 'Read the last week' }));
  await strip.getByText(/Read .* by one look, put together from three servers/u).waitFor();
  await strip.getByText('39.3').waitFor();
  await holdsAxe(page);
  await picture(page, 'chart-strip');
  await touches.touch(strip.getByRole('link', { name: 'Curves' }));
  await heading(page, /Outside (its range|their ranges) now: .*Temperature/u).waitFor();
  assert.equal(touches.count, 2);
  await page.locator('.curve canvas').first().waitFor();
  await holdsAxe(page);
  await picture(page, 'chart-curves');
  assert.equal((await looksOfOsei()) - before, 1);
  await visitor.close();
});

test('A patient sees in which studies she counts, leaves one and comes back, each by two touches', async () => {
  await sent();
  const visitor = await eboni();
  const { page, touches } = visitor;
  await page.getByRole('link', { name: link }).click();
  await page.getByRole('link', { name: 'Studies: your readings count in 1' }).click();
  await heading(page, 'Your readings count in one study.').waitFor();
  const study = page.getByRole('region', { name: /^Heart rate, Upper blood pressure/u });
  await study.getByText('No answer is about fewer than 20 people.').waitFor();
  await study.getByText('Nobody has asked anything yet.').waitFor();
  await holdsAxe(page);
  await picture(page, 'studies');
  await touches.touch(study.getByRole('button', { name: 'Leave' }));
  const dialog = page.getByRole('dialog');
  await dialog.getByText('What was answered by then stays answered.').waitFor();
  await holdsAxe(page);
  await picture(page, 'studies-leave');
  await touches.touch(dialog.getByRole('button', { name: 'Leave' }));
  await heading(page, 'Your readings count in no study.').waitFor();
  assert.equal(touches.count, 2);
  // Another browser of hers knows.
  const other = await eboni();
  await other.page.getByRole('link', { name: link }).click();
  await other.page.getByRole('link', { name: 'Studies: your readings count in 0' }).waitFor();
  await other.close();
  await study.getByRole('button', { name: 'Take part' }).click();
  await dialog.getByRole('button', { name: 'Take part' }).click();
  await heading(page, 'Your readings count in one study.').waitFor();
  await visitor.close();
});

test('A patient sets a range of her own by two touches, on every device of hers, and takes the usual one again', async () => {
  await sent();
  const visitor = await eboni();
  const { page, touches } = visitor;
  await page.getByRole('link', { name: link }).click();
  const pulse = page.getByRole('region', { name: 'Heart rate' });
  await pulse.getByText('range 50 to 120').waitFor();
  await touches.touch(pulse.getByText('Your own range'));
  await pulse.getByLabel('Not above').fill('60');
  await holdsAxe(page);
  await picture(page, 'own-range');
  await touches.touch(pulse.getByRole('button', { name: 'Keep this range' }));
  await pulse.getByText('range 50 to 60 · your own').waitFor();
  assert.equal(touches.count, 2);
  await heading(page, /^Outside their ranges now: .*Heart rate/u).waitFor();
  // The lower limit is not above the upper one.
  await pulse.getByLabel('Not below').fill('70');
  await pulse.getByRole('button', { name: 'Keep this range' }).click();
  await pulse.getByText('LIMITS_WRONG').waitFor();
  await holdsAxe(page);
  await picture(page, 'own-range-wrong');
  const other = await eboni({ width: 320, height: 640, dark: true, locale: 'ar-EG' });
  await other.page.getByRole('link', { name: wordOf('ar', 'home.vitals') }).click();
  const there = other.page.getByRole('region', { name: wordOf('ar', 'vitals.names.heartRate') });
  await there.getByText(wordOf('ar', 'vitals.own.is')).waitFor();
  await there.getByText(wordOf('ar', 'vitals.own.title')).click();
  await fitsWidth(other.page);
  await holdsAxe(other.page);
  assert.deepEqual(await missingWords(other.page, 'ar'), []);
  await picture(other.page, 'own-range-phone-ar');
  await there.getByRole('button', { name: wordOf('ar', 'vitals.own.usual') }).click();
  await there.getByText(wordOf('ar', 'vitals.own.is')).waitFor({ state: 'detached' });
  await other.close();
  await visitor.close();
});

test('A low battery, a device that is silent and hours without a value are said, and what is mended is said no more', async () => {
  await sent();
  const listed = await cli('stats', 'list', '--as', 'eboni');
  const signs = list(listed, 'datasets').find(({ panel }) => panel === 1);
  const cuff = ['cuff', '--dataset', text(signs ?? {}, 'id'), '--panel', '2', '--without-study'];
  await cli('sensor', 'enrol', ...cuff, '--as', 'eboni');
  await sayBattery(app, 'watch', 12);
  const visitor = await eboni();
  const { page } = visitor;
  await page.getByRole('link', { name: link }).click();
  await page.getByText('The battery of watch is low: 12 %.').waitFor();
  await page
    .getByText('Nothing came from Upper blood pressure and Lower blood pressure for a day.')
    .waitFor();
  const devices = page.getByRole('region', { name: 'Your devices' });
  await devices
    .getByText(/^Nothing from .* until /u)
    .first()
    .waitFor();
  await devices.getByText('Nothing came this week.').waitFor();
  await holdsAxe(page);
  await picture(page, 'own-devices');
  await page.setViewportSize({ width: 320, height: 640 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByRole('button', { name: 'العربية' }).click();
  await page.getByRole('region', { name: wordOf('ar', 'vitals.device.title_two') }).waitFor();
  await fitsWidth(page);
  await holdsAxe(page);
  assert.deepEqual(await missingWords(page, 'ar'), []);
  await picture(page, 'own-devices-phone-ar');
  await visitor.close();
  await sayBattery(app, 'watch', 95);
  const charged = await eboni();
  await charged.page.getByRole('link', { name: link }).click();
  await charged.page.getByRole('region', { name: 'Your devices' }).waitFor();
  assert.equal(await charged.page.getByText(/battery/iu).count(), 0);
  await charged.close();
});

test('With every data server away the sealed copies are shown, and are said to be what they are', async () => {
  await sent();
  await measureNow(app, 'watch');
  await copyDays(app, 'watch');
  const visitor = await eboni();
  const { page, troubles } = visitor;
  app.door.fail(/\/data-servers\/[0-9a-f]+\/readings/u);
  await page.getByRole('link', { name: link }).click();
  const sources = page.getByRole('region', { name: 'Where this came from' });
  await sources.getByText(/^From the sealed copy in the record\. /u).waitFor();
  await sources.getByText(/^.*North.*Harbour.* did not answer\.$/u).waitFor();
  // Of today there is no copy yet.
  await sources.getByText(/^Not here now: /u).waitFor();
  // Whether the fever of the last hours was today's, or is in a copy, is a matter of the time.
  await heading(
    page,
    /^(What is here is within|Outside its) range.*\. Part of it is not here now\.$/u,
  ).waitFor();
  const pulse = page.getByRole('region', { name: 'Heart rate' });
  await pulse.getByRole('button', { name: 'Show as table' }).click();
  assert.ok((await pulse.getByRole('row').count()) >= 100);
  await holdsAxe(page);
  await picture(page, 'own-copies');
  app.door.fail(undefined);
  troubles.splice(0);
  await visitor.close();
});

test('A data server whose database somebody changed is named on the screen of a patient and of a doctor, and the copy is read', async () => {
  await sent();
  await copyDays(app, 'watch');
  const hour = Math.floor(Date.now() / 3_600_000) - 36;
  await app.stop();
  const mend = tamper(app, 'harbour', hour);
  await app.start();
  const visitor = await eboni();
  const { page } = visitor;
  await page.getByRole('link', { name: link }).click();
  const changed = page
    .getByRole('alert')
    .getByText(/^[^,]*Harbour[^,]* found that somebody changed what it keeps\.$/u);
  await changed.waitFor();
  await page.getByText(/^From the sealed copy in the record/u).waitFor();
  await holdsAxe(page);
  await picture(page, 'own-tampered');
  await visitor.close();
  const doctor = await osei();
  const strip = doctor.page.getByRole('region', { name: 'From sensors' });
  await strip.getByRole('button', { name: 'Read the last week' }).click();
  await strip.getByText(/at least in part from the sealed copy/u).waitFor();
  await strip.getByRole('link', { name: 'Curves' }).click();
  await doctor.page
    .getByRole('alert')
    .getByText(/Harbour.* found that somebody changed/u)
    .waitFor();
  await holdsAxe(doctor.page);
  await picture(doctor.page, 'chart-tampered');
  await doctor.close();
  await app.stop();
  mend();
  await app.start();
});

for (const locale of ['ar-EG', 'es-ES'] as const) {
  const language = locale === 'ar-EG' ? 'ar' : 'es';
  test(`It fits a phone of 320 px, dark, in ${language}, and every word is there`, async () => {
    await sent();
    const visitor = await eboni({ width: 320, height: 640, dark: true, locale });
    const { page } = visitor;
    await page.getByRole('link', { name: wordOf(language, 'home.vitals') }).click();
    await page.locator('.curve canvas').first().waitFor();
    await fitsWidth(page);
    await holdsAxe(page);
    assert.deepEqual(await missingWords(page, language), []);
    await picture(page, `own-phone-${language}`);
    await page
      .getByRole('button', { name: wordOf(language, 'item.asTable') })
      .first()
      .click();
    await fitsWidth(page);
    await picture(page, `own-phone-table-${language}`);
    await page.locator('main a[href="/studies"]').click();
    await page.locator('main .btn.line').first().waitFor();
    await fitsWidth(page);
    await holdsAxe(page);
    assert.deepEqual(await missingWords(page, language), []);
    await picture(page, `studies-phone-${language}`);
    await visitor.close();
  });
}
