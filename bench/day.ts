import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import type { Role } from '../src/ledger/roles.ts';
import { utf8 } from '../src/primitives/bytes.ts';
import { CodedError } from '../src/primitives/errors.ts';
import type { ConsentId } from '../src/primitives/ids.ts';
import type { NoteToWrite } from '../src/sdk/index.ts';
import { Person } from '../src/sdk/person.ts';
import { fileOf } from '../test/e2e/consortium.ts';
import { memoryWalletStore } from '../test/wallet-store.ts';
import { type Figure, percentile, type Report } from './figures.ts';
import { inTown, type Town } from './people.ts';
import { cpuMsOf, ownCpuMs, residentMiB } from './process.ts';
import { enrolMany } from './revoke.ts';

const patients = 200;
const doctors = 20;
const dayMs = 60_000;
/** People who do something at the same time. */
const atOnce = 8;

/** What somebody of the hospital does, and how often beside the others. */
const acts = { import: 2, grant: 3, read: 8, note: 3, revoke: 2 } as const;
type ActName = keyof typeof acts;
const actNames = [
  'import',
  'grant',
  'read',
  'note',
  'revoke',
] as const satisfies readonly ActName[];

interface Somebody {
  readonly nickname: string;
  readonly person: Person;
}

interface Given {
  readonly patient: Somebody;
  readonly doctor: Somebody;
  readonly consent: ConsentId;
}

/**
 * A hospital's day in a minute: imports, grants, reads, notes and revocations, mixed, of 200 patients and 20 doctors.
 * Says how long each takes those who wait for it, what all cost the servers, and how their memory and their disk grow; then,
 * one at a time, what each kind costs servers and client. And how many people a second are enrolled, their devices'
 * passphrase left out.
 */
export async function benchDay(report: Report): Promise<void> {
  await inTown(
    async (town) => {
      await enrolments(town, report);
      const people = await everybody(town);
      await day(town, people, report);
    },
    { requestsPerMinute: 1_000_000, messagesPerHour: 100_000, looksPerHour: 1_000_000 },
  );
}

async function enrolments(town: Town, report: Report): Promise<void> {
  const count = 200;
  const { pid } = town.servers;
  const begun = performance.now();
  const before = cpuMsOf(pid);
  const client = await ownCpuMs(() => enrolMany(town.servers, count));
  const seconds = (performance.now() - begun) / 1_000;
  report({ ...shown('enrolments', count / seconds, 'people/s'), n: count });
  const server = (cpuMsOf(pid) - before) / count;
  report({ ...shown('enrolment-server-cpu', server, 'ms'), n: count });
  report({ ...shown('enrolment-client-cpu', client / count, 'ms'), n: count });
}

interface People {
  readonly patients: readonly Somebody[];
  readonly doctors: readonly Somebody[];
}

async function everybody(town: Town): Promise<People> {
  return {
    patients: await enrolAll(town, patients, 'patient'),
    doctors: await enrolAll(town, doctors, 'clinician'),
  };
}

/** In memory, behind a passphrase that is stretched once for all of them. */
async function enrolAll({ servers }: Town, count: number, role: Role): Promise<Somebody[]> {
  const hospital = servers.hospital('north');
  const all: Somebody[] = [];
  for (let n = 0; n < count; n++) {
    const nickname = `${role}-${n}`;
    const wallet = { store: memoryWalletStore(), passphrase: 'a passphrase for a day' };
    const { person } = await Person.create({ ...wallet, name: nickname });
    const invitation = await servers.invite(hospital, role, nickname);
    await person.enrol({ gatewayUrl: hospital.url, invitation, role });
    all.push({ nickname, person });
  }
  return all;
}

async function day(town: Town, people: People, report: Report): Promise<void> {
  const { pid } = town.servers;
  const taken = new Map<ActName, number[]>();
  let refused = 0;
  const given: Given[] = [];
  const busy = new Set<Somebody>();
  const diskBefore = kibibytesOf(town.servers.home);
  const until = performance.now() + dayMs;
  const [cpuBefore, memoryBefore] = [cpuMsOf(pid), residentMiB(pid)];
  const memory: [number, number][] = [];
  const draw = drawing();
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      const name = drawnAct(draw);
      const work = chosen(name, { people, given, busy, draw });
      if (work === undefined) {
        await passed(1);
        continue;
      }
      const begun = performance.now();
      try {
        await work.run();
        const samples = taken.get(name) ?? [];
        samples.push(performance.now() - begun);
        taken.set(name, samples);
      } catch (error) {
        // A grant that ends while somebody reads under it is the day as it is; anything else is no figure.
        if (!(error instanceof CodedError)) throw error;
        refused++;
      } finally {
        for (const member of work.who) busy.delete(member);
      }
    }
  };
  const watching = setInterval(() => {
    memory.push([(performance.now() - until + dayMs) / 1_000, residentMiB(pid)]);
  }, 2_000);
  try {
    await Promise.all(Array.from({ length: atOnce }, worker));
  } finally {
    clearInterval(watching);
  }
  const done = [...taken.values()].reduce((sum, it) => sum + it.length, 0);
  for (const name of actNames) {
    const samples = taken.get(name) ?? [];
    for (const [share, word] of [
      [0.5, 'p50'],
      [0.99, 'p99'],
    ] as const) {
      report({ ...shown(`${name}-${word}`, percentile(samples, share), 'ms'), n: samples.length });
    }
  }
  const cpu = (cpuMsOf(pid) - cpuBefore) / done;
  report({ ...shown('server-cpu-per-act', cpu, 'ms'), n: done });
  report({ ...shown('acts', done / (dayMs / 1_000), 'acts/s'), n: done });
  report({ ...shown('refused', refused, 'acts'), n: done });
  report({ ...shown('server-memory', residentMiB(pid), 'MiB'), n: done });
  report({
    ...shown('server-memory-growth', residentMiB(pid) - memoryBefore, 'MiB'),
    ...{ n: done, points: memory, axes: ['seconds of the day', 'MiB'] as const },
  });
  const disk = (kibibytesOf(town.servers.home) - diskBefore) / done;
  report({ ...shown('disk-per-act', disk, 'KiB'), n: done });
  await oneAtATime(pid, { people, given, busy: new Set(), draw }, report);
}

