import { actingAccount, openActing, work } from '../../../cli/acting.ts';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { homeFolder } from '../../../cli/home.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { type AttributeName, attributeLimits, attributeNames } from '../api/cohort.ts';
import {
  basePanel,
  changeStudies,
  isPadded,
  paddedPanel,
  panelOf,
  registerSensor,
} from '../sdk/index.ts';
import type { PublicAttributes } from '../sdk/registering.ts';
import { openHub } from '../server/hub-account.ts';
import { brokerPort, makeSensor, writeSensor } from '../server/sensor-home.ts';
import { datasetServers, sensorKeyOf } from '../server/sensor-line.ts';
import { wholeNumber } from './whole-number.ts';

export interface Enrolling {
  readonly panel?: string;
  readonly dataset: string;
  readonly withoutStudy?: true;
  readonly padded?: true;
  readonly every: string;
  readonly public?: string;
}

/** `salus sensor enrol`: a key for a sensor, in the patient's one registration with the three servers of a dataset. Rule VR-3a. */
export async function enrolSensor(
  context: CommandContext,
  name: string,
  said: Enrolling,
): Promise<void> {
  const home = homeFolder(context.flags.home);
  const intervalMs = 1_000 * wholeNumber(said.every, { flag: '--every', least: 1, most: 86_400 });
  const attributes = said.public === undefined ? undefined : attributesOf(said.public);
  const acting = await openActing(context);
  const options = work(context, actingAccount(acting));
  const { servers, panel } = await datasetServers(home, said.dataset);
  const named = (said.panel ?? String(panel)).split(',').map((it) => panelOf(Number(it)).number);
  const panels = said.padded ? [...new Set(named.map(basePanel).map(paddedPanel))] : named;
  if (panels.some(isPadded) && intervalMs < paddedIntervalMs)
    throw new CodedError('USAGE', { problem: '--padded: at most one reading a minute' });
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const sensor = makeSensor(home, { name, panels, intervalMs }, nowMs);
  const { publicKey: key } = await sensorKeyOf(sensor);
  const registered = await acting.person.run(
    registerSensor,
    { servers, sensor: { key, panels }, ...(attributes && { attributes }) },
    options,
  );
  const isWithout = said.withoutStudy === true || panels.every(isPadded);
  const held = isWithout
    ? registered
    : await acting.person.run(changeStudies, { join: [said.dataset] }, options);
  const pseudonym = bytesToHex(held.said.pseudonym);
  const patient = actingAccount(acting).account;
  const hub = await letHubWrite(context, acting, patient);
  const registration = bytesToHex(held.signed);
  writeSensor(home, { ...sensor, registered: { pseudonym, servers, patient, registration } });
  const broker = `mqtt://127.0.0.1:${await brokerPort(home)}`;
  const login = { broker, user: name, password: sensor.password ?? '' };
  const facts = {
    name,
    key: bytesToHex(key),
    pseudonym,
    panels,
    studies: [...held.said.datasets],
    servers,
    notYet: [...held.missing],
    hub,
    ...login,
    topic: `salus/sensors/${name}/readings`,
  };
  context.output.result(facts, () =>
    [
      `Its readings: ${facts.topic} at ${broker}, as ${name}, password ${login.password}`,
      `Sensor ${name} is registered with ${servers.length - held.missing.length} of three data servers.`,
      countText(facts.studies, isWithout),
      ...held.missing.map((it) => `${it} has not heard of it yet: salus vitals studies`),
    ].join('\n'),
  );
}

/** Which of both happened: kept by three servers, or counted in studies too. */
function countText(studies: readonly string[], isWithout: boolean): string {
  if (studies.length === 0)
    return 'Its readings are kept for the patient and count in no study: salus vitals join DATASET would change that.';
  const leave = 'salus vitals leave DATASET ends it, and the sensor goes on';
  const since = isWithout ? ', joined before' : '';
  return `Its readings count in ${studies.join(', ')}${since}: ${leave}.`;
}

const grantDays = 365;
const dayMs = 24 * 3_600_000;
/** As many as a page has rows for. */
const paddedIntervalMs = 60_000;

/** The patient lets this home's hub write what her sensors send, as long as no grant says so yet; returns whose account it is. */
async function letHubWrite(
  context: CommandContext,
  { person }: Pick<Awaited<ReturnType<typeof openActing>>, 'person'>,
  patient: AccountId,
): Promise<string> {
  const { account, card } = await openHub(homeFolder(context.flags.home));
  const options = work(context, { account: patient });
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const lasts = nowMs + (grantDays / 2) * dayMs;
  const isLet = (await person.grants(options)).some(
    ({ terms, notAfterMs, state }) =>
      terms.grantee === account &&
      state === 'live' &&
      notAfterMs > lasts &&
      terms.writeClasses.includes('iot'),
  );
  if (isLet) return account;
  await person.addCard(card, { ...options, nickname: 'sensors’ hub' });
  const notAfterMs = nowMs + grantDays * dayMs;
  const terms = { readClasses: [], writeClasses: ['iot'], purposes: ['TREAT'] } as const;
  await person.grant({ grantee: account, ...terms, notAfterMs }, options);
  return account;
}

/** `sex=1,age-band=4`. Throws USAGE. */
function attributesOf(words: string): PublicAttributes {
  const said = new Map(words.split(',').map((word) => [word.split('=')[0], word.split('=')[1]]));
  const unknown = [...said.keys()].find((it) => !attributeNames.some((name) => name === it));
  if (unknown !== undefined)
    throw new CodedError('USAGE', { problem: `--public: ${attributeNames.join(', ')}` });
  const of = (name: AttributeName): number =>
    wholeNumber(said.get(name) ?? '0', {
      ...{ flag: `--public ${name}`, least: 0, most: attributeLimits[name] },
    });
  return { sex: of('sex'), ageBand: of('age-band'), region: of('region'), arm: of('arm') };
}
