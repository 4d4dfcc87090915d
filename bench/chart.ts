import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as passed } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { utf8 } from '../src/primitives/bytes.ts';
import type { ConsentId } from '../src/primitives/ids.ts';
import type { Member } from '../src/story/cast.ts';
import { fileOf } from '../test/e2e/consortium.ts';
import { type Figure, median, type Report } from './figures.ts';
import { inTown, type Town } from './people.ts';
import { cpuMsOf, ownCpuMs, peakMiB, residentMiB } from './process.ts';

const sizes = [50, 500, 5_000] as const;
const readersAtOnce = 16;
const rounds = { 50: 30, 500: 20, 5000: 4 } as const;
/** Rounds before any is counted: after 5, and not after 40, V8 still compiles what opens 500 items. */
const warmUp = { 50: 40, 500: 40, 5000: 5 } as const;

/**
 * A chart as a doctor opens it: looks committed, rows proven, bodies in one stream, each opened and verified; alone, and
 * 16 doctors at once. Beside it, in turn, the same resources in clear as one JSON Bundle from `node:sqlite`. CPU time is
 * of all threads, the servers' by the system's count.
 */
export async function benchChart(report: Report): Promise<void> {
  await inTown(
    async (town) => {
      const charts = await Promise.all(sizes.map((size) => chartOf(town, size)));
      const peer = await startPeer(charts);
      try {
        const verifyUs = ed25519VerifyUs();
        report({ ...shown('ed25519-verify', verifyUs, 'us'), peerValue: verifyUs });
        for (const chart of charts) await alone(report, { town, chart, peer, verifyUs });
        for (const chart of charts) await together(report, { town, chart, peer });
      } finally {
        await peer.stop();
      }
    },
    { requestsPerMinute: 1_000_000, looksPerHour: 1_000_000, messagesPerHour: 10_000 },
  );
}

interface Chart {
  readonly size: (typeof sizes)[number];
  readonly resources: readonly string[];
  readonly readers: readonly { readonly doctor: Member; readonly consent: ConsentId }[];
}

const doctors = new Map<number, Promise<Member>>();

async function chartOf(town: Town, size: (typeof sizes)[number]): Promise<Chart> {
  const patient = await town.enrol(`patient-${size}`, 'patient', 'north');
  const resources = Array.from({ length: size }, (_, i) => observation(i));
  await patient.person.addFile(fileOf(`vitals-${size}.ndjson`, utf8(resources.join('\n'))));
  const readers: { doctor: Member; consent: ConsentId }[] = [];
  for (let n = 0; n < readersAtOnce; n++) {
    const enrolling = doctors.get(n) ?? town.enrol(`doctor-${n}`, 'clinician', 'north');
    doctors.set(n, enrolling);
    const doctor = await enrolling;
    await patient.person.addCard(doctor.person.card());
    const { consent } = await patient.person.grant({
      ...{ grantee: doctor.nickname, readClasses: ['vital'], purposes: ['TREAT'] },
      notAfterMs: Date.now() + 3_600_000,
    });
    await doctor.person.inbox();
    readers.push({ doctor, consent });
  }
  return { size, resources, readers };
}

