import { CodedError } from '../../../primitives/errors.ts';
import { entriesOf } from '../../../sdk/wallet/drawer.ts';
import { type Chapter, hold, type Setting, type Step } from '../../../story/chapter.ts';
import { panelOf } from '../crypto/panels.ts';
import { readingsOfPage } from '../crypto/statistics/privacy.ts';
import { changeStudies, readVitals, registerSensor, writeHubDays } from '../sdk/index.ts';
import { registrationsDrawer } from '../sdk/registering.ts';
import { type Hospital, type Patient, type Played, VitalsScene } from './scene.ts';
import { readSeries, replayed, type Series } from './series.ts';
import { silentChapter } from './silent.ts';
import { askSteps, attributesOf, budget, kinds, refuseStep } from './steps-asking.ts';
import { deliverStep, doubleStep } from './steps-encrypted.ts';
import { storesChapter } from './stores.ts';
import { tamperChapter } from './tamper.ts';

const dayHours = 24;
const hourMs = 3_600_000;
/** Yesterday, whole: what the hub writes is of a day that is over. */
const yesterdayHour = (): number => dayHours * (Math.floor(Date.now() / hourMs / dayHours) - 1);

/** So many pages one patient of a series has: more would only make more noise. */
function pagesIn({ rows }: Series): number {
  const byHour = new Map<number, number>();
  for (const { timeMs } of rows) {
    const hour = Math.floor(timeMs / hourMs);
    byHour.set(hour, (byHour.get(hour) ?? 0) + 1);
  }
  return [...byHour.values()].reduce((sum, count) => sum + Math.ceil(count / readingsOfPage), 0);
}

const found: Step<VitalsScene> = {
  name: 'found',
  tells:
    'Three hospitals run a data server each; a study for each kind of question is opened by two of them.',
  async play(scene) {
    await scene.hurry();
    await scene.findServers();
    const rosa = await scene.enrol('rosa', 'researcher', 'north');
    await scene.enrol('raul', 'researcher', 'harbour');
    const desk = await scene.desk();
    const [north, harbour] = [await desk.speaker('north'), await desk.speaker('harbour')];
    const notAfterMs = (await desk.timeMs()) + 30 * dayHours * hourMs;
    for (const { series, datasets } of scene.played) {
      const pages = pagesIn(series);
      const terms = {
        ...{ panel: series.panel, edges: 1, windows: 1, servers: scene.servers, kMin: 20 },
        ...{ pagesPerPatient: pages, researcherCap: budget, datasetCap: budget },
        purposes: ['research'] as const,
      };
      for (const name of [...kinds.map((it) => it.name), 'forbidden']) {
        const { dataset } = await desk.found(terms, north);
        const of = { dataset, researcher: rosa.account, purpose: 'research', microRho: budget };
        const { permit } = await desk.permit({ ...of, purpose: 'research', notAfterMs }, north);
        await desk.approve(permit, harbour);
        datasets.set(name, dataset);
      }
    }
    return { servers: scene.servers.length, datasets: (kinds.length + 1) * scene.played.length };
  },
};

/** So many people stand before the desks at once: while one waits for a block, others are enrolled. */
const atOnce = 10;

async function enrolled(
  scene: VitalsScene,
  { series, datasets }: Played,
  name: string,
  number: number,
): Promise<Patient> {
  const member = await scene.enrol(name, 'patient', 'north');
  const key = await scene.newKey();
  const registered = await member.person.run(registerSensor, {
    ...{ servers: scene.servers, attributes: attributesOf(number, scene.patientsEach) },
    sensor: { key: key.publicKey, panels: [series.panel] },
  });
  const { missing } = await member.person.run(changeStudies, { join: [...datasets.values()] });
  hold(missing.length === 0, 'all three servers know her');
  const { pseudonym } = registered.said;
  return { member, key, pseudonym, number, rows: [], pages: [] };
}

