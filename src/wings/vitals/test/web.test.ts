import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { list, salus, text } from '../../../../test/cli/salus.ts';
import { memoryWalletStore } from '../../../../test/wallet-store.ts';
import {
  type App,
  fitsWidth,
  holdsAxe,
  startApp,
  type Visitor,
  type VisitorOptions,
} from '../../../../test/web/app.ts';
import { missingWords, wordOf } from '../../../../test/web/looks.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { Person } from '../../../sdk/index.ts';
import { localHospitals } from '../../../server/desk.ts';
import { serversOf } from '../../../server/process.ts';
import { localDesk } from '../../../server/registration-desk.ts';
import { changeStudies, registerSensor } from '../sdk/registering.ts';
import { makeDataServer } from '../server/data-server-keys.ts';
import { makeSensor, openSensorQueue } from '../server/sensor-home.ts';
import { datasetServers, sensorKeyOf, uplinkOf } from '../server/sensor-line.ts';

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

let sending: Promise<void> | undefined;
const sent = (): Promise<void> => {
  sending ??= measured();
  return sending;
};

/** Patients whose wrist bands measured an hour yesterday, in the study of heart rates. Returns the study. */
async function crowd(people: number): Promise<string> {
  const datasets = list(await cli('stats', 'list', '--as', 'eboni'), 'datasets');
  const study = text(datasets.find(({ panel }) => panel === 5) ?? {}, 'id');
  const { servers } = await datasetServers(app.home, study);
  const trustRootJson = readFileSync(join(app.home, 'trust.json'), 'utf8');
  const hour = Math.floor(Date.now() / 3_600_000) - 24;
  for (let who = 0; who < people; who++) {
    const name = `Band ${who}`;
    const options = { store: memoryWalletStore(), passphrase: 'a long enough passphrase', name };
    const { person } = await Person.create(options, {
      gatewayUrlOf: ({ organisation, gatewayUrl }) =>
        localHospitals(app.home).find(({ account }) => account === organisation)?.url ?? gatewayUrl,
    });
    const { invitation } = await localDesk(app.home, 'north').invite({ role: 'patient', name });
    const gatewayUrl = localHospitals(app.home).find((it) => it.name === 'north')?.url ?? '';
    await person.enrol({ gatewayUrl, invitation, role: 'patient', trustRootJson });
    const sensor = makeSensor(
      app.home,
      { name: `band-${who}`, panels: [5], intervalMs: 60_000 },
      Date.now(),
    );
    const { publicKey: key } = await sensorKeyOf(sensor);
    const attributes = { sex: 1, ageBand: 4, region: 0, arm: 0 };
    await person.run(registerSensor, { servers, attributes, sensor: { key, panels: [5] } });
    const { said } = await person.run(changeStudies, { join: [study] });
    const registered = { pseudonym: bytesToHex(said.pseudonym), servers };
    const queue = openSensorQueue(app.home, sensor);
    const value = (at: number) => ({ value: 60 + ((who * 7 + at) % 30), unit: '/min' });
    await queue.add(
      Array.from({ length: 60 }, (_, at) => ({
        ...{ panel: 5, timeMs: hour * 3_600_000 + at * 60_000, values: [value(at)] },
      })),
    );
    await queue.close(Date.now());
    const uplink = await uplinkOf(app.home, { ...sensor, registered }, queue);
    while ((await queue.closed(1)).length > 0) await uplink.send();
    await queue.end();
  }
  return study;
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
  await sent();
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

test('A researcher is told what noise would do before anything is spent, and reads an answer with its errors', async () => {
  const study = await crowd(21);
  const made = await cli('person', 'create', 'rosa', '--role', 'researcher', '--hospital', 'north');
  const given = ['--dataset', study, '--researcher', text(made, 'account'), '--rho', '0.5'];
  const permit = text(await cli('stats', 'permit', ...given, '--by', 'north'), 'permit');
  const visitor = await app.visitor();
  const { page, touches } = visitor;
  await page.goto(`${app.url}/open/sheet`);
  await page.locator('#at option').first().waitFor({ state: 'attached' });
  await page.locator('#code').fill(text(made, 'recoveryCode'));
  await page.locator('input[type=password]').fill('four words of a researcher');
  await page.getByRole('button', { name: wordOf('en', 'ways.withPassphrase') }).click();
  await page.waitForURL(/\/questions$/u, { timeout: 60_000 });
  await heading(page, 'There is nothing you may ask now.').waitFor();
  await page.getByText('1 permit waits for a second organisation.').waitFor();
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
  await picture(page, 'questions-phone-ar');
  await visitor.close();
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
