import { type Chapter, hold, type Step } from '../../../story/chapter.ts';
import { registerSensor } from '../sdk/index.ts';
import type { PanelRow } from '../sdk/sensor/reading.ts';
import { Letters } from './letters.ts';
import { type Patient, VitalsScene } from './scene.ts';

const hourMs = 3_600_000;
const glucose = 3;
/** Of the hours that a sensor may rest: for this story three hours are some eleven seconds. */
const silentAfter = 0.003;

class SilentScene extends VitalsScene {
  readonly letters = new Letters(this.setting);
  patient: Patient | undefined;
}

/** A made-up row in each of the last hours, up to the one that is over. */
function hourly(hours: number): readonly PanelRow[] {
  const last = Math.floor(Date.now() / hourMs) - 1;
  return Array.from({ length: hours }, (_, at) => ({
    ...{ panel: glucose, timeMs: (last - hours + 1 + at) * hourMs },
    values: [{ value: 100 + at, unit: 'mg/dL' }],
  }));
}

const sends: Step<SilentScene> = {
  name: 'sends',
  tells:
    'A demo patient, made up, has a sensor that sends each hour to three data servers, and asks to be told when it does not.',
  async play(scene) {
    await scene.letters.open();
    await scene.hurry({ silentAfter });
    await scene.findServers();
    const desk = await scene.desk();
    await desk.found(
      {
        ...{ panel: glucose, edges: 1, windows: 1, servers: scene.servers, kMin: 20 },
        ...{ pagesPerPatient: 24, researcherCap: 500_000, datasetCap: 2_000_000 },
        purposes: ['research'],
      },
      await desk.speaker('north'),
    );
    const member = await scene.enrol('demo-1', 'patient', 'north');
    await scene.letters.choose(member, ['silent-device']);
    const key = await scene.newKey();
    const { said } = await member.person.run(registerSensor, {
      servers: scene.servers,
      sensor: { key: key.publicKey, panels: [glucose] },
    });
    const patient = { member, key, pseudonym: said.pseudonym, number: 0, rows: [], pages: [] };
    scene.patient = patient;
    await scene.send(patient, hourly(8));
    return { hours: 8, madeUp: true };
  },
};

const silent: Step<SilentScene> = {
  name: 'silent',
  tells:
    'Nothing comes for three times its longest rest: all three servers say so, and she is told once, without a word of which sensor.',
  async play(scene) {
    const { member } = scene.patient ?? {};
    hold(member !== undefined, 'a patient');
    // It waits longer than the third server takes to say the same.
    return { told: await scene.letters.oneEach([member]) };
  },
};

/** A sensor falls silent, and its patient is told once. */
export const silentChapter: Chapter<SilentScene> = {
  name: 'silent',
  tells: 'A sensor that used to send sends nothing: its patient is told once, by no single server.',
  flags: { smtp: { type: 'string' } },
  open: async (setting) => new SilentScene(setting, { patientsEach: 1, hours: 1 }),
  steps: [sends, silent],
};
