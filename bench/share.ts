import { randomBytes } from 'node:crypto';
import { equalBytes } from '../src/primitives/bytes.ts';
import type { ConsentId, RecordId } from '../src/primitives/ids.ts';
import type { Member } from '../src/story/cast.ts';
import type { ServerPlan } from '../src/story/server.ts';
import { fileOf } from '../test/e2e/consortium.ts';
import { median, percentile, type Report } from './figures.ts';
import { inTown, type Town } from './people.ts';

const recordBytes = 1_000_000;
const hourMs = 3_600_000;

/**
 * From the patient's command to the doctor's opened 1 MB record, through HTTP, servers in a process of their
 * own: the grant with its keys is committed, the letter fetched and checked, the look committed, row and body
 * proven and opened. The record is stored before; `with-import` times that too. Each round shares another
 * record under another grant and ends the grant after it was timed.
 */
export async function benchShare(
  report: Report,
  plan?: ServerPlan,
  rounds = plan === undefined ? 40 : 15,
): Promise<void> {
  const goalMs = plan === undefined ? 300 : 1_500;
  const work = async ({ enrol }: Town) => {
    const patient = await enrol('ana', 'patient', 'north');
    for (const hospital of ['harbour', 'north']) {
      const doctor = await enrol(`doctor-${hospital}`, 'clinician', hospital);
      await patient.person.addCard(doctor.person.card());
      const rows: Round[] = [];
      // The first rounds pay for connections and for what a process learns once.
      for (let i = -3; i < rounds; i++) {
        const round = await shareOne(patient, doctor);
        if (i >= 0) rows.push(round);
      }
      const where = hospital === 'north' ? '-same-hospital' : '';
      const base = { bench: 'share', unit: 'ms', n: recordBytes, rounds, peer: 'a goal' };
      const shared = rows.map((it) => it.shareMs);
      const figures: [string, number][] = [
        ['share-p50', median(shared)],
        ['share-p99', percentile(shared, 0.99)],
        ['share-with-import-p50', median(rows.map((it) => it.importMs + it.shareMs))],
      ];
      for (const [figure, value] of figures) {
        report({
          ...base,
          figure: `${figure}${where}`,
          value,
          peerValue: goalMs,
          ratio: goalMs / value,
          goal: figure === 'share-p50' ? `<= ${goalMs} ms` : 'shown',
          ok: figure !== 'share-p50' || value <= goalMs,
        });
      }
    }
  };
  await inTown(work, undefined, plan);
}

interface Round {
  readonly importMs: number;
  readonly shareMs: number;
}

async function shareOne(patient: Member, doctor: Member): Promise<Round> {
  const bytes = new Uint8Array(randomBytes(recordBytes));
  bytes.set(new TextEncoder().encode('%PDF-1.7\n'));
  const begun = performance.now();
  const added = await patient.person.addFile(fileOf('scan.pdf', bytes));
  const [item] = added.items;
  if (item === undefined) throw new Error('nothing was imported');
  const granted = performance.now();
  const consent = await share(patient, doctor, item.recordId);
  const { records } = await doctor.person.readShared(consent, { recordIds: [item.recordId] });
  const opened = performance.now();
  const [record] = records;
  if (record === undefined || !equalBytes(record.bytes, bytes)) throw new Error('other bytes');
  await patient.person.revoke(consent);
  return { importMs: granted - begun, shareMs: opened - granted };
}

async function share(patient: Member, doctor: Member, recordId: RecordId): Promise<ConsentId> {
  const { consent } = await patient.person.grant({
    grantee: doctor.nickname,
    readClasses: ['other', 'note'],
    recordIds: [recordId],
    purposes: ['TREAT'],
    notAfterMs: Date.now() + hourMs,
  });
  await doctor.person.inbox();
  return consent;
}