const enrol: Step<VitalsScene> = {
  name: 'enrol',
  tells: 'Demo patients, made up, register a sensor each with the three servers.',
  async play(scene) {
    for (const [at, played] of scene.played.entries()) {
      const one = (number: number) =>
        enrolled(scene, played, `demo-${at + 1}-${number + 1}`, number);
      for (let number = 0; number < scene.patientsEach; number += atOnce) {
        const some = Math.min(atOnce, scene.patientsEach - number);
        const made = Array.from({ length: some }, (_, more) => one(number + more));
        played.patients.push(...(await Promise.all(made)));
      }
    }
    return { patients: scene.patientsEach * scene.played.length };
  },
};

const replay: Step<VitalsScene> = {
  name: 'replay',
  tells:
    'Each series is replayed as its patients: hours and a constant of each are drawn, and made up.',
  async play(scene) {
    const facts: Record<string, unknown> = {};
    let pages = 0;
    for (const played of scene.played) {
      const refused: Record<string, number> = { ...played.series.refused };
      let [readings, ofSeries] = [0, 0];
      for (const patient of played.patients) {
        const one = replayed(played.series, patient.number, yesterdayHour() * hourMs);
        for (const [code, count] of Object.entries(one.refused))
          refused[code] = (refused[code] ?? 0) + count;
        await scene.send(patient, one.rows);
        readings += one.rows.length;
        ofSeries += patient.pages.length;
      }
      pages += ofSeries;
      const panel = panelOf(played.series.panel).name;
      facts[played.series.name] = { panel, rows: readings, pages: ofSeries, ...refused };
    }
    return { ...facts, batches: await scene.sealed(pages), madeUp: true };
  },
};

function followed({
  played,
}: VitalsScene): Played['patients'][number] & { readonly panel: number } {
  const [first] = played;
  const [patient] = first?.patients ?? [];
  hold(first !== undefined && patient !== undefined, 'a patient');
  return { ...patient, panel: first.series.panel };
}

/** Reads the followed patient's day under the doctor's grant, and holds it against what was measured. */
async function readBlind(scene: VitalsScene, from: 'servers' | 'replica') {
  const { rows, pages, panel } = followed(scene);
  const doctor = scene.member('dr-b').person;
  const [grant] = await doctor.received();
  hold(grant !== undefined, 'the doctor holds a grant');
  const firstHour = yesterdayHour();
  const asked = { consent: grant.consent, panel, firstHour, lastHour: firstHour + dayHours - 1 };
  const read = await doctor.run(readVitals, asked);
  const values = read.pages.flatMap((page) => page.rows);
  const isSame =
    values.length === rows.length &&
    values.every((row, at) =>
      row.every((value, v) => Math.abs(value - (rows[at]?.values[v]?.value ?? 0)) < 0.006),
    );
  hold(isSame, 'every value is the one that was measured');
  hold(read.pages.length === pages.length, 'every page is there');
  hold(
    read.pages.every((page) => page.from === from),
    `from the ${from}`,
  );
  return { pages: read.pages.length, values: values.length, from };
}

const read: Step<VitalsScene> = {
  name: 'read',
  tells:
    'A doctor with a grant of class iot reads one patient from three servers, none of which sees a value.',
  async play(scene) {
    const doctor = await scene.enrol('dr-b', 'clinician', 'harbour');
    const { member } = followed(scene);
    await member.person.addCard(doctor.person.card());
    const notAfterMs = Date.now() + dayHours * hourMs;
    await member.person.grant({
      ...{ grantee: doctor.account, readClasses: ['iot'], purposes: ['TREAT'], notAfterMs },
    });
    await doctor.person.inbox();
    return readBlind(scene, 'servers');
  },
};