/** One of a chart of heart rates. */
export const observation = (i: number): string =>
  JSON.stringify({
    resourceType: 'Observation',
    id: `o${i}`,
    status: 'final',
    category: [{ coding: [{ code: 'vital-signs' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }], text: 'Heart rate' },
    effectiveDateTime: '2026-01-01T08:00:00Z',
    valueQuantity: { value: 50 + (i % 70), unit: '/min' },
  });

interface Peer {
  readonly pid: number;
  readonly read: (size: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function startPeer(charts: readonly Chart[]): Promise<Peer> {
  const path = join(tmpdir(), `salus-bench-peer-${process.pid}.sqlite`);
  const db = new DatabaseSync(path);
  db.exec(
    'CREATE TABLE resources (patient TEXT, id INTEGER, body TEXT, PRIMARY KEY (patient, id))',
  );
  db.exec('BEGIN');
  const insert = db.prepare('INSERT INTO resources VALUES (?, ?, ?)');
  for (const { size, resources } of charts) {
    for (const [id, body] of resources.entries()) insert.run(String(size), id, body);
  }
  db.exec('COMMIT');
  db.close();
  const entry = fileURLToPath(new URL('./json-server.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [entry, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('the peer has no output');
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    pid: child.pid ?? 0,
    async read(size) {
      const response = await fetch(`http://127.0.0.1:${port}/${size}`);
      const bundle = (await response.json()) as { readonly entry: readonly unknown[] };
      if (bundle.entry.length !== size) throw new Error('the peer left something out');
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      rmSync(path);
    },
  };
}

interface Run {
  readonly town: Town;
  readonly chart: Chart;
  readonly peer: Peer;
}

interface Turn {
  readonly ms: number;
  readonly firstMs: number;
  readonly clientMs: number;
}

async function openOnce({ size, readers }: Chart, reader = 0): Promise<Turn> {
  const it = readers[reader];
  if (it === undefined) throw new Error('no such reader');
  let firstMs = 0;
  let ms = 0;
  const clientMs = await ownCpuMs(async () => {
    const begun = performance.now();
    const onRecord = (): void => {
      if (firstMs === 0) firstMs = performance.now() - begun;
    };
    const { records } = await it.doctor.person.readShared(it.consent, { onRecord });
    ms = performance.now() - begun;
    if (records.length !== size) throw new Error('something was left out');
  });
  return { ms, firstMs, clientMs };
}

async function alone(report: Report, run: Run & { readonly verifyUs: number }): Promise<void> {
  const { town, chart, peer, verifyUs } = run;
  const { size } = chart;
  const turns: Turn[] = [];
  const peerMs: number[] = [];
  let peerClientMs = 0;
  // What a process learns once, and connections, are paid for before; a reader that just began is shown by itself.
  const first = await openOnce(chart);
  if (size === 500) report(shown('open-500-first', first.ms, 'ms'));
  for (let n = 1; n < warmUp[size]; n++) await openOnce(chart);
  await peer.read(size);
  const peerBefore = cpuMsOf(peer.pid);
  let serverMs = 0;
  for (let n = 0; n < rounds[size]; n++) {
    const before = cpuMsOf(town.servers.pid);
    turns.push(await openOnce(chart));
    serverMs += cpuMsOf(town.servers.pid) - before;
    const begun = performance.now();
    peerClientMs += await ownCpuMs(() => peer.read(size));
    peerMs.push(performance.now() - begun);
  }
  const items = size * rounds[size];
  const perItem = (ms: number): number => (ms * 1_000) / items;
  const clientUs = perItem(turns.reduce((sum, it) => sum + it.clientMs, 0));
  const beside = { peer: 'JSON in clear', n: size, rounds: rounds[size] };
  const of = (figure: string, value: number, unit: string, goal?: number): Figure => ({
    ...shown(size === 500 ? figure : `${figure}-${size}`, value, unit, goal),
    ...beside,
  });
  report({
    ...shown(`open-${size}`, median(turns.map((it) => it.ms)), 'ms', openGoals[size]),
    ...beside,
    ...peerOf(median(turns.map((it) => it.ms)), median(peerMs)),
  });
  const firstMs = median(turns.map((it) => it.firstMs));
  report(size === 500 ? shown('first-item', firstMs, 'ms', 40) : of('first-item', firstMs, 'ms'));
  const serverUs = perItem(serverMs);
  const peerServerUs = perItem(cpuMsOf(peer.pid) - peerBefore);
  report({
    ...of('server-cpu-per-item', serverUs, 'us', size === 500 ? 60 : undefined),
    ...peerOf(serverUs, peerServerUs),
  });
  const besideVerify = clientUs - verifyUs;
  report({
    ...of('client-cpu-per-item', besideVerify, 'us', size === 500 ? 150 : undefined),
    ...peerOf(besideVerify, perItem(peerClientMs)),
  });
  if (size === 500) report(shown('list-500', await listMs(chart), 'ms', 80));
}

const openGoals = { 50: 60, 500: 250, 5000: undefined } as const;

/** What a list shows of every row without opening a body. */
async function listMs({ size, readers: [reader] }: Chart): Promise<number> {
  const samples: number[] = [];
  for (let n = 0; n < rounds[500]; n++) {
    if (reader === undefined) break;
    const begun = performance.now();
    const { lines } = await reader.doctor.person.sharedLines(reader.consent);
    samples.push(performance.now() - begun);
    if (lines.length !== size) throw new Error('something was left out');
  }
  return median(samples);
}

async function together(report: Report, { town, chart, peer }: Run): Promise<void> {
  const { size } = chart;
  const everybody = Array.from({ length: readersAtOnce }, (_, n) => n);
  await passed(1_000);
  const idle = residentMiB(town.servers.pid);
  let ms = 0;
  const before = cpuMsOf(town.servers.pid);
  const peak = await peakMiB(town.servers.pid, async () => {
    const begun = performance.now();
    await Promise.all(everybody.map((reader) => openOnce(chart, reader)));
    ms = performance.now() - begun;
  });
  const serverUs = ((cpuMsOf(town.servers.pid) - before) * 1_000) / (size * readersAtOnce);
  const begun = performance.now();
  await Promise.all(everybody.map(() => peer.read(size)));
  const peerMs = performance.now() - begun;
  const beside = { peer: 'JSON in clear', n: size, rounds: 1 };
  report({ ...shown(`open-${size}-by-16`, ms, 'ms'), ...beside, ...peerOf(ms, peerMs) });
  report({ ...shown(`server-cpu-per-item-${size}-by-16`, serverUs, 'us'), ...beside });
  const name = size === 500 ? 'rss-16' : `rss-16-${size}`;
  report(shown(name, peak - idle, 'MiB above idle', 150));
}

/** One signature, checked on the thread that asks. */
function ed25519VerifyUs(): number {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const message = new Uint8Array(64);
  const signature = sign(null, message, privateKey);
  const turns: number[] = [];
  for (let turn = 0; turn < 9; turn++) {
    const before = process.cpuUsage();
    for (let n = 0; n < 1_000; n++) verify(null, message, publicKey, signature);
    const { user, system } = process.cpuUsage(before);
    turns.push((user + system) / 1_000);
  }
  return median(turns);
}

const peerOf = (value: number, peerValue: number) => ({ peerValue, ratio: peerValue / value });

function shown(figure: string, value: number, unit: string, goal?: number): Figure {
  return {
    ...{ bench: 'chart', figure, value, unit, peer: 'a goal', peerValue: goal ?? value },
    ...{ ratio: (goal ?? value) / value, n: 500, rounds: rounds[500] },
    goal: goal === undefined ? 'shown' : `<= ${goal} ${unit}`,
    ok: goal === undefined || value <= goal,
  };
}
