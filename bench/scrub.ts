import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../src/crypto/hash.ts';
import { scrubBlobs } from '../src/server/maintenance/scrub/blobs.ts';
import { isFlaw } from '../src/server/maintenance/scrub/flaw.ts';
import { cpuOfProcess, Pace } from '../src/server/maintenance/scrub/pace.ts';
import { openFileBlobStore } from '../src/storage/file/file-blob-store.ts';
import { median, type Report } from './figures.ts';

const mib = 1024 ** 2;
const gib = 1024 ** 3;
const wantedGiB = 8;
const rounds = 3;
const smallBlobs = 20_000;
const smallBytes = 4 * 1024;
const share = 0.05;

/**
 * `scrub`: all bodies of a hospital read and hashed, beside what the disk reads and what one core hashes alone, by turns and
 * with the files thrown out of the system's cache before each (`dd` with `oflag=nocache`). 8 GiB in files of 1 GiB, or as much
 * as the disk has room for twice: then the figure is of that much. Small blobs are rows of SQLite: how many a second.
 */
export async function benchScrub(report: Report): Promise<void> {
  const folder = mkdtempSync(
    join(process.env.SALUS_BENCH_FOLDER ?? tmpdir(), 'salus-bench-scrub-'),
  );
  try {
    await large(report, folder);
    await small(report, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function large(report: Report, parent: string): Promise<void> {
  const { bavail, bsize } = statfsSync(parent);
  const files = Math.max(1, Math.min(wantedGiB, Math.floor((bavail * bsize) / gib / 2)));
  const folder = join(parent, 'large');
  await fill(folder, files);
  const bytes = files * gib;
  const rates: Record<'scrub' | 'disk' | 'hash', number[]> = { scrub: [], disk: [], hash: [] };
  for (let round = 0; round < rounds; round++) {
    rates.scrub.push(await rateOf(bytes, folder, () => scrubAll(folder)));
    rates.disk.push(await rateOf(bytes, folder, () => readAll(folder)));
    rates.hash.push(await rateOf(gib, folder, async () => hashAll(gib)));
  }
  const [scrub, disk, hash] = [median(rates.scrub), median(rates.disk), median(rates.hash)];
  const least = Math.min(disk, hash);
  report({
    ...{ bench: 'scrub', figure: `scrub-${files}gib`, value: scrub / mib, unit: 'MiB/s' },
    peer: `the lesser of disk ${Math.round(disk / mib)} and SHA-256 of one core ${Math.round(hash / mib)}`,
    ...{ peerValue: least / mib, ratio: scrub / least, goal: '>= 0.7', ok: scrub / least >= 0.7 },
    ...{ n: files, rounds },
  });
  await background(report, folder);
}

/**
 * A twentieth of a core for some seconds, how long it would take for a whole disk, extrapolated from this rate, and the longest
 * that it worked without a rest, of processor time.
 */
async function background(report: Report, folder: string): Promise<void> {
  const stopping = new AbortController();
  const pace = new Pace(share, stopping.signal);
  const cpuMs = cpuOfProcess();
  const startedMs = performance.now();
  let bytes = 0;
  let longestMs = 0;
  let restedMs = cpuMs;
  const rest = async (read: number) => {
    bytes += read;
    longestMs = Math.max(longestMs, cpuOfProcess() - restedMs);
    await pace.rest();
    restedMs = cpuOfProcess();
    // After a rest: what was done last is paid for.
    if (performance.now() - startedMs > 20_000) stopping.abort();
  };
  try {
    await scrubAll(folder, { rest, signal: stopping.signal });
  } catch {
    // It was told to stop.
  }
  const tookMs = performance.now() - startedMs;
  const used = (cpuOfProcess() - cpuMs) / tookMs;
  const days = (8 * 1024 * gib) / (bytes / (tookMs / 1_000)) / 86_400;
  const base = { bench: 'scrub', n: 1, rounds: 1 };
  report({
    ...{ ...base, figure: 'background-share', value: used, unit: 'of a core' },
    ...{
      peer: 'allowed',
      peerValue: share,
      ratio: share / used,
      goal: '<= 0.05',
      ok: used <= 0.05,
    },
  });
  report({
    ...{ ...base, figure: 'background-days-8tib', value: days, unit: 'days, extrapolated' },
    ...{ peer: 'none', peerValue: days, ratio: 1, goal: 'none', ok: true },
  });
  report({
    ...{ ...base, figure: 'background-longest-step', value: longestMs, unit: 'ms of a core' },
    ...{ peer: 'none', peerValue: longestMs, ratio: 1, goal: 'none', ok: true },
  });
}

async function small(report: Report, parent: string): Promise<void> {
  const folder = join(parent, 'small');
  const store = openFileBlobStore({ folder, now: Date.now });
  for (let at = 0; at < smallBlobs; at += 500) {
    const puts = Array.from({ length: 500 }, (_, i) =>
      store.put(noise(smallBytes, at + i), { owner: 'bench' }),
    );
    await Promise.all(puts);
  }
  await store.close();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    await scrubAll(folder);
    times.push((smallBlobs * 1_000) / (performance.now() - startedMs));
  }
  const value = median(times);
  report({
    ...{ bench: 'scrub', figure: 'scrub-rows-4kib', value, unit: 'blobs/s' },
    ...{ peer: 'none', peerValue: value, ratio: 1, goal: 'none', ok: true, n: smallBlobs, rounds },
  });
}

/** Bytes that no disk makes fewer of. */
function noise(length: number, seed: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer);
}

async function fill(folder: string, files: number): Promise<void> {
  const store = openFileBlobStore({ folder, now: Date.now });
  const block = noise(64 * mib, 7);
  for (let file = 0; file < files; file++) {
    const pieces = async function* () {
      for (let at = 0; at < gib; at += block.length) {
        const piece = block.slice();
        new DataView(piece.buffer).setUint32(0, file * 64 + at / block.length);
        yield piece;
      }
    };
    await store.put(pieces(), { owner: 'bench' });
  }
  await store.close();
}

const filesIn = (folder: string): string[] =>
  readdirSync(join(folder, 'files')).map((it) => join(folder, 'files', it));

/** Bytes a second, of what is not in the system's cache. */
async function rateOf(bytes: number, folder: string, work: () => Promise<void>): Promise<number> {
  for (const path of filesIn(folder)) {
    execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
      stdio: 'ignore',
    });
  }
  const startedMs = performance.now();
  await work();
  return (bytes * 1_000) / (performance.now() - startedMs);
}

async function scrubAll(
  folder: string,
  options: Pick<Parameters<typeof scrubBlobs>[0], 'rest' | 'signal'> = {},
): Promise<void> {
  for await (const it of scrubBlobs({ folder, hospital: 'bench', store: 'blobs', ...options })) {
    if (isFlaw(it)) throw new Error(`flaw ${it.row} ${it.bound}`);
  }
}

async function readAll(folder: string): Promise<void> {
  const buffer = new Uint8Array(mib);
  for (const path of filesIn(folder)) {
    const file = await open(path, 'r');
    for (let at = 0; (await file.read(buffer, 0, mib, at)).bytesRead > 0; at += mib);
    await file.close();
  }
}

function hashAll(bytes: number): void {
  const buffer = noise(mib, 3);
  for (let at = 0; at < bytes; at += mib) sha256(buffer);
}
