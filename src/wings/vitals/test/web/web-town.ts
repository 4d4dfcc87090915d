import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { list, salus, text } from '../../../../../test/cli/salus.ts';
import { memoryWalletStore } from '../../../../../test/wallet-store.ts';
import {
  type App,
  startApp,
  type Visitor,
  type VisitorOptions,
} from '../../../../../test/web/app.ts';
import { wordOf } from '../../../../../test/web/looks.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { Person } from '../../../../sdk/index.ts';
import { localHospitals } from '../../../../server/desk.ts';
import { serversOf } from '../../../../server/process.ts';
import { localDesk } from '../../../../server/registration-desk.ts';
import { changeStudies, registerSensor } from '../../sdk/registering.ts';
import { ForgetfulServers } from '../../sdk/sensor/forgetful-servers.ts';
import { makeDataServer } from '../../server/data-server-keys.ts';
import { makeSensor, openSensorQueue, readSensor } from '../../server/sensor-home.ts';
import { SensorHub } from '../../server/sensor-hub.ts';
import { datasetServers, sensorKeyOf, uplinkOf } from '../../server/sensor-line.ts';
import { flippedShare } from '../tampering/tampered-file.ts';

/** A demo with its three data servers, and a browser before it. */

const hospitals = ['north', 'harbour', 'valley'] as const;
const env = { SALUS_PASSPHRASE: 'demo passphrase' };

export const startVitals = (): Promise<App> =>
  startApp((home) => {
    for (const name of hospitals)
      makeDataServer(join(serversOf(home), name), {
        ...{ batchSeconds: 1, roundMs: 50, freshHours: 24 * 40 },
      });
  });

export const command = (app: App, ...args: readonly string[]) =>
  salus(args, { home: app.home, env });

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
export async function measureWeek(app: App): Promise<void> {
  const cli = (...args: readonly string[]) => command(app, ...args);
  const listed = await cli('stats', 'list', '--as', 'eboni');
  const [signs] = list(listed, 'datasets').filter(({ panel }) => panel === 1);
  const dataset = text(signs ?? {}, 'id');
  await cli('sensor', 'enrol', 'watch', '--dataset', dataset, '--every', '600', '--as', 'eboni');
  const file = join(app.home, 'week.csv');
  writeFileSync(file, week());
  const sent = await cli('sensor', 'simulate', 'watch', '--from', file, '--as', 'eboni');
  assert.equal(sent.waiting, 0, JSON.stringify(sent));
}

/** As many readings of this hour as a page holds: it is closed and sent, whatever the time is. */
export async function measureNow(app: App, name: string): Promise<void> {
  const file = join(app.home, 'hour.csv');
  const rows = Array.from({ length: 64 }, (_, at) => `${at / 100},72,124,36.7,97,15`);
  const head = 'minute,HR[bpm],ABPSys[mmHg],TEMP[Cel],SpO2[%],RESP[pm]';
  writeFileSync(file, `${[head, ...rows].join('\n')}\n`);
  const hour = String(Math.floor(Date.now() / 3_600_000));
  const of = ['--from', file, '--start-hour', hour, '--as', 'eboni'];
  const sent = await command(app, 'sensor', 'simulate', name, ...of);
  assert.deepEqual([sent.done, sent.waiting], [1, 0], JSON.stringify(sent));
}

/** The home's own hub works at the same sensors by turns, and needs the servers that run in this process. */
const pauseMs = 50;
const hubOf = (app: App) => new SensorHub(app.home, { now: Date.now, told: () => {} });

/** The hub writes what it owes: the sealed copies of this sensor's days up to yesterday. */
export async function copyDays(app: App, name: string): Promise<void> {
  const hub = hubOf(app);
  const yesterday = Math.floor(Date.now() / 86_400_000) - 1;
  const newest = async () =>
    list(await command(app, 'sensor', 'status'), 'sensors').find((it) => it.name === name);
  while ((await newest())?.newestDay !== yesterday) {
    await hub.writeDays();
    await setTimeout(pauseMs);
  }
  await hub.close();
}

