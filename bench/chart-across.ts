import { utf8 } from '../src/primitives/bytes.ts';
import type { ConsentId } from '../src/primitives/ids.ts';
import type { Member } from '../src/story/cast.ts';
import type { ServerPlan } from '../src/story/server.ts';
import { fileOf } from '../test/e2e/consortium.ts';
import { observation } from './chart.ts';
import { median, type Report } from './figures.ts';
import { inTown, type Town } from './people.ts';

const items = 500;
const rounds = 15;
const mostRatio = 1.3;
const settings = { requestsPerMinute: 1_000_000, looksPerHour: 1_000_000, messagesPerHour: 10_000 };

/**
 * One patient's chart as a doctor of her own hospital opens it, and in turn a doctor of another one, who has signed in
 * there and is served by hers. Each of several hospitals is a machine of its own, with a node and a storage node.
 */
export async function benchChartAcross(report: Report, plan?: ServerPlan): Promise<void> {
  await inTown((town) => compare(report, town), settings, plan);
}

interface Reader {
  readonly doctor: Member;
  readonly consent: ConsentId;
}

async function compare(report: Report, town: Town): Promise<void> {
  const patient = await town.enrol('ana', 'patient', 'north');
  const lines = Array.from({ length: items }, (_, i) => observation(i));
  await patient.person.addFile(fileOf('vitals.ndjson', utf8(lines.join('\n'))));
  const [here, there] = [
    await readerAt(town, patient, 'north'),
    await readerAt(town, patient, 'harbour'),
  ];
  // What a process learns once, and connections, are paid for before.
  for (let n = 0; n < 5; n++) for (const reader of [here, there]) await openMs(reader);
  const ones: number[] = [];
  const others: number[] = [];
  for (let n = 0; n < rounds; n++) {
    ones.push(await openMs(here));
    others.push(await openMs(there));
  }
  const times = median(others.map((ms, at) => ms / (ones[at] ?? ms)));
  report({
    ...{ bench: 'chart', figure: 'across-two-hospitals', n: items, rounds },
    ...{ value: median(others), unit: 'ms', peer: 'in one hospital', peerValue: median(ones) },
    ...{ ratio: 1 / times, goal: `<= ${mostRatio} times`, ok: times <= mostRatio },
  });
}

async function readerAt(town: Town, patient: Member, hospital: string): Promise<Reader> {
  const doctor = await town.enrol(`doctor-${hospital}`, 'clinician', hospital);
  await patient.person.addCard(doctor.person.card());
  const { consent } = await patient.person.grant({
    ...{ grantee: doctor.nickname, readClasses: ['vital'], purposes: ['TREAT'] },
    notAfterMs: Date.now() + 3_600_000,
  });
  await doctor.person.inbox();
  return { doctor, consent };
}

async function openMs({ doctor, consent }: Reader): Promise<number> {
  const begun = performance.now();
  const { records } = await doctor.person.readShared(consent);
  const ms = performance.now() - begun;
  if (records.length !== items) throw new Error('something was left out');
  return ms;
}