/** Enough that a counter of ten milliseconds tells them apart. */
const measured = 30;

/** After the day, when nobody else is there: the CPU of a process has no name on it. */
async function oneAtATime(pid: number, hospital: Hospital, report: Report): Promise<void> {
  for (const name of actNames) {
    const before = cpuMsOf(pid);
    let client = 0;
    let count = 0;
    for (let tries = 0; count < measured && tries < measured * 100; tries++) {
      const work = chosen(name, hospital);
      if (work === undefined) continue;
      try {
        client += await ownCpuMs(work.run);
        count += 1;
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
      } finally {
        for (const member of work.who) hospital.busy.delete(member);
      }
    }
    if (count === 0) continue;
    const server = (cpuMsOf(pid) - before) / count;
    report({ ...shown(`${name}-server-cpu`, server, 'ms'), n: count });
    report({ ...shown(`${name}-client-cpu`, client / count, 'ms'), n: count });
  }
}

/** The same day each time. */
function drawing(): (below: number) => number {
  let drawn = 1;
  return (below) => {
    drawn = (Math.imul(drawn, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((drawn / 2 ** 32) * below);
  };
}

/**
 * Of all files of a folder together, but for what databases write ahead: that is written over and over. What goes away
 * meanwhile counts as nothing.
 */
function kibibytesOf(folder: string): number {
  let bytes = 0;
  for (const it of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!it.isFile() || /-(?:wal|shm)$/.test(it.name)) continue;
    bytes += statSync(join(it.parentPath, it.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes / 1_024;
}

function drawnAct(draw: (below: number) => number): ActName {
  let at = draw(Object.values(acts).reduce((sum, it) => sum + it, 0));
  for (const name of ['import', 'grant', 'read', 'note'] as const) {
    at -= acts[name];
    if (at < 0) return name;
  }
  return 'revoke';
}

interface Hospital {
  readonly people: People;
  readonly given: Given[];
  readonly busy: Set<Somebody>;
  readonly draw: (below: number) => number;
}

interface Work {
  readonly who: readonly Somebody[];
  readonly run: () => Promise<unknown>;
}

/** Undefined: nobody is free for it now. A person does one thing at a time. */
function chosen(name: ActName, hospital: Hospital): Work | undefined {
  const { people, given, busy, draw } = hospital;
  const take = (...who: Somebody[]): boolean => {
    if (who.some((it) => busy.has(it))) return false;
    for (const it of who) busy.add(it);
    return true;
  };
  const patient = people.patients[draw(patients)];
  const doctor = people.doctors[draw(doctors)];
  if (patient === undefined || doctor === undefined) return undefined;
  if (name === 'import') {
    if (!take(patient)) return undefined;
    return { who: [patient], run: () => patient.person.addFile(observations(draw)) };
  }
  if (name === 'grant') {
    if (!take(patient, doctor)) return undefined;
    const run = async (): Promise<void> => {
      await patient.person.addCard(doctor.person.card());
      const { consent } = await patient.person.grant({
        ...{ grantee: doctor.nickname, readClasses: ['vital', 'note'], writeClasses: ['note'] },
        ...{ purposes: ['TREAT'], notAfterMs: Date.now() + 3_600_000 },
      });
      await doctor.person.inbox();
      given.push({ patient, doctor, consent });
    };
    return { who: [patient, doctor], run };
  }
  const at = draw(Math.max(1, given.length));
  const it = given[at];
  if (it === undefined) return undefined;
  if (name === 'revoke') {
    if (!take(it.patient)) return undefined;
    given.splice(at, 1);
    return { who: [it.patient], run: () => it.patient.person.revoke(it.consent) };
  }
  if (!take(it.doctor)) return undefined;
  const run =
    name === 'read'
      ? () => it.doctor.person.readShared(it.consent)
      : () => it.doctor.person.write(it.consent, [note]);
  return { who: [it.doctor], run };
}

const note: NoteToWrite = {
  ...{ name: 'A note', recordClass: 'note', mediaType: 'text/plain' },
  bytes: utf8('Seen today; well.'),
};

function observations(draw: (below: number) => number) {
  const lines = Array.from({ length: 10 }, () =>
    JSON.stringify({
      resourceType: 'Observation',
      id: `o${draw(2 ** 31)}`,
      status: 'final',
      category: [{ coding: [{ code: 'vital-signs' }] }],
      code: { text: 'Heart rate' },
      valueQuantity: { value: 50 + draw(70), unit: '/min' },
    }),
  );
  return fileOf('vitals.ndjson', utf8(lines.join('\n')));
}

function shown(figure: string, value: number, unit: string): Figure {
  return {
    ...{ bench: 'day', figure, value, unit, peer: 'none', peerValue: value, ratio: 1 },
    ...{ goal: 'shown', ok: true, n: 0, rounds: 1 },
  };
}
