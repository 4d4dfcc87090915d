import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { everythingHeldBy } from '../../cast.ts';
import { type Facts, hold, refused } from '../../chapter.ts';
import { tryEverything } from './raw.ts';
import type { Scene } from './scene.ts';

const dayMs = 24 * 3_600_000;

/** 6 · Dr A writes a diagnosis that he cannot read back: sealed to the diagnosis write key, on Docchain. */
export async function writeDiagnosis(scene: Scene): Promise<Facts> {
  const doctor = scene.member('dr-a');
  const patient = scene.patient;
  const text = 'Essential hypertension, stage 1. Recheck in four weeks.';
  const bytes = utf8(JSON.stringify(condition(text)));
  const written = await doctor.person.diagnose(scene.consent('dr-a'), {
    mediaType: 'application/fhir+json',
    name: 'Essential hypertension',
    bytes,
  });
  const [recordId] = written.recordIds;
  hold(recordId !== undefined, 'the diagnosis has a record id');
  const opened = await patient.person.openRecord(recordId);
  hold(equalBytes(opened.bytes, bytes), 'the patient reads what the doctor wrote');
  hold(opened.head.author === doctor.account, 'it is signed by the doctor');
  const readBack = await refused('reading back what he wrote', () =>
    doctor.person.readShared(scene.consent('dr-a'), { recordIds: [recordId], purpose: 'TREAT' }),
  );
  const tried = await tryEverything(scene, await everythingHeldBy(scene.home, doctor), {
    hospital: patient.hospital,
    account: patient.account,
    recordId,
  });
  hold(tried.found && !tried.opened, 'none of his keys opens it');
  scene.keepOpened(recordId, opened.head.mediaType, opened.bytes);
  return {
    itemIds: [recordId],
    consentId: scene.consent('dr-a'),
    log: 'doc',
    sha256: bytesToHex(sha256(bytes)),
    height: written.confirmed.height,
    txId: written.confirmed.txId,
    writerReadsBack: readBack,
    keysTried: tried.tried,
    receipt: scene.keepReceipt('diagnosis', written.confirmed.receipt),
  };
}

/** 7 · A device writes `iot` items that it cannot read; a doctor who was granted `iot` opens them. */
export async function writeFromDevice(scene: Scene): Promise<Facts> {
  const patient = scene.patient;
  const monitor = scene.member('monitor');
  const doctor = scene.member('dr-b');
  const device = await patient.person.grant({
    grantee: 'monitor',
    readClasses: [],
    writeClasses: ['iot'],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + 90 * dayMs,
  });
  scene.consents.set('monitor', device.consent);
  await monitor.person.inbox();
  const written = await writeReading(scene, 128);
  const reader = await patient.person.grant({
    grantee: 'dr-b',
    readClasses: ['iot'],
    fromMs: 0,
    purposes: ['TREAT'],
    notAfterMs: Date.now() + 7 * dayMs,
  });
  scene.consents.set('dr-b', reader.consent);
  await doctor.person.inbox();
  const read = await doctor.person.readShared(reader.consent, { purpose: 'TREAT' });
  const [record] = read.records;
  hold(record?.head.recordId === written.recordId, 'the doctor opens the reading');
  hold(equalBytes(record.bytes, written.bytes), 'and it is the one that the device wrote');
  hold(record.head.author === monitor.account, 'signed by the device');
  const readBack = await refused('the device reading', () =>
    monitor.person.readShared(device.consent, { purpose: 'TREAT' }),
  );
  const tried = await tryEverything(scene, await everythingHeldBy(scene.home, monitor), {
    hospital: patient.hospital,
    account: patient.account,
    recordId: written.recordId,
  });
  hold(tried.found && !tried.opened, 'nothing in the device opens it');
  return {
    consentId: device.consent,
    itemIds: [written.recordId],
    sha256: bytesToHex(sha256(written.bytes)),
    height: written.height,
    readBy: 'dr-b',
    readConsentId: reader.consent,
    deviceReadsBack: readBack,
  };
}

/** One blood pressure, as the device's own signed item. */
export async function writeReading(scene: Scene, systolic: number) {
  const bytes = utf8(JSON.stringify(bloodPressure(systolic)));
  const written = await scene
    .member('monitor')
    .person.write(scene.consent('monitor'), [
      { recordClass: 'iot', mediaType: 'application/fhir+json', name: 'Blood pressure', bytes },
    ]);
  const [recordId] = written.recordIds;
  hold(recordId !== undefined, 'the reading has a record id');
  return { recordId, bytes, height: written.confirmed.height, epoch: written.epoch };
}

function condition(text: string) {
  return {
    resourceType: 'Condition',
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' },
      ],
    },
    code: { text },
    recordedDate: '2026-11-20',
  };
}

function bloodPressure(systolic: number) {
  const component = (code: string, value: number) => ({
    code: { coding: [{ system: 'http://loinc.org', code }] },
    valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  });
  return {
    resourceType: 'Observation',
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
          },
        ],
      },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    component: [component('8480-6', systolic), component('8462-4', 82)],
  };
}