/** A sensor says how full its battery is, and its hub tells the patient. */
export async function sayBattery(app: App, name: string, percent: number): Promise<void> {
  const hub = hubOf(app);
  const said = { bt: Date.now() / 1_000, n: 'battery', u: '%EL', v: percent };
  await hub.takeIn(name, JSON.stringify([said]));
  const isTold = () => (readSensor(app.home, name).told?.isLow ?? false) === percent < 20;
  while (!isTold()) {
    await hub.tellBatteries();
    await setTimeout(pauseMs);
  }
  await hub.close();
}

/**
 * Another byte stands in what one data server keeps of a page of an hour: what it shows then is not what the sensor sent.
 * Nobody writes the database meanwhile. Returns what puts it right again.
 */
export function tamper(app: App, hospital: string, hour: number): () => void {
  return flippedShare(join(serversOf(app.home), hospital, 'data-server', 'pages.db'), hour);
}

/** Of the study of heart rates that the demo has. */
export async function heartRates(app: App): Promise<string> {
  const datasets = list(await command(app, 'stats', 'list', '--as', 'eboni'), 'datasets');
  return text(datasets.find(({ panel }) => panel === 5) ?? {}, 'id');
}

/** Patients whose wrist bands measured an hour yesterday, in these studies of heart rates: women and men by turns. */
export async function crowd(
  app: App,
  { people, studies }: { readonly people: number; readonly studies: readonly string[] },
): Promise<void> {
  const [study = ''] = studies;
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
    const attributes = { sex: 1 + (who % 2), ageBand: 4, region: 0, arm: 0 };
    await person.run(registerSensor, { servers, attributes, sensor: { key, panels: [5] } });
    const { said } = await person.run(changeStudies, { join: studies });
    const registered = { pseudonym: bytesToHex(said.pseudonym), servers };
    const queue = openSensorQueue(app.home, sensor);
    const value = (at: number) => ({
      value: 40 + 20 * (who % 2) + ((who * 7 + at * 13) % 80),
      unit: '/min',
    });
    await queue.add(
      Array.from({ length: 60 }, (_, at) => ({
        ...{ panel: 5, timeMs: hour * 3_600_000 + at * 60_000, values: [value(at)] },
      })),
    );
    await queue.close(Date.now());
    const uplink = await uplinkOf(
      app.home,
      { ...sensor, registered },
      {
        ...{ queue, forgetful: new ForgetfulServers(Date.now) },
      },
    );
    while ((await queue.closed(1)).length > 0) await uplink.send();
    await queue.end();
  }
}

export const eboni = (app: App, options?: VisitorOptions): Promise<Visitor> =>
  app.visitorAs('Eboni Brekke', options);
export const link = 'Vital signs from your devices';
export const answered = (page: Page): Promise<void> =>
  page.locator('main [aria-busy=true]').waitFor({ state: 'detached' });

/** Opens the wallet of somebody whom the demo does not have, by its sheet. */
export async function openBySheet(
  app: App,
  recoveryCode: string,
  options?: VisitorOptions,
): Promise<Visitor> {
  const visitor = await app.visitor(options);
  const { page } = visitor;
  await page.goto(`${app.url}/open/sheet`);
  await page.locator('#at option').first().waitFor({ state: 'attached' });
  await page.locator('#code').fill(recoveryCode);
  await page.locator('input[type=password]').fill('four words of somebody');
  const language = options?.locale === 'ar-EG' ? 'ar' : options?.locale === 'es-ES' ? 'es' : 'en';
  await page.getByRole('button', { name: wordOf(language, 'ways.withPassphrase') }).click();
  await page.waitForURL((it) => !it.pathname.startsWith('/open'), { timeout: 60_000 });
  return visitor;
}

export async function researcher(
  app: App,
  name: string,
  options?: VisitorOptions,
): Promise<{ readonly visitor: Visitor; readonly account: string }> {
  const of = ['--role', 'researcher', '--hospital', 'north'];
  const made = await command(app, 'person', 'create', name, ...of);
  const visitor = await openBySheet(app, text(made, 'recoveryCode'), options);
  await visitor.page.waitForURL(/\/questions$/u);
  return { visitor, account: text(made, 'account') };
}
