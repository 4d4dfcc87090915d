import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sealedLength } from '../src/crypto/chunked.ts';
import { utf8 } from '../src/primitives/bytes.ts';
import type { FileInput } from '../src/sdk/actions/file-source.ts';
import type { Member } from '../src/story/cast.ts';
import { fileOf } from '../test/e2e/consortium.ts';
import { median, type Report } from './figures.ts';
import { inTown, type Town } from './people.ts';

const examples = fileURLToPath(new URL('../examples/patients/', import.meta.url));

/**
 * Items that are sealed, stored, delivered and anchored, each on disk when it counts, through HTTP; against
 * as many bytes in as many plain files, one an item, each flushed: what a folder would cost, in the same run.
 */
export async function benchImport(report: Report): Promise<void> {
  await inTown(
    async (town) => {
      await whole(town, report, 'import-synthea', 3, synthea);
      await whole(town, report, 'import-10000', 1, () => observations(0, 10_000));
      await growing(town, report);
    },
    { requestsPerMinute: 1_000_000 },
  );
}

async function whole(
  town: Town,
  report: Report,
  figure: string,
  rounds: number,
  fileOfRound: (round: number) => FileInput,
): Promise<void> {
  const ours: number[] = [];
  const peers: number[] = [];
  let n = 0;
  for (let round = 0; round < rounds; round++) {
    const patient = await town.enrol(`${figure}-${round}`, 'patient', 'north');
    const { items, seconds } = await timedImport(patient, fileOfRound(round));
    n = items;
    ours.push(items / seconds);
    peers.push(await plainFiles(patient));
  }
  const value = median(ours);
  const peerValue = median(peers);
  report({
    bench: 'import',
    figure,
    value,
    unit: 'items/s',
    peer: 'the same bytes as plain files, each flushed',
    peerValue,
    ratio: value / peerValue,
    goal: 'shown',
    ok: true,
    n,
    rounds,
  });
}

/** The twentieth file of a chart costs what the first one did. */
async function growing(town: Town, report: Report): Promise<void> {
  const files = 20;
  const perFile = 500;
  const patient = await town.enrol('growing', 'patient', 'north');
  const seconds: number[] = [];
  const points: [number, number][] = [];
  let all = 0;
  for (let i = 0; i < files; i++) {
    seconds.push((await timedImport(patient, observations(i * perFile, perFile))).seconds);
    all += seconds.at(-1) ?? 0;
    points.push([(i + 1) * perFile, all]);
  }
  const first = median(seconds.slice(0, 5));
  const value = median(seconds.slice(-5));
  report({
    bench: 'import',
    figure: 'import-growth',
    value: value * 1_000,
    unit: 'ms a file',
    peer: 'the first five files of 500 items',
    peerValue: first * 1_000,
    ratio: first / value,
    goal: '<= 1.3 times',
    ok: value / first <= 1.3,
    n: files * perFile,
    rounds: 1,
    points,
    axes: ['items in the chart', 'seconds since the first'],
  });
}

async function timedImport(
  { person }: Member,
  file: FileInput,
): Promise<{ readonly items: number; readonly seconds: number }> {
  const begun = performance.now();
  const { items } = await person.addFile(file);
  return { items: items.length, seconds: (performance.now() - begun) / 1_000 };
}

function synthea(round: number): FileInput {
  const names = readdirSync(examples).filter((it) => it.endsWith('.json'));
  const name = names.sort()[round % names.length] ?? '';
  return fileOf(name, new Uint8Array(readFileSync(join(examples, name))));
}

function observations(from: number, count: number): FileInput {
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      resourceType: 'Observation',
      id: `o${from + i}`,
      status: 'final',
      category: [{ coding: [{ code: 'vital-signs' }] }],
      code: { text: 'Heart rate' },
      effectiveDateTime: '2026-01-01T08:00:00Z',
      valueQuantity: { value: 50 + ((from + i) % 70), unit: '/min' },
    }),
  );
  return fileOf(`vitals-${from}.ndjson`, utf8(`${lines.join('\n')}\n`));
}

/** Files a second: as many as the chart has items, each as long as its sealed body and row. */
async function plainFiles({ person }: Member): Promise<number> {
  const rowBytes = 512;
  const lengths = (await person.listRecords()).map((it) => sealedLength(it.paddedSize) + rowBytes);
  const bytes = new Uint8Array(randomBytes(Math.max(...lengths)));
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-files-'));
  try {
    const begun = performance.now();
    for (const [i, length] of lengths.entries()) {
      const file = await open(join(folder, `${i}`), 'w');
      await file.write(bytes.subarray(0, length));
      await file.sync();
      await file.close();
    }
    return lengths.length / ((performance.now() - begun) / 1_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
