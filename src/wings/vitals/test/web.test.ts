import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { list, salus, text } from '../../../../test/cli/salus.ts';
import {
  type App,
  fitsWidth,
  holdsAxe,
  startApp,
  type Visitor,
  type VisitorOptions,
} from '../../../../test/web/app.ts';
import { missingWords, wordOf } from '../../../../test/web/looks.ts';
import { serversOf } from '../../../server/process.ts';
import { makeDataServer } from '../server/data-server-keys.ts';

/**
 * The screens of vital signs in a real browser, over the demo's three data servers: what a sensor sent for a week, with an
 * afternoon without a value and some readings above the range. `SALUS_PICTURES` is a folder for pictures.
 */

const hospitals = ['north', 'harbour', 'valley'] as const;
const env = { SALUS_PASSPHRASE: 'demo passphrase' };
let app: App;
const cli = (...args: readonly string[]) => salus(args, { home: app.home, env });

before(async () => {
  app = await startApp((home) => {
    for (const name of hospitals)
      makeDataServer(join(serversOf(home), name), {
        ...{ batchSeconds: 1, roundMs: 50, freshHours: 24 * 40 },
      });
  });
});
after(() => app?.close());

/** A line each ten minutes for seven days: five vital signs, quiet in the afternoon of the third day, a fever in the last hours. */
function week(): string {
  const lines = ['minute,HR[bpm],ABPSys[mmHg],TEMP[Cel],SpO2[%],RESP[pm]'];
  for (let minute = 0; minute < 7 * 1_440; minute += 10) {
    const hour = minute / 60;
    if (hour >= 60 && hour < 66) continue;
    const wave = Math.sin((hour / 24) * 2 * Math.PI);
    const late = hour > 164 ? 2.6 : 0;
    const fields = [
      ...[72 + 9 * wave + late * 8 + (minute % 70) / 20, 124 + 8 * wave + (minute % 50) / 10],
      ...[36.7 + 0.3 * wave + late, 97 - 0.8 * Math.abs(wave), 15 + 2 * wave + late],
    ];
    lines.push([minute, ...fields.map((it) => it.toFixed(2))].join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** A sensor of Eboni's sends a week, and all of it stands in batches. */
async function measured(): Promise<void> {
  const listed = await cli('stats', 'list', '--as', 'eboni');
  const [signs] = list(listed, 'datasets').filter(({ panel }) => panel === 1);
  const dataset = text(signs ?? {}, 'id');
  await cli('sensor', 'enrol', 'watch', '--dataset', dataset, '--every', '600', '--as', 'eboni');
  const file = join(app.home, 'week.csv');
  writeFileSync(file, week());
  const sent = await cli('sensor', 'simulate', 'watch', '--from', file, '--as', 'eboni');
  assert.equal(sent.waiting, 0, JSON.stringify(sent));
}

const pictures = process.env.SALUS_PICTURES;
async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

const eboni = async (options?: VisitorOptions): Promise<Visitor> => {
  const visitor = await app.visitor(options);
  await visitor.openAs('Eboni Brekke');
  return visitor;
};
const link = 'Vital signs from your devices';
const heading = (page: Page, name: string | RegExp): Locator =>
  page.getByRole('heading', { level: 1, name });
const answered = (page: Page): Promise<void> =>
  page.locator('main [aria-busy=true]').waitFor({ state: 'detached' });

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
  await measured();
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
  const visitor = await eboni();
  const { page, troubles } = visitor;
  app.door.fail(/\/data-servers\/[0-9a-f]+\/readings/u);
  await page.getByRole('link', { name: link }).click();
  await heading(page, 'This cannot be shown right now.').waitFor();
  await page.getByText('VITALS_NOT_HERE').waitFor();
  await holdsAxe(page);
  await picture(page, 'own-failed');
  app.door.fail(undefined);
  await page.getByRole('button', { name: 'Try again' }).click();
  await heading(page, /Outside/u).waitFor();
  // What the browser says of a server that failed.
  troubles.splice(0);
  await visitor.close();
});

const osei = async (options?: VisitorOptions): Promise<Visitor> => {
  const visitor = await app.visitor(options);
  await visitor.openAs('Dr Abena Osei');
  await visitor.page.getByRole('link', { name: /Eboni Brekke/u }).click();
  await visitor.page.getByText(/^Opened .* by one look/u).waitFor();
  return visitor;
};
const looksOfOsei = async (): Promise<number> =>
  list(await cli('looked', '--as', 'eboni'), 'looks').filter(({ who }) => who === 'Dr Abena Osei')
    .length;

test('Vital signs of sensors and of files are one choice when sharing, and the sentence says so', async () => {
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

for (const locale of ['ar-EG', 'es-ES'] as const) {
  const language = locale === 'ar-EG' ? 'ar' : 'es';
  test(`It fits a phone of 320 px, dark, in ${language}, and every word is there`, async () => {
    const visitor = await eboni({ width: 320, height: 640, dark: true, locale });
    const { page } = visitor;
    await page.getByRole('link', { name: wordOf(language, 'vitals.link') }).click();
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
    await visitor.close();
  });
}