const replica: Step<VitalsScene> = {
  name: 'replica',
  tells: 'The sensor’s hub writes the day that is over, sealed, into the chart; it cannot read it.',
  async play(scene) {
    const hub = await scene.enrol('hub', 'device', 'north');
    const { member, key, pages } = followed(scene);
    await member.person.addCard(hub.person.card());
    const notAfterMs = Date.now() + dayHours * hourMs;
    const writing = {
      readClasses: [],
      writeClasses: ['iot'] as const,
      purposes: ['TREAT'] as const,
    };
    const { consent } = await member.person.grant({
      ...{ grantee: hub.account, ...writing, notAfterMs },
    });
    await hub.person.inbox();
    const registration = await member.person.run(
      {
        name: 'story/registration',
        run: async (ctx) => entriesOf(ctx.vault.content, registrationsDrawer)[0]?.signed,
      },
      undefined,
    );
    hold(registration !== undefined, 'her wallet keeps what she signed');
    const of = { consent, sensor: key, registration, pages };
    const days = await hub.person.run(writeHubDays, of);
    hold(days.length === 1 && days[0]?.isNew === true, 'one day, written once');
    return { days: days.length, pages: days[0]?.pages ?? 0 };
  },
};

const losses: readonly (readonly Hospital[])[] = [
  ['north'],
  ['north', 'harbour'],
  ['north', 'harbour', 'valley'],
];
const lose: readonly Step<VitalsScene>[] = losses.map((gone) => ({
  name: `without-${gone.length}`,
  tells: `Without ${gone.length} of the three data servers, disks and all, the doctor reads the same.`,
  async play(scene) {
    await scene.without(gone);
    const facts = await readBlind(scene, 'replica');
    await scene.without([]);
    return { gone, ...facts };
  },
}));

/** Throws USAGE, REQUEST_INVALID {file}. `least`: so many patients its questions need. */
function sceneOf(setting: Setting, least: number): VitalsScene {
  const { csv, patients, hours } = setting.flags;
  if (!Array.isArray(csv)) throw new CodedError('USAGE', { problem: '--csv FILE...' });
  const [patientsEach, hoursEach] = [Number(patients), Number(hours)];
  if (!(Number.isInteger(patientsEach) && patientsEach >= least))
    throw new CodedError('USAGE', { problem: `--patients: ${least} or more` });
  // A day has room for the hours that are drawn.
  if (!(hoursEach >= 1 && hoursEach <= 12))
    throw new CodedError('USAGE', { problem: '--hours: 1 to 12' });
  const scene = new VitalsScene(setting, { patientsEach, hours: hoursEach });
  for (const file of csv) {
    const series = readSeries(String(file), hoursEach);
    if (series.rows.length === 0) throw new CodedError('REQUEST_INVALID', { file: String(file) });
    scene.played.push({ series, datasets: new Map(), patients: [] });
  }
  return scene;
}

const encrypted = [deliverStep, doubleStep] as const;

/** Vital signs over three servers: enrol, replay, read, lose servers, ask, refuse. */
const vitalsChapter: Chapter<VitalsScene> = {
  name: 'vitals',
  tells:
    'Three servers hold shares of vital signs: a doctor reads them, a researcher asks, and no server sees a value.',
  flags: {
    csv: { type: 'string', multiple: true },
    patients: { type: 'string', default: '200' },
    hours: { type: 'string', default: '2' },
  },
  // Three groups of 20 for the analysis of variance.
  open: async (setting) => sceneOf(setting, 60),
  steps: [found, enrol, replay, read, replica, ...lose, ...askSteps, refuseStep, ...encrypted],
};

/** What is under two keys, of which one needs three servers. */
const encryptedChapter: Chapter<VitalsScene> = {
  name: 'encrypted',
  tells:
    'An answer under Paillier is the one that was sealed; a doubly encrypted record opens with three servers or not at all.',
  flags: { csv: { type: 'string', multiple: true } },
  open: async (setting) =>
    sceneOf({ ...setting, flags: { ...setting.flags, patients: '24', hours: '1' } }, 20),
  steps: [found, enrol, replay, ...encrypted],
};

/** What `--chapter` names of the wing. */
export const vitalsChapters = [
  vitalsChapter,
  tamperChapter,
  silentChapter,
  storesChapter,
  encryptedChapter,
] as const;
