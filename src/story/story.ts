import type { Facts } from './facts.ts';
import type { Scene } from './scene.ts';
import {
  enrolPeople,
  grantDoctor,
  importFiles,
  readAsDoctor,
  refuseOthers,
} from './steps-sharing.ts';

interface Step {
  readonly name: string;
  readonly tells: string;
  readonly play: (scene: Scene) => Promise<Facts>;
}

/** The main job, step by step: each step does it, checks it, and says what it saw. */
export const mainStory: readonly Step[] = [
  {
    name: 'enrol',
    tells: 'People make their keys on their own devices and are enrolled by their hospitals.',
    play: enrolPeople,
  },
  {
    name: 'import',
    tells: 'Patients import what they have; export gives it back byte for byte.',
    play: importFiles,
  },
  {
    name: 'grant',
    tells: 'The patient grants Dr A two classes of records for treatment, until a time.',
    play: grantDoctor,
  },
  {
    name: 'read',
    tells: 'Dr A finds the grant, checks it on the ledger, and reads; the look is committed first.',
    play: readAsDoctor,
  },
  {
    name: 'refuse',
    tells: 'Another class, another purpose and another doctor are refused.',
    play: refuseOthers,
  },
];
