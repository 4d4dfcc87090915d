import type { Chapter } from '../../chapter.ts';
import { Scene } from './scene.ts';
import { letGrantEnd, revokeDoctor } from './steps-ending.ts';
import { addTelephone, moveHouse, readWholeChart } from './steps-moving.ts';
import { killServers, listLooks, tamperAndErase } from './steps-proving.ts';
import { correctDiagnosis, importFromTwoServers, leaveOutRestricted } from './steps-records.ts';
import {
  enrolPeople,
  grantDoctor,
  importFiles,
  readAsDoctor,
  refuseOthers,
} from './steps-sharing.ts';
import { writeDiagnosis, writeFromDevice } from './steps-writing.ts';

/** The main job: people, records, grants, looks, revocation and erasure, on real servers and real records. */
export const mainChapter: Chapter<Scene> = {
  name: 'main',
  tells: 'Patients import records, let doctors read and write them, and see and end it all.',
  flags: {},
  open: async (setting) => new Scene(setting),
  steps: [
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
      tells:
        'Dr A finds the grant, checks it on the ledger, and reads; the look is committed first.',
      play: readAsDoctor,
    },
    {
      name: 'refuse',
      tells: 'Another class, another purpose and another doctor are refused.',
      play: refuseOthers,
    },
    {
      name: 'diagnose',
      tells: 'Dr A writes a diagnosis that he himself cannot read back; the patient reads it.',
      play: writeDiagnosis,
    },
    {
      name: 'device',
      tells: 'A device writes readings that it cannot read; a doctor granted `iot` opens them.',
      play: writeFromDevice,
    },
    {
      name: 'revoke',
      tells:
        'The patient adds Dr C and revokes Dr A: with all he ever held he cannot open the next item.',
      play: revokeDoctor,
    },
    {
      name: 'expire',
      tells: "Dr D's grant ends by block time while the patient's device is off.",
      play: letGrantEnd,
    },
    {
      name: 'looked',
      tells: 'The patient lists who looked, refusals included, each with a receipt.',
      play: listLooks,
    },
    {
      name: 'tamper',
      tells:
        'One byte of a blob, of a block and of a header are changed: each is found and named. An erased item is gone.',
      play: tamperAndErase,
    },
    {
      name: 'kill',
      tells: 'The servers are killed in the middle of writing: nothing acknowledged is missing.',
      play: killServers,
    },
    {
      name: 'two-servers',
      tells:
        'Two hospitals call two records by one id: they stay two, and each has its own versions.',
      play: importFromTwoServers,
    },
    {
      name: 'restricted',
      tells: 'What its source marked restricted is no part of a class, unless it is granted too.',
      play: leaveOutRestricted,
    },
    {
      name: 'amend',
      tells: 'Dr D corrects his diagnosis: both versions stay, and nobody corrects for him.',
      play: correctDiagnosis,
    },
    {
      name: 'second-device',
      tells: 'The patient adds a telephone by six digits: it opens and writes what she does.',
      play: addTelephone,
    },
    {
      name: 'move',
      tells: 'The patient moves house: her chart goes along, each record with its first author.',
      play: moveHouse,
    },
    {
      name: 'whole-chart',
      tells: 'Dr E opens a whole chart: one look, one stream, each record as it comes.',
      play: readWholeChart,
    },
  ],
};
